import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nltk.tokenize.destructive import NLTKWordTokenizer

from tests.eval.trees import lines, tree
from vf_ray.eval.benchmark import QuestionSet
from vf_ray.eval.benchmarks.chair import CHAIR
from vf_ray.eval.rules.mentions import Lexicon, words

SYNONYMS = (
    "person, man, woman, people, child", "dog, puppy", "bear", "bird, duck", "chair, seat, stool", "toilet",
    "tie, bow", "wine glass", "hot dog", "train", "motorcycle, motor bike", "bus",
)  # fmt: skip


@pytest.mark.parametrize(
    ("caption", "objects"),
    [
        ("Two dogs and a puppy.", ["dog", "dog"]),
        ("A man sits. The people laugh!", ["person", "person"]),
        ("a baby bear near an adult bird", ["bear", "bird"]),
        ("a passenger train", ["train"]),
        ("the seat of the toilet", ["toilet"]),
        ("a toilet seat beside stools", ["toilet", "chair"]),
        ("a hot dog with wine glasses", ["hot dog", "wine glass"]),
        ("children's chairs", ["person", "chair"]),
        ("a motor bike", ["motorcycle"]),
        ("nothing known here", []),
        ("", []),
    ],
)
def test_mentions_are_singular_joined_and_counted_each_time(caption: str, objects: list[str]) -> None:
    assert Lexicon(SYNONYMS).mentions(caption) == objects


WORDS = (
    "a", "cannot", "dogs", "gonna", "go", ",", " ", ".", "it's", "man", "!", "?", "e.g.", "don't", "we'll",
    "80s", "2", "close-up", "can't", "n't", "dogs'", "o'clock", "'tis", "i'm", "-", "10,000", "3.5", "'d",
)  # fmt: skip
TEXT = st.lists(st.sampled_from(WORDS))


@given(TEXT.map("".join) | TEXT.map(" ".join))
def test_plain_sentences_are_taken_apart_as_nltk_does(sentence: str) -> None:
    assert words(sentence) == NLTKWordTokenizer().tokenize(sentence)


def test_a_synonym_with_a_leading_blank_is_lost_as_officially() -> None:
    assert Lexicon(("motorcycle,  motor bike",)).mentions("a motor bike") == []


def write(root: Path, images: bool = False) -> QuestionSet:
    (root / "annotations").mkdir(parents=True)
    (root / "synonyms.txt").write_text("\n".join(SYNONYMS) + "\n")
    segments = {
        "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "dog"}],
        "annotations": [{"image_id": 11, "category_id": 1}, {"image_id": 12, "category_id": 2}],
    }
    captions = {
        "annotations": [{"image_id": 11, "caption": "A man on a stool."}, {"image_id": 12, "caption": "x"}]
    }
    (root / "annotations" / "instances_val2014.json").write_text(json.dumps(segments))
    (root / "annotations" / "captions_val2014.json").write_text(json.dumps(captions))
    if images:
        (root / "val2014").mkdir()
        (root / "val2014" / "COCO_val2014_000000000012.jpg").write_bytes(b"jpg")
    return CHAIR.load(tree(root))


def test_rates_count_captions_and_mentions(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    found = CHAIR.score(question_set, {"11": "A man and a dog, a dog on a chair.", "12": "A dog."}, None)
    assert found.headline["CHAIRs %"].value == 50
    assert found.headline["CHAIRi %"].value == pytest.approx(100 * 2 / 5)
    assert found.headline["recall %"].value == pytest.approx(100 * 3 / 3)
    assert [item.value for item in found.items] == [0, 1]
    assert found.counts["mentions"] == 5


def test_captions_without_objects_give_zero_and_no_crash(tmp_path: Path) -> None:
    found = CHAIR.score(write(tmp_path), {"11": "Nothing."}, None)
    assert found.headline["CHAIRi %"].value == 0
    assert (found.counts["questions"], found.counts["without mention"]) == (1, 1)


def test_images_in_the_folder_are_what_is_asked(tmp_path: Path) -> None:
    question_set = write(tmp_path, images=True)
    (question,) = question_set.questions
    assert question.id == "12"
    assert question.image is not None
    assert question.image() == b"jpg"
    assert CHAIR.score(question_set, {}, None).counts["missing"] == 1


def test_captions_are_read_in_the_official_form_and_others(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    rows: list[dict[str, Any]] = [{"image_id": 11, "caption": "a"}, {"image_id": 12, "caption": "b"}]
    (tmp_path / "a.json").write_text(json.dumps({"overall": {}, "imgToEval": {"11": rows[0], "12": rows[1]}}))
    (tmp_path / "b.json").write_text(json.dumps(rows))
    others = lines(tmp_path / "c.jsonl", [{"question_id": r["image_id"], "text": r["caption"]} for r in rows])
    expected = {"11": "a", "12": "b"}
    assert CHAIR.read(tmp_path / "a.json", question_set) == expected
    assert CHAIR.read(tmp_path / "b.json", question_set) == CHAIR.read(others, question_set) == expected
    with pytest.raises(FileNotFoundError, match=r"synonyms\.txt"):
        CHAIR.load(tree(tmp_path / "none"))
