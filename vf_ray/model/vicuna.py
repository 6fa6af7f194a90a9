"""How Vicuna is spoken to, letter for letter; a model whose folder has no chat template is taken for one."""

SYSTEM = (
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
)
