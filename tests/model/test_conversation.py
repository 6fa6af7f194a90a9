"""Ids and labels against an independent account of what LLaVA-1.5 trains, and beyond what it can train."""

import json
import pickle
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from vf_ray.model.conversation import IGNORE, Encoder, TooLongError
from vf_ray.model.pixels import Pixels

IMAGE_TOKENS, LLAVA_IMAGE = 4, -200
CORPUS = [
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, "
    "detailed, and polite answers to the user's questions. USER: ASSISTANT: ",
    "What digit is shown? Options: (a) three (b) seven\nIs the number odd? yes no",
    "Describe the picture. It shows a large red square on the left, and two small ones.",
]
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


def llama_style() -> PreTrainedTokenizerFast:
    """Build a Llama-2 shaped tokenizer: Metaspace with a blank in front of the text only, byte fallback."""
    draft = Tokenizer(models.BPE())
    draft.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=True)
    draft.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=200, show_progress=False))
    learned = json.loads(draft.to_str())["model"]
    words = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *learned["vocab"]]
    merges = [tuple(pair) for pair in learned["merges"]]
    model = models.BPE(
        {word: i for i, word in enumerate(words)},
        merges,
        unk_token="<unk>",
        byte_fallback=True,
        fuse_unk=True,
    )
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A", special_tokens=[("<s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="<unk>",
        extra_special_tokens=["<image>"],
    )  # fmt: skip


@pytest.fixture(scope="module")
def theirs() -> PreTrainedTokenizerFast:
    return llama_style()


@pytest.fixture(scope="module")
def ours() -> Encoder:
    made = llama_style()
    return Encoder(
        tokenizer=made.backend_tokenizer, pictures=Pixels(size=8), image_tokens=IMAGE_TOKENS, max_length=256,
        begin=(1,), end_id=2, image_id=made.convert_tokens_to_ids("<image>"), pad_id=0,
    )  # fmt: skip


def llava_ids(tokenizer: Any, text: str) -> list[int]:
    """Tokenise around ``<image>`` piece by piece, one start token in all."""
    first, *rest = [tokenizer(piece)["input_ids"] for piece in text.split("<image>")]
    return first + [i for piece in rest for i in [LLAVA_IMAGE, *piece[1:]]]


def llava_sample(tokenizer: Any, prompt: str, response: str) -> tuple[list[int], list[int]]:
    """Mask one turn as LLaVA's v1 preprocessing counts it: rounds, then lengths of re-tokenised parts."""
    user = ("<image>\n" + prompt.strip()).strip()
    text = f"{CORPUS[0].split(' USER')[0]} USER: {user} ASSISTANT: {response}</s>"
    ids = llava_ids(tokenizer, text)
    labels, used = [IGNORE, *ids[1:]], 1
    for turn in (turn for turn in text.split("</s>") if turn):
        parts = turn.split(" ASSISTANT: ")
        if len(parts) != 2:
            break
        asked = len(llava_ids(tokenizer, parts[0] + " ASSISTANT: ")) - 2
        labels[used : used + asked] = [IGNORE] * asked
        used += len(llava_ids(tokenizer, turn))
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
def test_ids_and_labels_equal_llavas(prompt: str, response: str, ours: Encoder, theirs: Any) -> None:
    encoded = ours.encode(prompt, response)
    ids, labels = llava_sample(theirs, prompt, response)
    assert any(label != IGNORE for label in labels), "LLaVA itself would not train this one"
    assert shrunk(encoded.ids, encoded.labels, ours.image_id) == (ids, labels)


HARD = [
    ("What does </s> mean?", "It ends </s> a text"),
    ("Say ASSISTANT: twice ASSISTANT: please", "ASSISTANT: ASSISTANT: "),
    ("A <unk> and an <image>", "<unk>, <s> and <image>"),
]


@pytest.mark.parametrize("prompt, response", HARD)
def test_what_llava_masks_in_silence_is_trained(
    prompt: str, response: str, ours: Encoder, theirs: Any
) -> None:
    assert set(llava_sample(theirs, prompt, response)[1]) <= {IGNORE, LLAVA_IMAGE}
    encoded = ours.encode(prompt, response)
    trained = [label for label in encoded.labels if label != IGNORE]
    assert trained[-1] == ours.end_id and trained.count(ours.end_id) == 1
    assert ours.decode(trained[:-1]) == response
    assert encoded.ids.count(ours.image_id) == IMAGE_TOKENS
    assert encoded.ids.count(1) == 1


TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="▁"), min_size=1, max_size=40)


@settings(max_examples=200, deadline=None)
@given(prompt=TEXTS, response=TEXTS)
def test_any_text_is_trained_whole_and_nothing_else(ours: Encoder, prompt: str, response: str) -> None:
    encoder = replace(ours, max_length=4096)
    encoded = encoder.encode(prompt, response)
    trained = [label for label in encoded.labels if label != IGNORE]
    assert encoder.decode(trained) == response
    split = len(encoded.ids) - len(trained)
    assert encoded.labels == [IGNORE] * split + encoded.ids[split:]
    assert encoded.ids[:split] == encoder.prompt_ids(prompt.strip())


def test_too_long_and_empty_are_refused_by_name(ours: Encoder) -> None:
    with pytest.raises(TooLongError, match="at most 256"):
        ours.encode("why? " * 200, "because")
    with pytest.raises(TooLongError, match="at most 256"):
        ours.prompt_ids("why? " * 200)
    with pytest.raises(ValueError, match="empty"):
        ours.encode("why?", "")


def test_it_travels_to_other_processes(ours: Encoder) -> None:
    prompt, response = HARD[0]
    assert pickle.loads(pickle.dumps(ours)).encode(prompt, response) == ours.encode(prompt, response)
