from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vf_ray.quality.question_overlap import COMMON, AskedWording, Hit, Index, N, normal

LONG = "Which of the two towers in the old town was built first, and by whom?"
SHORT = "Is there a dog?"


def index(*texts: str, benchmark: str = "bench") -> Index:
    return Index([AskedWording(benchmark, normal(text)) for text in texts])


def scanned(searched: Index, text: str, question: str = "") -> list[Hit]:
    return list(searched.scan([text], [question]))


def test_normal_drops_case_punctuation_and_forms_of_letters() -> None:
    assert normal("  Is THERE\ta \u201cdog\u201d (ﬁnally)? ") == "is there a dog finally"


def test_a_run_of_words_is_found_wherever_it_stands_and_however_it_is_written() -> None:
    (hit,) = scanned(index(LONG), "Look closely. WHICH of the two towers, in the old town... was?")
    assert hit == Hit(0, 0, "which of the two towers in the old")


def test_seven_words_in_a_row_are_too_few() -> None:
    assert not scanned(index(LONG), "Which of the two towers in the new town?")
    assert not scanned(index(LONG), "which of the two towers in", "the old town was built first and")


def test_a_short_question_must_be_the_whole_of_a_training_question() -> None:
    searched = index(SHORT)
    assert scanned(searched, "Answer with yes or no.\nis there a dog", "is there a dog?")
    assert scanned(searched, "Is there a dog?")
    assert scanned(searched, "Is there a dog?\nOptions: (a) yes (b) no")
    assert not scanned(searched, "Is there a dog in the garden?", "Is there a dog in the garden?")


def test_no_run_crosses_from_one_text_into_the_next() -> None:
    words = normal(LONG).split()
    searched = index(LONG)
    assert not list(searched.scan([" ".join(words[:7]), " ".join(words[7:14])], ["", ""]))


def test_a_form_of_words_that_many_questions_share_says_nothing() -> None:
    form = "Please look at the picture with care and name animal number {}"
    many = index(*(form.format(n) for n in range(COMMON + 1)))
    few = index(*(form.format(n) for n in range(COMMON)))
    said = "Please look at the picture with care and name it"
    assert not scanned(many, said)
    assert len(scanned(few, said)) == COMMON
    assert [hit.asked for hit in scanned(many, form.format(3))] == [3]


def test_a_form_shared_by_different_benchmarks_still_counts() -> None:
    form = "Please look at the picture with care and name animal number {}"
    asked = [AskedWording(f"bench {n}", normal(form.format(n))) for n in range(2 * COMMON)]
    assert len(scanned(Index(asked), "please look at the picture with care and name")) == 2 * COMMON


def test_nothing_asked_finds_nothing() -> None:
    assert not scanned(index(), LONG, SHORT)
    assert not scanned(index(""), "", "")


@settings(max_examples=60)
@given(
    asked=st.lists(st.lists(st.sampled_from("abc"), max_size=14), max_size=5),
    texts=st.lists(st.lists(st.sampled_from("abcd"), max_size=30), max_size=5),
)
def test_finds_what_a_plain_search_finds(asked: list[list[str]], texts: list[list[str]]) -> None:
    wordings = list(dict.fromkeys(" ".join(words) for words in asked))
    expected = {
        (row, number)
        for row, text in enumerate(texts)
        for number, wording in enumerate(wordings)
        if _shares(wording.split(), text)
    }
    searched = Index([AskedWording("bench", wording) for wording in wordings])
    hits = list(searched.scan([" ".join(text) for text in texts], [""] * len(texts)))
    assert {(hit.row, hit.asked) for hit in hits} == expected
    assert len(hits) == len(expected)


def _shares(wording: Sequence[str], text: Sequence[str]) -> bool:
    runs = [wording[at : at + N] for at in range(len(wording) - N + 1)]
    found = any(text[at : at + N] in runs for at in range(len(text) - N + 1))
    return found or (wording == text and bool(text))


@pytest.mark.parametrize("size", [1, 3])
def test_how_many_texts_are_scanned_at_once_changes_nothing(size: int) -> None:
    texts = ["nothing", f"well: {LONG}", SHORT, LONG.upper(), "is there a dog"]
    searched = index(LONG, SHORT)
    whole = list(searched.scan(texts, [""] * len(texts)))
    parts = [
        hit._replace(row=hit.row + start)
        for start in range(0, len(texts), size)
        for hit in searched.scan(texts[start : start + size], [""] * len(texts[start : start + size]))
    ]
    assert parts == whole and len(whole) == 4
