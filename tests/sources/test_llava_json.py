"""Records as people write them: one picture in any form is taken, another medium is refused by its name."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.tree import write
from tests.tasks.trees_exchange import record, silent
from vf_ray.raw.tree import RawTree
from vf_ray.sources.fields import Fields
from vf_ray.sources.llava_json import ConversationRow, conversation, own_llava_json, with_or_without_image
from vf_ray.sources.records import At
from vf_ray.types import Reject

AT = At("x.json", "all", 0)
SILENT = silent("Why?", "So.")


def row(**fields: Any) -> ConversationRow | Reject:
    return with_or_without_image(Fields({**SILENT, **fields}), AT)


@pytest.mark.parametrize(
    "named", [{"image": "a.jpg"}, {"image": ["a.jpg"]}, {"images": ["a.jpg"]}, {"images": "a.jpg"},
              {"image": "a.jpg", "images": ["a.jpg"]}, {"image": ["", "a.jpg"], "video": None, "audio": []},
              {"image": "a.jpg", "image_id": 7, "image_url": "http://x/b.jpg", "width": 640}],
)  # fmt: skip
def test_one_image_is_taken_however_it_is_named(named: dict[str, Any]) -> None:
    found = row(**named)
    assert isinstance(found, ConversationRow)
    assert (found.image, found.texts) == ("a.jpg", ("Why?", "So."))


@pytest.mark.parametrize(
    "named", [{}, {"image": ""}, {"image": None}, {"image": []}, {"images": [], "video": ""}]
)
def test_no_image_is_a_conversation_of_text_or_a_reject_where_one_is_due(named: dict[str, Any]) -> None:
    found = row(**named)
    assert isinstance(found, ConversationRow) and (found.image, found.texts) == ("", ("Why?", "So."))
    due = conversation(Fields({**SILENT, **named}), AT)
    assert isinstance(due, Reject) and due.reason == "record without a picture"


@pytest.mark.parametrize(
    "named", [{"video": "a.mp4"}, {"videos": ["a.mp4"]}, {"audio": {"path": "a.wav"}}, {"audio_path": "x"},
              {"Image": "a.jpg"}, {"img": "a.jpg"}, {"image_path": "a.jpg"}, {"scan": "a.PLY"},
              {"first": ["a.png"]}, {"image": "a.jpg", "video": "b.mp4"}, {"image": "a.jpg", "c": "b.npy"},
              {"media": [{"type": "image"}]}, {"image_id": 7}, {"source": {"video": "v1"}}, {"frames": [1]}],
)  # fmt: skip
def test_another_medium_is_refused_by_its_name(named: dict[str, Any]) -> None:
    found = row(**named)
    assert isinstance(found, Reject) and found.reason == "record of a medium that is not taken"
    assert list(named)[-1] in found.detail


@pytest.mark.parametrize("mark", ["<video>\nWhy?", "Why?\n<audio>", "\ufeff<Video>Why?"])
def test_the_mark_of_another_medium_is_refused_too(mark: str) -> None:
    found = with_or_without_image(Fields(silent(mark, "So.")), AT)
    assert isinstance(found, Reject) and found.reason == "record of a medium that is not taken"


@pytest.mark.parametrize("mark", ["\ufeff<image>\n", "\u200b<image>\ufeff ", "\r\n<image>\r\n"])
def test_what_editors_leave_around_the_mark_goes_with_it(mark: str) -> None:
    found = with_or_without_image(Fields(record("a.jpg", f"{mark}Why?", "So.")), AT)
    assert isinstance(found, ConversationRow) and found.texts == ("Why?", "So.")


def test_a_mark_without_a_image_and_the_word_itself_are_told_apart() -> None:
    marked = with_or_without_image(Fields(silent("<image>\nWhy?", "So.")), AT)
    assert isinstance(marked, Reject) and marked.reason == "<image>, but no picture is named"
    word = with_or_without_image(Fields(silent("What does <image> mean in HTML?", "A picture.")), AT)
    assert isinstance(word, ConversationRow)  # and is rejected by the check that names the special token


@pytest.mark.parametrize("value", [7, True, {"path": "a.jpg"}, [None], [["a.jpg"]], float("nan")])
def test_a_image_of_another_kind_is_a_fault_of_its_field(value: Any) -> None:
    with pytest.raises(ValueError, match=r"image.* expected a text"):
        row(image=value)


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_an_array_and_a_list_are_told_by_their_content(tmp_path: Path, name: str) -> None:
    records = [record("a.jpg", "<image>\nWhy?", "So."), record("b.jpg", "<image>\nHow?", "Thus.")]
    forms = {"array": json.dumps(records), "list": "\n".join(map(json.dumps, records)),
             "spaced": json.dumps(records, indent=1), "marked": "\ufeff\n" + json.dumps(records)}  # fmt: skip
    for form, text in forms.items():
        write(tmp_path / form, {name: text.encode()})
        rows = list(own_llava_json(RawTree.of(str(tmp_path / form))))
        assert [row.image for row in rows if isinstance(row, ConversationRow)] == ["a.jpg", "b.jpg"], form


@pytest.mark.parametrize("line", ["[" * 100_000, "9" * 10_000, '{"id": ', "\0" * 50])
def test_a_broken_line_costs_only_itself(tmp_path: Path, line: str) -> None:
    good = json.dumps(record("a.jpg", "<image>\nWhy?", "So."))
    write(tmp_path, {"a.jsonl": "\n".join((good, line, good)).encode()})
    rows = list(own_llava_json(RawTree.of(str(tmp_path))))
    assert [isinstance(row, Reject) for row in rows] == [False, True, False]


@pytest.mark.parametrize(
    "mark",
    [
        "<image_placeholder>",
        "<ImageHere>",
        "<image1>",
        "<img>",
        "<IMAGE>",
        "<|image_pad|>",
        "<|vision_start|>",
    ],
)
def test_the_marks_of_others_are_not_trained_as_words(mark: str) -> None:
    found = with_or_without_image(Fields(record("a.jpg", f"{mark}\nWhy?", "So.")), AT)
    assert isinstance(found, Reject) and mark in found.detail


@pytest.mark.parametrize("turn", ["", " \n", "\u200b", "\ufeff"])
def test_nobody_asks_nothing_but_about_a_picture(turn: str) -> None:
    later = with_or_without_image(Fields(record("a.jpg", "<image>\nWhy?", "So.", turn, "So.")), AT)
    silent_one = with_or_without_image(Fields(silent(turn, "So.")), AT)
    alone = with_or_without_image(Fields(record("a.jpg", f"<image>{turn}", "A cat.")), AT)
    assert [getattr(found, "reason", "") for found in (later, silent_one, alone)] == ["turn empty"] * 2 + [""]
