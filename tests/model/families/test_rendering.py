"""One rendering: the ids of the tokenizer's own chat, labels that are what was said, and nothing injected."""

import pickle
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from vf_ray.model.encoded import IGNORE, ImageSize, TooLongError
from vf_ray.model.families.rendering import SAID, ChatEncoder
from vf_ray.types import IMAGE_MARK

SPECIAL = ("<|im_start|>", "<|im_end|>", "<image>", "<row>", "</s>", "<s>")
PARTS = (
    "{% for p in m.content %}{% if p.type == 'image' %}{{ '<image>' }}{% else %}{{ p.text }}{% endif %}"
    "{% endfor %}"
)
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}" + PARTS + "{{ '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""As Qwen's, without its system message."""
LLAMA = (
    "{% for m in messages %}{% if m.role == 'user' %}{{ 'USER: ' }}" + PARTS
    + "{% else %}{{ ' ASSISTANT: ' }}" + PARTS + "{{ '</s>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ ' ASSISTANT:' }}{% endif %}"
)  # fmt: skip
HARMLESS = ["What is it?", "two red dogs", " blanks ", "\n\nlines\n", "é 雪 🙂"]
PIECES = [*"ab <|/>\n", *SPECIAL, *HARMLESS, "a </s> <image>", "<|im_start|>user"]
WORDS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join)


@dataclass(frozen=True, kw_only=True)
class Tiled(ChatEncoder):
    """Shows an image as rows of four tokens."""

    def expanded(self, size: ImageSize, images: int) -> str:
        return "\n".join(["<row>" + "<image>" * 4] * (size[1] // 10))


def _bytes() -> Any:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        HARMLESS * 3, trainers.BpeTrainer(vocab_size=320, initial_alphabet=alphabet, show_progress=False)
    )
    return _chatty(tokenizer, CHATML)


def _blanks() -> Any:
    letters = "abcdegiorstwUSERAINT:"
    tokens = dict.fromkeys(
        ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", *letters, "▁r", "▁ro"]
    )
    vocabulary = {token: number for number, token in enumerate(tokens)}
    merges = [("▁", "r"), ("▁r", "o")]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    return _chatty(tokenizer, LLAMA)


def _chatty(tokenizer: Tokenizer, template: str) -> Any:
    tokenizer.add_special_tokens([AddedToken(text, normalized=False, special=True) for text in SPECIAL])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="</s>", bos_token="<s>", chat_template=template,
        clean_up_tokenization_spaces=False,
    )  # fmt: skip


ENCODERS = [
    Tiled(theirs=theirs, images=None, image="<image>", marker="<image>", max_length=9999)  # type: ignore[arg-type]
    for theirs in (_bytes(), _blanks())
]
EACH = pytest.mark.parametrize("encoder", ENCODERS, ids=["bytes", "blanks"])


def theirs(encoder: ChatEncoder, texts: list[str], shown: str = "") -> list[int]:
    """Return the ids of the tokenizer's own chat, of which the first message shows something."""
    roles = ("user", "assistant")
    messages = [
        {"role": roles[turn % 2], "content": [{"type": "text", "text": shown * (not turn) + text}]}
        for turn, text in enumerate(texts)
    ]
    asks = len(texts) % 2 == 1
    rendered = encoder.theirs.apply_chat_template(messages, tokenize=False, add_generation_prompt=asks)
    encoder.tokenizer.encode_special_tokens = False
    return list(encoder.theirs(rendered, add_special_tokens=False)["input_ids"])


@EACH
@pytest.mark.parametrize("turns", [1, 2, 3, 4])
def test_ids_are_the_tokenizers_own(encoder: Tiled, turns: int) -> None:
    for start in range(len(HARMLESS)):
        texts = [HARMLESS[(start + turn) % len(HARMLESS)] for turn in range(turns)]
        for images in ([], [(10, 20)]):
            if turns % 2 and turns > 1:
                continue  # a question has no turns before it
            encoded = (
                encoder.question(texts[0], images=images)
                if turns == 1
                else encoder.encode(texts[0], texts[1], texts[2:], images=images)
            )
            shown = "".join(encoder.expanded(size, 1) for size in images)
            assert encoded.ids == theirs(encoder, texts, shown)
            assert encoded.image_tokens == 8 * len(images)


@EACH
@given(st.lists(WORDS, min_size=2, max_size=6).filter(lambda texts: len(texts) % 2 == 0))
def test_labels_are_what_was_answered_and_nothing_is_injected(encoder: Tiled, texts: list[str]) -> None:
    encoded = encoder.encode(texts[0], texts[1], texts[2:], images=[(10, 10)])
    specials = {encoder.theirs.convert_tokens_to_ids(text) for text in SPECIAL}
    plain = encoder.encode("a", "a", ["a"] * (len(texts) - 2), images=[(10, 10)])
    assert [i for i in encoded.ids if i in specials] == [i for i in plain.ids if i in specials]
    ends = [label for label in encoded.labels if label in specials]
    assert len(ends) == len(texts) // 2 and len({*ends}) == 1
    answers: list[list[int]] = [[]]
    for label in encoded.labels:
        if label in specials:
            answers.append([])
        elif label != IGNORE:
            answers[-1].append(label)
    said = [encoder.tokenizer.decode(answer) for answer in answers[:-1]]
    for text, answer in zip(said, texts[1::2], strict=True):
        assert text.removesuffix(answer).strip() == ""  # a blank of the template may be one token with it


@EACH
def test_images_stand_where_texts_name_them(encoder: Tiled) -> None:
    row = encoder.theirs.convert_tokens_to_ids("<row>")
    sizes = [(10, 10), (10, 20), (10, 30)]
    encoded = encoder.encode(f"a{IMAGE_MARK}b{IMAGE_MARK}", "c", images=sizes)
    assert encoded.ids.count(row) == 6 and encoded.prefix_len == 0  # a text stands between them
    assert encoder.tokenizer.decode(encoded.ids, skip_special_tokens=False).index("<row>") < 40
    first = encoder.encode("a", "c", images=sizes)
    assert encoder.encode(f"a{IMAGE_MARK}", "c", images=sizes[:1]).prefix_len == 0
    assert first.ids[: first.prefix_len].count(encoder.image_id) == first.image_tokens == 24
    other = encoder.encode("b", "cc", ("d", "e"), images=sizes)
    assert other.ids[: first.prefix_len] == first.ids[: first.prefix_len]
    with pytest.raises(ValueError, match="names 2 images and shows 1"):
        encoder.encode(IMAGE_MARK * 2, "c", images=[(10, 10)])
    with pytest.raises(ValueError, match="noncharacter"):
        encoder.encode(f"a{SAID}", "c", images=[])


@EACH
def test_what_is_too_long_is_refused_or_cut_behind_its_images(encoder: Tiled) -> None:
    whole = encoder.encode("a", "two red dogs", images=[(10, 20)])
    short = replace(encoder, max_length=len(whole.ids) - 2)
    with pytest.raises(TooLongError, match="8 of them its images'"):
        short.encode("a", "two red dogs", images=[(10, 20)])
    cut = replace(short, too_long="cut").encode("a", "two red dogs", images=[(10, 20)])
    assert (cut.ids, cut.labels, cut.cut) == (whole.ids[:-2], whole.labels[:-2], 2)
    with pytest.raises(TooLongError):
        replace(encoder, max_length=whole.prefix_len - 1, too_long="cut").encode("a", "b", images=[(10, 20)])
    with pytest.raises(ValueError, match="empty"):
        encoder.encode("a", "", images=[])


@EACH
def test_it_travels_to_other_processes(encoder: Tiled) -> None:
    again = pickle.loads(pickle.dumps(encoder))
    assert again.encode("a", "</s>b", images=[]) == encoder.encode("a", "</s>b", images=[])
