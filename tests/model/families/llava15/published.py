"""Miniatures of what others publish: a CLIP, a Vicuna, LLaVA's projector file and its original folder."""

import json
from pathlib import Path

import numpy as np
import torch
from tokenizers import pre_tokenizers
from transformers import CLIPConfig, CLIPModel, LlamaConfig, LlamaForCausalLM, LlamaTokenizer, set_seed

from tests.model.families.llava15.llama_style import llama_style

VISION_WIDTH, WIDTH = 16, 32


def write_clip(folder: Path) -> Path:
    """Write a whole CLIP, text tower included, for 8-pixel pictures in 4-pixel patches."""
    set_seed(1)
    sizes = {"intermediate_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2}
    config = CLIPConfig(
        vision_config={**sizes, "hidden_size": VISION_WIDTH, "image_size": 8, "patch_size": 4},
        text_config={**sizes, "hidden_size": 16, "vocab_size": 20, "max_position_embeddings": 8},
        projection_dim=16,
    )
    CLIPModel(config).save_pretrained(folder)
    return folder


def write_vicuna(folder: Path) -> Path:
    """Write a Llama with a Llama tokenizer that knows neither ``<image>`` nor padding."""
    set_seed(2)
    model = json.loads(llama_style().backend_tokenizer.to_str())["model"]
    merges = [tuple(pair) for pair in model["merges"]]
    tokenizer = LlamaTokenizer(vocab=model["vocab"], merges=merges, legacy=False)
    tokenizer.save_pretrained(folder)
    llama(len(tokenizer)).save_pretrained(folder)
    return folder


def llama(rows: int) -> LlamaForCausalLM:
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=rows, hidden_size=WIDTH, intermediate_size=48, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256,
        )
    )  # fmt: skip


def projector_weights() -> dict[str, torch.Tensor]:
    draw = torch.Generator().manual_seed(3)
    shapes = {
        "0.weight": (WIDTH, VISION_WIDTH),
        "0.bias": (WIDTH,),
        "2.weight": (WIDTH, WIDTH),
        "2.bias": (WIDTH,),
    }
    return {
        f"model.mm_projector.{name}": torch.randn(shape, generator=draw) for name, shape in shapes.items()
    }


def write_projector(file: Path) -> Path:
    torch.save(projector_weights(), file)
    return file


LLAVA_SETTINGS = {
    "architectures": ["LlavaLlamaForCausalLM"], "model_type": "llava_llama",
    "mm_projector_type": "mlp2x_gelu",
    "mm_vision_tower": "openai/clip-vit-large-patch14-336", "mm_vision_select_layer": -2,
    "mm_vision_select_feature": "patch", "mm_use_im_start_end": False, "mm_use_im_patch_token": False,
    "image_aspect_ratio": "pad", "tune_mm_mlp_adapter": False, "use_mm_proj": True,
}  # fmt: skip
"""What LLaVA-1.5's published configuration adds to its Llama's."""


def write_original_llava(folder: Path, tower: dict[str, torch.Tensor] | None = None) -> Path:
    """Turn a Vicuna into the folder LLaVA's authors publish: ``.bin`` shards, the projector in the last."""
    write_vicuna(folder)
    weights = LlamaForCausalLM.from_pretrained(folder).state_dict()
    (folder / "model.safetensors").unlink()
    own = projector_weights() | {f"model.vision_tower.vision_tower.{n}": w for n, w in (tower or {}).items()}
    shards = {"pytorch_model-00001-of-00002.bin": weights, "pytorch_model-00002-of-00002.bin": own}
    for name, held in shards.items():
        torch.save(held, folder / name)
    index = {"metadata": {}, "weight_map": {key: name for name, held in shards.items() for key in held}}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    change_settings(folder, LLAVA_SETTINGS)
    return folder


def change_settings(folder: Path, changes: dict[str, object]) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


def write_gguf(folder: Path) -> Path:
    """Write a Llama with a byte-level tokenizer as one GGUF file, as SmolLM2 ships."""
    from gguf import GGUFWriter

    folder.mkdir()
    words = ["<|text|>", "<|start|>", "<|end|>", *sorted(pre_tokenizers.ByteLevel.alphabet()), "Ġy", "es"]
    writer = GGUFWriter(folder / "small.gguf", "llama")
    writer.add_block_count(1)
    writer.add_context_length(256)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(48)
    writer.add_head_count(4)
    writer.add_head_count_kv(4)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(words))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(words)
    writer.add_token_types([3, 3, 3] + [1] * (len(words) - 3))
    writer.add_token_merges(["Ġ y", "e s"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(2)
    for name, shape in gguf_shapes(len(words)).items():
        writer.add_tensor(name, np.random.default_rng(4).normal(0, 0.02, shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return folder


def gguf_shapes(rows: int) -> dict[str, tuple[int, ...]]:
    square, wide = (WIDTH, WIDTH), (48, WIDTH)
    block = {"attn_q": square, "attn_k": square, "attn_v": square, "attn_output": square, "ffn_gate": wide}
    block |= {"ffn_up": wide, "ffn_down": (WIDTH, 48), "attn_norm": (WIDTH,), "ffn_norm": (WIDTH,)}
    return {
        "token_embd.weight": (rows, WIDTH),
        "output_norm.weight": (WIDTH,),
        **{f"blk.0.{name}.weight": shape for name, shape in block.items()},
    }
