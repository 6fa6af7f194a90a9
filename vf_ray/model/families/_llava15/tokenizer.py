"""Tokenizers: trained on a project's own texts, or adopted with a language model.

Both end as Llama-shaped: a blank in front of every piece of text between special tokens, which is
what LLaVA's piecewise tokenising around ``<image>`` amounts to. So the saved processor gives the
ids that training used.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from vf_ray.errors import UserError, extra
from vf_ray.model.families._llava15 import chat
from vf_ray.model.families._llava15.template import IMAGE, Template
from vf_ray.model.tensors import readable

UNKNOWN, START, END, PAD = "<unk>", "<s>", "</s>", "<pad>"
BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))
FEWEST = 320
"""Tokens of the smallest vocabulary: special ones, one per byte, and a few dozen learned."""
FILES = ("tokenizer.json", "tokenizer.model", "vocab.json")
"""Of which a tokenizer's folder has one at least."""
SMALL = 8192
"""Vocabularies up to this size have the system sentence as one token: tiny models read short prompts."""


def train_tokenizer(texts: Iterable[str], vocabulary: int, template: Template) -> Any:
    """Train a byte-pair tokenizer of exactly or at most ``vocabulary`` tokens; equal texts give equal ones.

    Texts come back from their ids, but as with Llama a first blank is lost and U+2581 becomes a blank.

    Raises:
        ValueError: if the vocabulary is too small to hold every byte.
    """
    if vocabulary < FEWEST:
        raise UserError(
            f"base.vocabulary is {vocabulary}; at least {FEWEST}, for every byte has its own token"
        )
    whole = (template.system,) if vocabulary <= SMALL else ()
    room = vocabulary - len((UNKNOWN, START, END, *BYTES, PAD, IMAGE, *whole))
    words, merges = _learn(_with_template(texts, template.before, whole), room)
    tokenizer = Tokenizer(
        models.BPE(
            {word: i for i, word in enumerate((UNKNOWN, START, END, *BYTES, *words))}, merges,
            unk_token=UNKNOWN, byte_fallback=True, fuse_unk=True,
        )
    )  # fmt: skip
    tokenizer.pre_tokenizer = _pieces()
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens([UNKNOWN, START, END, PAD, IMAGE])
    tokenizer.add_tokens([AddedToken(text, special=False, normalized=False) for text in whole])
    return _wrapped(tokenizer)


def adopt_tokenizer(folder: Path, gguf_file: str | None = None) -> tuple[Any, bool]:
    """Load a language model's tokenizer, and tell whether the model's texts begin with its start token.

    It is given ``<image>``, and a padding token where it has none. It adds no start token, and a blank after
    each special token, as LLaVA-1.5, which tokenises by piece, has one after the picture.

    Raises:
        ValueError: if the folder holds no tokenizer.
    """
    from transformers import AutoTokenizer

    if not (gguf_file or any((folder / name).is_file() for name in FILES)):
        raise UserError(f"{folder} holds no tokenizer: none of {', '.join(FILES)}")
    source = {"gguf_file": gguf_file} if gguf_file else {}
    with readable(f"the tokenizer in {folder}"):
        theirs = AutoTokenizer.from_pretrained(folder, local_files_only=True, **source)
    if gguf_file:
        theirs.add_special_tokens(_gguf_tokens(folder / gguf_file))
    # Padding with the end token would keep the embedding of the end from learning.
    missing = {"pad_token": PAD} if theirs.pad_token in (None, theirs.eos_token) else {}
    theirs.add_special_tokens(missing | {"additional_special_tokens": [AddedToken(IMAGE, normalized=False)]})
    return _settled(theirs), bool(start_of(theirs))


def start_of(tokenizer: Any) -> tuple[int, ...]:
    """Return the start token, if texts begin with it: the tokenizer adds it, or its chat template has it."""
    says = (tokenizer.chat_template or "").startswith(chat.START)
    adds = tokenizer.bos_token_id in tokenizer("")["input_ids"]
    return (tokenizer.bos_token_id,) if tokenizer.bos_token_id is not None and (says or adds) else ()


def _settled(theirs: Any) -> Any:
    """Return a tokenizer that is what its file says, whatever class and version read it."""
    data = json.loads(theirs.backend_tokenizer.to_str())
    data["pre_tokenizer"] = _always_blank(data["pre_tokenizer"])
    data["post_processor"] = _without_start(data["post_processor"])
    tokens = {f"{kind}_token": getattr(theirs, f"{kind}_token") for kind in ("unk", "bos", "eos", "pad")}
    return _wrapped(Tokenizer.from_str(json.dumps(data)), **tokens)


def _always_blank(step: Any) -> Any:
    """Let Metaspace put a blank before every piece of text between special tokens."""
    if step and step["type"] == "Sequence":
        return step | {"pretokenizers": [_always_blank(one) for one in step["pretokenizers"]]}
    return step | {"prepend_scheme": "always"} if step and step.get("prepend_scheme") == "first" else step


def _without_start(step: Any) -> Any:
    """Take out what adds special tokens."""
    if step and step["type"] == "Sequence":
        left = [one for one in map(_without_start, step["processors"]) if one]
        return step | {"processors": left} if left else None
    return None if step and step["type"] != "ByteLevel" else step


def _gguf_tokens(file: Path) -> dict[str, str]:
    """Return the start and end token that a GGUF file names; transformers 5.17 mixes them up."""
    with extra("gguf"):
        from gguf import GGUFReader

    fields = GGUFReader(file).fields
    words = fields["tokenizer.ggml.tokens"].contents()
    named = {kind: fields.get(f"tokenizer.ggml.{kind}_token_id") for kind in ("bos", "eos")}
    return {f"{kind}_token": words[field.contents()] for kind, field in named.items() if field}


def _pieces() -> pre_tokenizers.PreTokenizer:
    """Words with their blank; digits and sentence marks alone, so that no number or "red." is one token."""
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(prepend_scheme="always", split=True),
            pre_tokenizers.Split(Regex(r"[0-9.,:;?!\n]"), "isolated"),
        ]
    )


def _with_template(texts: Iterable[str], before: str, whole: tuple[str, ...]) -> Iterator[str]:
    """Yield the texts, and the template's words before the picture as often as there are texts."""
    for text in whole:
        before = before.replace(text, "")
    for text in texts:
        yield before
        yield text


def _learn(texts: Iterator[str], room: int) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the learned words, single characters first, and the merges that make them."""
    draft = Tokenizer(models.BPE())
    draft.pre_tokenizer = _pieces()
    # Rare characters are left to their bytes: at most half of the room goes to single ones.
    trainer = trainers.BpeTrainer(
        vocab_size=room, limit_alphabet=room // 2, initial_alphabet=list("0123456789"), show_progress=False
    )
    draft.train_from_iterator(texts, trainer)
    learned = json.loads(draft.to_str())["model"]
    merges = [tuple(pair) for pair in learned["merges"]]
    return sorted(learned["vocab"], key=learned["vocab"].__getitem__), merges


def _wrapped(tokenizer: Tokenizer, **tokens: str | None) -> Any:
    from transformers import PreTrainedTokenizerFast

    own = {"unk_token": UNKNOWN, "bos_token": START, "eos_token": END, "pad_token": PAD}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, additional_special_tokens=[IMAGE], padding_side="left",
        clean_up_tokenization_spaces=False, **own | tokens,
    )  # fmt: skip
