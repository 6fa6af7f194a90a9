"""Readers meet the records that publishers really ship: bad ones become rejects with a name."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.tree import Files, gzipped, pictures, write
from vf_ray.raw.tree import RawTree
from vf_ray.sources.coco_json import CocoRow, coco_captions, coco_json
from vf_ray.sources.csv_table import Dialect, csv_rows
from vf_ray.sources.fields import Fields
from vf_ray.sources.idx import idx
from vf_ray.sources.image_folder import image_folder
from vf_ray.sources.inat_json import inat_json
from vf_ray.sources.json_array import json_array, json_object
from vf_ray.sources.json_lines import json_lines
from vf_ray.sources.list_file import by_first_word
from vf_ray.sources.mat_file import load_mat_bytes
from vf_ray.sources.parquet_table import parquet_table
from vf_ray.sources.records import MALFORMED, At
from vf_ray.sources.rows import LabelRow, TextRow
from vf_ray.sources.voc_xml import voc_xml
from vf_ray.sources.vqa_json import VqaRow, vqa_json
from vf_ray.types import Reject, Row


def tree(root: Path, files: Files) -> RawTree:
    return RawTree.of(str(write(root, files)))


def reasons(found: list[Any]) -> list[str]:
    return [item.reason for item in found if isinstance(item, Reject)]


def keys(found: list[Any]) -> list[str]:
    return [item.key for item in found if isinstance(item, Row)]


VQA = vqa_json(questions="q_{split}.json", annotations="a_{split}.json", image="{split}/{image_id:04d}.jpg")


def test_vqa_is_joined_by_id_and_names_what_does_not_join(tmp_path: Path) -> None:
    questions = [
        {"image_id": 1, "question_id": 10, "question": " Why? "},
        {"image_id": "2", "question_id": "11", "question": "Who?"},
        {"image_id": 3, "question_id": 12, "question": "When?"},
        {"image_id": "x", "question_id": 13, "question": "Where?"},
        "no record",
    ]
    annotations = [
        {"question_id": 11, "answers": [{"answer": "a"}, {"answer": "b"}], "multiple_choice_answer": "a"},
        {"question_id": 10, "answers": [{"answer": 7}], "question_type": "why"},
        {"question_id": 13, "answers": []},
        {"image_id": 1},
        None,
    ]
    files = {"q_train.json": {"questions": questions}, "a_train.json": {"annotations": annotations}}
    found = list(VQA(tree(tmp_path, files)))
    rows = [row for row in found if isinstance(row, VqaRow)]
    assert [(r.question_id, r.question, r.answers, r.answer, r.image) for r in rows] == [
        (10, "Why?", ("7",), "", "train/0001.jpg"),
        (11, "Who?", ("a", "b"), "a", "train/0002.jpg"),
    ]
    assert {(item.key, item.reason) for item in found if isinstance(item, Reject)} == {
        ("q_train/12", "question without annotation"), ("q_train/#3", MALFORMED), ("q_train/#4", MALFORMED),
        ("a_train/annotations/#3", MALFORMED), ("a_train/annotations/#4", MALFORMED),
    }  # fmt: skip
    assert rows[0].question_type == "why"


def test_every_split_that_is_there_is_read_and_none_is_an_error(tmp_path: Path) -> None:
    record = {"image_id": 1, "question_id": 10, "question": "Why?"}
    files = {
        "q_val.json": {"questions": [record]},
        "a_val.json": {"annotations": [{**record, "answers": []}]},
    }
    assert [row.split for row in VQA(tree(tmp_path, files)) if isinstance(row, Row)] == ["val"]
    with pytest.raises(FileNotFoundError, match=r"a_train\.json"):
        list(VQA(RawTree.of(str(tmp_path / "empty"))))


def test_truncated_json_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    files = {"x.json": json.dumps([{"id": n} for n in range(50)])[:200]}
    read = json_array({"all": "x.json"}, lambda record, at: LabelRow(key=at.key(), split="all", label="x"))
    with pytest.raises(ValueError, match=r"x\.json is not whole JSON.*fetch it again"):
        list(read(tree(tmp_path, files)))


@pytest.mark.parametrize("content", [{"data": []}, {"data": {"rows": {}}}, []])
def test_json_of_another_shape_is_an_error_that_names_what_is_missing(tmp_path: Path, content: Any) -> None:
    read = json_array(
        {"all": "x.json"}, lambda record, at: LabelRow(key="", split="", label=""), "data.rows.item"
    )
    with pytest.raises(ValueError, match=r"x\.json holds no array at 'data\.rows', as the publisher's does"):
        list(read(tree(tmp_path, {"x.json": content})))
    assert list(read(tree(tmp_path, {"x.json": {"data": {"rows": []}}}))) == []


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    def parse(record: Fields, at: At) -> TextRow:
        return TextRow(key=at.key(), split=at.split, text=record["text"])

    line = b'\xef\xbb\xbf{"text": "a"}\n'
    raw = tree(tmp_path, {"x.json": b"\xef\xbb\xbf[" + line[3:] + b"]", "x.jsonl": line})
    for read in (json_array({"all": "x.json"}, parse), json_lines({"all": "x.jsonl"}, parse)):
        assert [row.text for row in read(raw) if isinstance(row, TextRow)] == ["a"]


def test_half_a_gzip_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    packed = gzipped("".join(f"{n},{n * n}\n" for n in range(500)))
    read = csv_rows({"all": "x.csv.gz"}, "{a}.jpg", dialect=Dialect(columns=("a", "b")))
    with pytest.raises(ValueError, match=r"x\.csv\.gz is not a whole gzip file .*; fetch it again"):
        list(read(tree(tmp_path, {"x.csv.gz": packed[: len(packed) // 2]})))


def test_keys_tell_apart_files_whose_names_differ_behind_a_dot() -> None:
    paths = ("a/wit_v1.train.all-0.tsv.gz", "a/wit_v1.train.all-1.tsv.gz", "b/qa.894.raw.test.txt")
    assert [At(path, "train", 3).key() for path in paths] == [
        "wit_v1.train.all-0/3",
        "wit_v1.train.all-1/3",
        "qa.894.raw.test/3",
    ]


def test_coco_groups_annotations_in_any_order(tmp_path: Path) -> None:
    files = {
        "a.json": {
            "annotations": [
                {"id": 2, "image_id": 5, "caption": "second"},
                {"id": 3, "image_id": 6, "category_id": 1, "bbox": None},
                {"id": 1, "image_id": 5, "caption": "first"},
                {"id": 9, "caption": "of no picture"},
                {"id": 8, "image_id": 7, "caption": "of a picture that is not listed"},
            ],
            "images": [{"id": 5, "file_name": "5.jpg"}, {"id": 6, "file_name": "6.jpg"}, {"file_name": "x"}],
            "categories": [{"id": 1, "name": "cat", "supercategory": "animal"}],
        }
    }
    found = list(coco_json({"train": "a.json"}, "{split}/{file_name}")(tree(tmp_path, files)))
    first, second = (row for row in found if isinstance(row, CocoRow))
    assert [(c.id, c.text) for c in first.captions] == [(2, "second"), (1, "first")]
    assert [(o.category, o.supercategory) for o in second.objects] == [("cat", "animal")]
    assert [(r.key, r.reason) for r in found if isinstance(r, Reject)] == [
        ("a/annotations/#4", "annotation without picture"),
        ("a/#2", MALFORMED), ("a/annotations/#3", MALFORMED),
    ]  # fmt: skip
    captions = list(coco_captions({"train": "a.json"}, "{file_name}")(tree(tmp_path, files)))
    assert keys(captions) == ["a/5/2", "a/5/1"]


def test_a_bad_line_of_json_lines_is_one_reject(tmp_path: Path) -> None:
    def parse(record: Fields, at: At) -> TextRow:
        return TextRow(key=at.key(), split=at.split, text=record["text"])

    raw = tree(tmp_path, {"x.jsonl": '{"text": "a"}\n{"text"\n\n[]\n{"text": "b"}\n'})
    found = list(json_lines({"train": "x.jsonl"}, parse)(raw))
    assert keys(found) == ["x/0", "x/4"] and reasons(found) == [MALFORMED, MALFORMED]


def test_objects_give_their_names(tmp_path: Path) -> None:
    def parse(pair: tuple[str, Fields], at: At) -> TextRow:
        return TextRow(key=at.key(pair[0]), split=at.split, text=pair[1]["t"])

    raw = tree(tmp_path, {"x.json": {"in": {"007": {"t": "a"}, "8": 3}}})
    found = list(json_object({"train": "x.json"}, parse, items="in")(raw))
    assert keys(found) == ["x/007"] and reasons(found) == [MALFORMED]


def test_folders_name_classes_and_splits(tmp_path: Path) -> None:
    files = pictures("train/cat/1.JPG", "valid/cat/1.jpg", "extra/dog/1.png", "train/cat/deep/2.jpg")
    raw = tree(tmp_path, {**files, "train/cat/notes.txt": "x", "train/cat/._1.jpg": b"x"})
    found = list(image_folder("{split}/{label}/*")(raw))
    assert [(row.key, row.split) for row in found if isinstance(row, Row)] == [
        ("train/cat/1.JPG", "train"), ("valid/cat/1.jpg", "val"),
    ]  # fmt: skip
    assert reasons(found) == ["unknown split folder"]
    fixed = list(image_folder("{split=train}/{label}/*")(raw))
    assert keys(fixed) == ["train/cat/1.JPG"] and reasons(fixed) == []


def test_idx_counts_must_agree(tmp_path: Path) -> None:
    head = b"\0\0\x08\x03\0\0\0\2\0\0\0\1\0\0\0\1"
    files = {"p": head + b"ab", "l": b"\0\0\x08\x01\0\0\0\3\1\2\3"}
    with pytest.raises(ValueError, match=r"holds 2 pictures.*labels"):
        list(idx({"train": ("p", "l")})(tree(tmp_path, files)))


def test_voc_knows_objects_from_their_parts(tmp_path: Path) -> None:
    box = "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox>"
    files = {
        "list.txt": "1\n2\n3\n4\n",
        "1.xml": f"<a><owner><name>me</name></owner><object><name>dog</name>{box}<part><name>head</name>{box}"
        "</part></object></a>",
        "2.xml": "<a><object>",
        "3.xml": "<a><object/></a>",
    }
    read = voc_xml({"train": "list.txt"}, annotation="{name}.xml", image="{name}.jpg")
    found = list(read(tree(tmp_path, files)))
    (row,) = (item for item in found if not isinstance(item, Reject))
    assert row.objects == ("dog",)
    assert reasons(found) == [MALFORMED, MALFORMED, "annotation file missing"]


class Harmful:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (exec, ("raise SystemExit('ran')",))


def test_pickles_build_arrays_and_nothing_else(tmp_path: Path) -> None:
    import numpy as np

    from vf_ray.sources.cifar_pickle import cifar_pickle
    from vf_ray.sources.images import image_bytes

    pixels = np.arange(2 * 3072, dtype=np.uint8).reshape(2, 3072)
    files = {
        "batch": pickle.dumps({b"data": pixels, b"labels": [1, 0]}, protocol=2),
        "meta": pickle.dumps({b"label_names": [b"cat", b"dog"]}, protocol=2),
        "harmful": pickle.dumps({b"labels": Harmful()}, protocol=2),
    }
    raw = tree(tmp_path, files)
    first, second = cifar_pickle({"train": "batch"}, names="meta")(raw)
    assert not isinstance(first, Reject) and not isinstance(second, Reject)
    assert (first.label, second.label) == ("dog", "cat")
    head, _, body = image_bytes(raw, second.image).partition(b"\n255\n")
    assert head == b"P6\n32 32" and body[:3] == bytes(pixels[1, [0, 1024, 2048]])
    with pytest.raises(ValueError, match=r"harmful is no pickle of arrays.*exec"):
        list(cifar_pickle({"train": "harmful"}, names="meta")(raw))


def test_a_side_file_is_whole_or_an_error_that_names_the_line(tmp_path: Path) -> None:
    files = {"good.txt": "\ufeff7 Oak  Titmouse \r\n\n 8\tA/B (male)", "bad.txt": "7 Oak\n8\n"}
    made = tree(tmp_path, files)
    assert by_first_word(made, "good.txt") == {"7": "Oak  Titmouse", "8": "A/B (male)"}
    with pytest.raises(ValueError, match=r"bad\.txt, line 2: '8'.*at least 2.*fetch"):
        by_first_word(made, "bad.txt")


def test_a_table_without_its_images_is_an_error_before_any_row(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "t.parquet")
    read = parquet_table({"all": "t.parquet"}, ("text",), lambda record, at: [], images=("jpg",))
    with pytest.raises(ValueError, match=r"t\.parquet has no column 'jpg'; it has text"):
        list(read(tree(tmp_path, {})))


@pytest.mark.parametrize(
    "read", [coco_json({"all": "a.json"}, image="{file_name}"), inat_json({"all": "a.json"})]
)
def test_a_category_without_an_id_costs_what_refers_to_it(tmp_path: Path, read: Any) -> None:
    content = {
        "categories": [{"name": "cat"}, {"id": 2, "name": "dog"}],
        "images": [{"id": 5, "file_name": "5.jpg"}, {"id": 6, "file_name": "6.jpg"}],
        "annotations": [{"image_id": 5, "category_id": 1, "bbox": [1, 2, 3, 4]},
                        {"image_id": 6, "category_id": 2, "bbox": [1, 2, 3, 4]}],
    }  # fmt: skip
    found = list(read(tree(tmp_path, {"a.json": content})))
    assert keys(found) == ["a/6"]
    assert len(reasons(found)) == 2 and "a/side/#0" in {item.key for item in found}


@pytest.mark.parametrize("data", [b"", b"no mat", b"x" * 200])
def test_what_is_no_matlab_file_is_an_error_that_names_it(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"anno\.mat is no MATLAB file .*fetch"):
        load_mat_bytes(data, "anno.mat", ("a",))
