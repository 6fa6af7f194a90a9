"""Ids and labels against an independent account of what LLaVA-1.5 trains, and beyond what it can train."""

import pickle
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from tests.model.families.llava15.llama_style import CORPUS, llama_style
from tests.model.one_image import ONE
from vf_ray.model.families._llava15.conversation import IGNORE, TURN, LlavaEncoder, TooLongError
from vf_ray.model.families._llava15.pixels import Pixels
from vf_ray.model.families._llava15.template import TEMPLATES

IMAGE_TOKENS, LLAVA_IMAGE = 4, -200
SAMPLES = [
    ("What digit is shown?", "(b) seven"),
    ("Describe the picture.", "It shows a large red square.\nTwo small ones are on the left."),
    ("Is the number odd?\nOptions: (a) yes (b) no", "(a) yes"),
    ("  blanks around  ", "kept  inside  and at the end "),
    ("Name it.", " starts with a blank"),
    ("Name it.", "\nstarts on a new line"),
    ("Wie heißt das? 図は何?", "Ein rotes Quadrat 🙂"),
    ("USER: who speaks? ASSISTANT", "nobody: ASSISTANT or USER"),
]


@pytest.fixture(scope="module")
def theirs() -> PreTrainedTokenizerFast:
    return llama_style()


@pytest.fixture(scope="module")
def ours() -> LlavaEncoder:
    return encoder_of(llama_style())


def encoder_of(made: PreTrainedTokenizerFast, template: str = "vicuna_v1") -> LlavaEncoder:
    return LlavaEncoder(
        tokenizer=made.backend_tokenizer, template=TEMPLATES[template], images=Pixels(size=8),
        tokens_per_image=IMAGE_TOKENS, max_length=256,
        begin=(1,), end_id=2, image_id=made.convert_tokens_to_ids("<image>"), pad_id=0,
    )  # fmt: skip


def llava_ids(tokenizer: Any, text: str) -> list[int]:
    """Tokenise around ``<image>`` piece by piece, one start token in all."""
    first, *rest = [tokenizer(piece)["input_ids"] for piece in text.split("<image>")]
    return first + [i for piece in rest for i in [LLAVA_IMAGE, *piece[1:]]]


def llava_sample(
    tokenizer: Any, prompt: str, response: str, further: Sequence[str] = (), legacy: bool = False
) -> tuple[list[int], list[int]]:
    """Mask as LLaVA's v1 preprocessing counts: rounds, then lengths of re-tokenised parts.

    Where the tokenizer is not legacy, it takes one off for each later round, which by itself starts
    with a blank more than in the conversation.
    """
    user = ("<image>\n" + prompt.strip()).strip()
    text = f"{CORPUS[0].split(' USER')[0]} USER: {user} ASSISTANT: {response}</s>"
    return llava_masked(tokenizer, text, further, legacy)


def llava_masked(
    tokenizer: Any, text: str, further: Sequence[str], legacy: bool
) -> tuple[list[int], list[int]]:
    """Do so with the first turn as text, which may show nothing; it then has no ``<image>`` to part it."""
    text += "".join(f"USER: {q} ASSISTANT: {a}</s>" for q, a in zip(further[::2], further[1::2], strict=True))
    ids = llava_ids(tokenizer, text)
    labels, used = [IGNORE, *ids[1:]], 1
    for number, turn in enumerate(turn for turn in text.split("</s>") if turn):
        parts = turn.split(" ASSISTANT: ")
        if len(parts) != 2:
            break
        more = 1 if number and not legacy else 0
        asked = len(llava_ids(tokenizer, parts[0] + " ASSISTANT: ")) - 2 - more
        labels[used : used + asked] = [IGNORE] * asked
        used += len(llava_ids(tokenizer, turn)) - more
    if used != len([i for i in ids if i != tokenizer.pad_token_id]):
        return ids, [IGNORE] * len(ids)
    return ids, labels


def shrunk(ids: list[int], labels: list[int], image_id: int) -> tuple[list[int], list[int]]:
    """Turn our run of picture tokens into LLaVA's single placeholder."""
    at = ids.index(image_id)
    assert ids[at : at + IMAGE_TOKENS] == [image_id] * IMAGE_TOKENS and ids.count(image_id) == IMAGE_TOKENS
    end = at + IMAGE_TOKENS
    return [*ids[:at], LLAVA_IMAGE, *ids[end:]], [*labels[:at], IGNORE, *labels[end:]]


@pytest.mark.parametrize("prompt, response", SAMPLES)
def test_ids_and_labels_equal_llavas(prompt: str, response: str, ours: LlavaEncoder, theirs: Any) -> None:
    encoded = ours.encode(prompt, response, images=ONE)
    ids, labels = llava_sample(theirs, prompt, response)
    assert any(label != IGNORE for label in labels), "LLaVA itself would not train this one"
    assert shrunk(encoded.ids, encoded.labels, ours.image_id) == (ids, labels)


FURTHER = [
    ("Why?", "It looks like a seven."),
    ("And  the other? ", " a three", "Are you sure?\nSay yes or no.", "yes\n"),
    ("図は何?", "🙂", "", "no question at all", "USER speaks", "nobody: USER"),
]


@pytest.mark.parametrize("prepend", ["first", "always"])
@pytest.mark.parametrize("further", FURTHER)
@pytest.mark.parametrize("prompt, response", SAMPLES[:3])
def test_ids_and_labels_of_several_turns_equal_llavas(
    prompt: str, response: str, further: tuple[str, ...], prepend: str
) -> None:
    theirs = llama_style(prepend)
    encoder = encoder_of(theirs)
    encoded = encoder.encode(prompt, response, further, images=ONE)
    encoder.tokenizer.encode_special_tokens = False  # it is theirs too
    ids, labels = llava_sample(theirs, prompt, response, further, legacy=prepend == "always")
    assert labels.count(encoder.end_id) == 1 + len(further) // 2, "LLaVA itself would not train this one"
    assert shrunk(encoded.ids, encoded.labels, encoder.image_id) == (ids, labels)


SILENT = [*SAMPLES, ("", "A text."), ("\nA line first", "yes"), (" two  blanks ", "no\n")]


@pytest.mark.parametrize("prepend", ["first", "always"])
@pytest.mark.parametrize("further", [(), *FURTHER])
@pytest.mark.parametrize("prompt, response", SILENT)
def test_what_shows_nothing_is_read_and_trained_as_llava_does(
    prompt: str, response: str, further: tuple[str, ...], prepend: str
) -> None:
    theirs = llama_style(prepend)
    encoder = encoder_of(theirs)
    encoded = encoder.encode(prompt, response, further, images=[])
    encoder.tokenizer.encode_special_tokens = False  # it is theirs too
    user = f"{CORPUS[0].split(' USER')[0]} USER: {prompt} ASSISTANT: {response}</s>"
    ids, labels = llava_masked(theirs, user, further, legacy=prepend == "always")
    assert labels.count(encoder.end_id) == 1 + len(further) // 2, "LLaVA itself would not train this one"
    assert (encoded.ids, encoded.labels) == (ids, labels)


HARD = [
    ("What does </s> mean?", "It ends </s> a text"),
    ("Say ASSISTANT: twice ASSISTANT: please", "ASSISTANT: ASSISTANT: "),
    ("A <unk> and an <image>", "<unk>, <s> and <image>"),
]


@pytest.mark.parametrize("prompt, response", HARD)
def test_what_llava_masks_in_silence_is_trained(
    prompt: str, response: str, ours: LlavaEncoder, theirs: Any
) -> None:
    assert set(llava_sample(theirs, prompt, response)[1]) <= {IGNORE, LLAVA_IMAGE}
    encoded = ours.encode(prompt, response, images=ONE)
    trained = [label for label in encoded.labels if label != IGNORE]
    assert trained[-1] == ours.end_id and trained.count(ours.end_id) == 1
    assert ours.decode(trained[:-1]) == response
    assert encoded.ids.count(ours.image_id) == IMAGE_TOKENS
    assert encoded.ids.count(1) == 1


TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="▁"), min_size=1, max_size=40)


@settings(max_examples=200)
@given(prompt=TEXTS, response=TEXTS)
def test_any_text_is_trained_whole_and_nothing_else(ours: LlavaEncoder, prompt: str, response: str) -> None:
    encoder = replace(ours, max_length=4096)
    encoded = encoder.encode(prompt, response, images=ONE)
    trained = [label for label in encoded.labels if label != IGNORE]
    assert encoder.decode(trained) == response
    split = len(encoded.ids) - len(trained)
    assert encoded.labels == [IGNORE] * split + encoded.ids[split:]
    assert encoded.ids[:split] == encoder.prompt_ids(prompt.strip())


@settings(max_examples=100)
@given(said=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4))
def test_every_answer_is_trained_whole_and_nothing_else(
    ours: LlavaEncoder, said: list[tuple[str, str]]
) -> None:
    encoder = replace(ours, max_length=4096)
    (prompt, response), *later = said
    further = [text for pair in later for text in pair]
    encoded = encoder.encode(prompt, response, further, images=ONE)
    trained = [label for label in encoded.labels if label != IGNORE]
    assert trained[-1] == encoder.end_id
    answers = [list(run) for end, run in groupby(trained, lambda token: token == encoder.end_id) if not end]
    assert list(map(encoder.decode, answers)) == [answer for _, answer in said]
    first = encoder.encode(prompt, response, images=ONE)
    assert (encoded.ids[: len(first.ids)], encoded.labels[: len(first.ids)]) == (first.ids, first.labels)
    assert all(label in (IGNORE, token) for token, label in zip(encoded.ids, encoded.labels, strict=True))


@pytest.mark.parametrize("most", [90, 100, 110, 125])
@pytest.mark.parametrize("image", [True, False])
def test_what_is_too_long_is_cut_as_in_llava(theirs: Any, most: int, image: bool) -> None:
    """LLaVA cuts the text, and once more when the picture's tokens are in it."""
    encoder = replace(encoder_of(llama_style()), max_length=most, too_long="cut")
    prompt, response, further = "Describe the picture.", SAMPLES[1][1], FURTHER[1]
    if image:
        ids, labels = llava_sample(theirs, prompt, response, further)
        at = ids.index(LLAVA_IMAGE)
        ids = [*ids[:at], *[encoder.image_id] * IMAGE_TOKENS, *ids[at + 1 :]]
        labels = [*labels[:at], *[IGNORE] * IMAGE_TOKENS, *labels[at + 1 :]]
    else:
        text = f"{CORPUS[0].split(' USER')[0]} USER: {prompt} ASSISTANT: {response}</s>"
        ids, labels = llava_masked(theirs, text, further, legacy=False)
    found = encoder.encode(prompt, response, further, images=ONE * image)
    assert (found.ids, found.labels) == (ids[:most], labels[:most])
    assert found.cut == len(ids) - most > 0


def test_a_cut_that_leaves_no_answer_is_a_reject_by_name() -> None:
    encoder = replace(encoder_of(llama_style()), max_length=60, too_long="cut")
    with pytest.raises(TooLongError, match="at most 60 fit"):
        encoder.encode("why? " * 50, "because", images=ONE)
    assert encoder.encode("why?", "so", images=ONE).cut == 0


def test_too_long_and_empty_are_refused_by_name(ours: LlavaEncoder) -> None:
    with pytest.raises(TooLongError, match="at most 256"):
        ours.encode("why? " * 200, "because", images=ONE)
    with pytest.raises(TooLongError, match="at most 256"):
        ours.prompt_ids("why? " * 200)
    for answers in (("",), ("so", ("sure?", ""))):
        with pytest.raises(ValueError, match="empty"):
            ours.encode("why?", *answers, images=ONE)
    with pytest.raises(ValueError, match="keeps for itself"):
        ours.encode("why?", "so", (TURN, "yes"), images=ONE)


def test_it_travels_to_other_processes(ours: LlavaEncoder) -> None:
    prompt, response = HARD[0]
    encoded = pickle.loads(pickle.dumps(ours)).encode(prompt, response, images=ONE)
    assert encoded == ours.encode(prompt, response, images=ONE)
