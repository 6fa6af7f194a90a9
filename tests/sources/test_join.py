"""An id says whose a record is, or the record is rejected: never another's answer, class or picture."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.test_readers import VQA, keys, tree
from vf_ray.sources.coco_json import coco_captions, coco_json
from vf_ray.sources.fields import Fields
from vf_ray.sources.inat_json import inat_json
from vf_ray.sources.join import Side, join
from vf_ray.sources.list_file import by_first_word
from vf_ray.sources.records import At
from vf_ray.sources.rows import TextRow
from vf_ray.types import Reject

IMAGES = [{"id": n, "file_name": f"{n}.jpg"} for n in (1, 2, 3)]


def asked(question_id: int, image_id: int) -> dict[str, Any]:
    return {"question_id": question_id, "image_id": image_id, "question": f"What is in {image_id}?"}


def answered(question_id: int, image_id: int, answer: str) -> dict[str, Any]:
    return {"question_id": question_id, "image_id": image_id, "answers": [{"answer": answer}]}


def refused(found: list[Any]) -> list[tuple[str, str]]:
    return [(item.key, item.reason) for item in found if isinstance(item, Reject)]


def test_an_answer_has_to_be_about_the_image_of_its_question(tmp_path: Path) -> None:
    questions = [asked(10, 1), asked(20, 2), asked(30, 3), asked(30, 1), asked(40, 1)]
    annotations = [
        answered(10, 2, "of another"), answered(20, 2, "own"), answered(30, 3, "whose?"),
        answered(40, 1, "one"), answered(40, 1, "two"),
    ]  # fmt: skip
    files = {"q_train.json": {"questions": questions}, "a_train.json": {"annotations": annotations}}
    found = list(VQA(tree(tmp_path, files)))
    assert keys(found) == ["q_train/20"]
    assert refused(found) == [
        ("q_train/10", "annotation of another picture"),
        ("q_train/30", "id of several questions"), ("q_train/30", "id of several questions"),
        ("q_train/40", "question with several annotations"),
    ]  # fmt: skip


def test_a_image_or_category_of_a_shared_id_is_nobodys(tmp_path: Path) -> None:
    labels = [(1, 1), (2, 2), (3, 1)]
    content = {
        "images": [*IMAGES, {"id": 3, "file_name": "other.jpg"}],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}, {"id": 2, "name": "wolf"}],
        "annotations": [{"id": n, "image_id": n, "category_id": category} for n, category in labels],
    }  # fmt: skip
    raw = tree(tmp_path, {"a.json": content})
    for read in (coco_json({"all": "a.json"}, "{file_name}"), inat_json({"all": "a.json"})):
        found = list(read(raw))
        assert keys(found) == ["a/1"] and len(refused(found)) == 3


def test_a_image_of_two_species_shows_neither(tmp_path: Path) -> None:
    categories = [{"id": 1, "name": "Bufo bufo"}, {"id": 2, "name": "Rana temporaria"}]
    labels = [{"image_id": n, "category_id": category} for n, category in ((1, 1), (1, 2), (2, 1), (2, 1))]
    content = {"images": IMAGES[:2], "categories": categories, "annotations": labels}
    found = list(inat_json({"all": "a.json"})(tree(tmp_path, {"a.json": content})))
    assert keys(found) == ["a/2"] and refused(found) == [("a/1", "picture of several species")]


def test_one_null_caption_costs_no_other(tmp_path: Path) -> None:
    texts = ["first", None, "third"]
    captions = [{"id": n, "image_id": 1, "caption": text} for n, text in enumerate(texts)]
    content = {"images": IMAGES[:1], "annotations": captions}
    found = list(coco_captions({"all": "a.json"}, "{file_name}")(tree(tmp_path, {"a.json": content})))
    assert keys(found) == ["a/1/0", "a/1/2"] and len(refused(found)) == 1


def test_a_word_with_two_meanings_in_a_side_file_has_none(tmp_path: Path) -> None:
    raw = tree(tmp_path, {"x.txt": "1 cat\n2 dog\n1 cat\n2 wolf\n"})
    assert by_first_word(raw, "x.txt") == {"1": "cat"}


IDS = st.lists(st.integers(0, 6) | st.integers(2**63, 2**63 + 3) | st.none(), max_size=12)


@given(ours=IDS, theirs=IDS)
def test_every_record_becomes_one_row_or_reject_and_every_note_is_its_own(ours: Any, theirs: Any) -> None:
    def side(what: str, ids: list[int | None]) -> Side:
        placed = (({"id": number}, At(f"{what}.json", "all", n)) for n, number in enumerate(ids))
        return Side(what, placed, "id", lambda record: record.some(("id",)))

    def parse(joined: tuple[Fields, tuple[Fields, ...]], at: At) -> TextRow:
        record, notes = joined
        assert {note.integer("id") for note in notes} <= {record.integer("id")}
        return TextRow(key=str(at.index), split="all", text=str(len(notes)))

    found = list(join(side("main", ours), side("note", theirs), parse))
    single = [number for number in ours if number is not None and ours.count(number) == 1]
    rows = [row for row in found if isinstance(row, TextRow)]
    assert sorted(ours[int(row.key)] for row in rows) == sorted(single)
    assert all(int(row.text) == theirs.count(ours[int(row.key)]) for row in rows)
    lonely = [number for number in theirs if number is None or number not in ours]
    assert len(found) - len(rows) == len(ours) - len(single) + len(lonely)


SAME: dict[str, tuple[Any, Any]] = {
    "number and text": (7, "7"),
    "leading zeros": ("007", 7),
    "with a point": (7.0, 7),
    "blanks": (" 7 ", "7"),
    "beyond 64 bits": (2**70, str(2**70)),
}
NO_IDS = (None, True, "", "seven", "7a", "+7", 7.5, float(2**60), [7], float("nan"))
"""The largest is one of several integers that are the same floating-point number."""


def _joined(ours: list[Any], theirs: list[Any]) -> list[tuple[str, str]]:
    """Return key and notes, or the reason, of each record that comes of two arrays with these ids."""
    main, notes = (
        Side(what, [({"id": one}, At(f"{what}.json", "all", n)) for n, one in enumerate(ids)], "id",
             lambda record: record.some(["id"]))
        for what, ids in (("question", ours), ("answer", theirs))
    )  # fmt: skip
    rows = join(main, notes, lambda joined, at: TextRow(key=at.path, split="all", text=str(len(joined[1]))))
    return [(row.key, row.reason if isinstance(row, Reject) else row.text) for row in rows]


@pytest.mark.parametrize("name", SAME)
def test_an_id_is_the_same_however_it_is_written(name: str) -> None:
    one, other = SAME[name]
    assert _joined([one], [other]) == _joined([other], [one]) == [("question.json", "1")]
    assert [reason for _, reason in _joined([one, other], [one, one])] == ["id of several questions"] * 2


@pytest.mark.parametrize("broken", NO_IDS)
def test_what_is_no_id_joins_nothing(broken: Any) -> None:
    found = [reason for _, reason in _joined([broken, 1], [broken, broken, 1, 2])]
    assert sorted(found) == ["1", "answer without question", *["malformed record"] * 3]
