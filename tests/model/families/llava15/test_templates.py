"""LLaVA's other templates, against an independent account of what it trains with them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.model.families.llava15.llama_style import llama_style
from tests.model.families.llava15.test_conversation import (
    FURTHER,
    LLAVA_IMAGE,
    SAMPLES,
    encoder_of,
    llava_ids,
    shrunk,
)
from tests.model.one_image import ONE
from vf_ray.model.families._llava15.conversation import IGNORE
from vf_ray.model.families._llava15.template import TEMPLATES


def llama_2_sample(
    tokenizer: Any, asked: str, response: str, further: Sequence[str]
) -> tuple[list[int], list[int]]:
    """Mask as LLaVA's llama_2 preprocessing counts, for its version of Llama 2's template."""
    system = (
        "You are a helpful language and vision assistant. You are able to understand the visual content "
        "that the user provides, and assist the user with a variety of tasks using natural language."
    )
    questions = [f"<<SYS>>\n{system}\n<</SYS>>\n\n{asked}", *further[::2]]
    turns = zip(questions, (response, *further[1::2]), strict=True)
    text = "<s>".join(f"[INST] {question} [/INST] {answer} </s>" for question, answer in turns)
    ids = llava_ids(tokenizer, text)
    labels, used = [IGNORE, *ids[1:]], 1
    for turn in (turn for turn in text.split("</s>") if turn):
        parts = turn.split("[/INST] ")
        if len(parts) != 2:
            break
        asking = len(llava_ids(tokenizer, parts[0] + "[/INST] ")) - 2
        labels[used : used + asking] = [IGNORE] * asking
        used += len(llava_ids(tokenizer, turn))
    if used != len([i for i in ids if i != tokenizer.pad_token_id]):
        return ids, [IGNORE] * len(ids)
    return ids, labels


@pytest.mark.parametrize("prepend", ["first", "always"])
@pytest.mark.parametrize("further", [(), *FURTHER])
@pytest.mark.parametrize("prompt, response", SAMPLES)
@pytest.mark.parametrize("image", [True, False])
def test_llama_2_ids_and_labels_equal_llavas(
    prompt: str, response: str, further: tuple[str, ...], prepend: str, image: bool
) -> None:
    theirs = llama_style(prepend)
    encoder = replace(encoder_of(theirs, "llava_llama_2"), max_length=2048)
    encoded = encoder.encode(prompt, response, further, images=ONE * image)
    encoder.tokenizer.encode_special_tokens = False  # it is theirs too
    asked = f"<image>\n{prompt.strip()}" if image else prompt
    ids, labels = llama_2_sample(theirs, asked, response, further)
    assert labels.count(encoder.end_id) == 1 + len(further) // 2, "LLaVA itself would not train this one"
    ours = encoded.ids, encoded.labels
    assert (shrunk(*ours, encoder.image_id) if image else ours) == (ids, labels)


def test_llama_2s_own_system_message_is_metas() -> None:
    ours, metas = (TEMPLATES[name].before for name in ("llava_llama_2", "llama_2"))
    assert ours.startswith("[INST] <<SYS>>\nYou are a helpful language and vision assistant. ")
    assert metas.startswith("[INST] <<SYS>>\nYou are a helpful, respectful and honest assistant. Always ")
    assert metas.endswith("please don't share false information.\n<</SYS>>\n\n")


@pytest.mark.parametrize("prepend", ["first", "always"])
@pytest.mark.parametrize("_, caption", SAMPLES)
def test_plain_ids_and_labels_equal_llavas(_: str, caption: str, prepend: str) -> None:
    """LLaVA's plain preprocessing: the picture, the caption and a line's end; all but the picture trained."""
    theirs = llama_style(prepend)
    encoder = encoder_of(theirs, "plain")
    encoded = encoder.encode("Describe it, please.", caption, images=ONE)
    encoder.tokenizer.encode_special_tokens = False  # it is theirs too
    said = theirs(f"{caption}\n", add_special_tokens=False)["input_ids"]
    found = shrunk(encoded.ids, encoded.labels, encoder.image_id)
    assert found == ([1, LLAVA_IMAGE, *said], [IGNORE, IGNORE, *said])


def test_plain_trains_any_caption_whole() -> None:
    encoder = encoder_of(llama_style(), "plain")
    labels = encoder.encode("", "a </s> in <image>", images=ONE).labels
    assert encoder.decode([label for label in labels if label != IGNORE]) == "a </s> in <image>\n"


def test_plain_has_no_form_for_a_dialogue() -> None:
    with pytest.raises(ValueError, match="4 turns have no form where an answer alone follows the picture"):
        encoder_of(llama_style(), "plain").encode("Describe it.", "A dog.", ("Sure?", "yes"), images=ONE)
    with pytest.raises(ValueError, match="shows no picture, and a caption needs one"):
        encoder_of(llama_style(), "plain").encode("Describe it.", "A dog.", images=[])
