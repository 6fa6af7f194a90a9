"""A tokenizer shaped like Llama 2's, small enough to be trained in a test."""

import json

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

CORPUS = [
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, "
    "detailed, and polite answers to the user's questions. USER: ASSISTANT: ",
    "What digit is shown? Options: (a) three (b) seven\nIs the number odd? yes no",
    "Describe the picture. It shows a large red square on the left, and two small ones.",
]


def llama_style(prepend: str = "first") -> PreTrainedTokenizerFast:
    """Build a Llama-2 shaped tokenizer: Metaspace, a blank in front of the text only, byte fallback.

    ``prepend="always"`` is what transformers calls legacy: a blank after each special token too. As in
    Llama's vocabulary there is a token "USER" but none with a blank before it.
    """
    draft = Tokenizer(models.BPE())
    draft.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=True)
    draft.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=200, show_progress=False))
    learned = json.loads(draft.to_str())["model"]
    absent = [word for word in learned["vocab"] if word.startswith("▁U")]
    known = [word for word in learned["vocab"] if word not in absent] + ["SER", "USER"]
    words = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *dict.fromkeys(known)]
    merges = [tuple(pair) for pair in learned["merges"] if "".join(pair) not in absent]
    merges += [pair for pair in (("S", "ER"), ("U", "SER")) if pair not in merges]
    model = models.BPE(
        {word: i for i, word in enumerate(words)},
        merges,
        unk_token="<unk>",
        byte_fallback=True,
        fuse_unk=True,
    )
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=prepend, split=False)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A", special_tokens=[("<s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="<unk>",
        extra_special_tokens=["<image>"],
    )  # fmt: skip
