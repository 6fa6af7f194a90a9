"""What a server or a tool has put in the place of a file is told as what it is, wherever a file is read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.raw.packing import PHOTOS
from vf_ray.errors import UserError
from vf_ray.raw.placeholder import in_place_of_bytes, in_place_of_text
from vf_ray.raw.tree import RawTree
from vf_ray.sources.csv_table import csv_rows
from vf_ray.sources.each_file import each_json
from vf_ray.sources.json_items import json_items
from vf_ray.sources.json_lines import json_lines
from vf_ray.sources.mat_file import load_mat
from vf_ray.sources.parquet_table import column_names
from vf_ray.types import Reject, Tree

PAGE = b"\xef\xbb\xbf\n<!-- x --><!DOCTYPE html>\n<html><title>Log in, please</title></html>"
SEEN = {
    PAGE: "a web page",
    b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>': "a bucket's refusal",
    b"404: Not Found": "a server's refusal",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n": "git lfs pull",
    b"../.git/annex/objects/a/b/SHA256E-s1--0.jpg": "git annex get",
}
READERS: dict[str, Callable[[Tree], object]] = {
    "x.csv": lambda tree: list(csv_rows({"all": "x.csv"}, "{file}")(tree)),
    "x.jsonl": lambda tree: list(json_lines({"all": "x.jsonl"}, lambda record, at: [])(tree)),
    "x.json": lambda tree: list(json_items(tree, "x.json", "all")),
    "x.parquet": lambda tree: column_names(tree, "x.parquet"),
    "x.mat": lambda tree: load_mat(tree, "x.mat", ["labels"]),
    "photos.zip": lambda tree: tree.read("set/1.jpg"),
    "photos.tar.gz": lambda tree: tree.read("set/1.jpg"),
}


@pytest.mark.parametrize("head", SEEN)
def test_each_kind_is_told_and_what_to_do(head: bytes) -> None:
    for told in (in_place_of_text(head), in_place_of_bytes(head)):
        assert SEEN[head] in told and "; " in told


@pytest.mark.parametrize("name", READERS)
def test_a_page_is_told_wherever_a_file_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(PAGE)
    with pytest.raises(
        UserError, match=rf"{name}:? (is )?a web page, and not what its name says; its address"
    ):
        READERS[name](RawTree.of(str(tmp_path), (PHOTOS,)))


def test_one_page_among_small_files_costs_only_itself(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_bytes(PAGE)
    (tmp_path / "2.json").write_bytes(b"{}")
    (found,) = each_json({"all": "*.json"}, lambda record, at: [])(RawTree.of(str(tmp_path)))
    assert isinstance(found, Reject) and (found.key, found.reason) == ("1.json", "file is another")


@pytest.mark.parametrize("head", [b"PK\3\4\x14\0", b"7z\xbc\xaf\x27\x1c", b"\xd0\xcf\x11\xe0", b"%PDF-1.7"])
def test_what_is_packed_is_no_table(head: bytes) -> None:
    assert "and not what its name says; " in in_place_of_text(head)
    assert not in_place_of_bytes(head)  # told by others, who read some of them


def test_an_answer_in_json_is_no_archive_and_data_are_nothing_else() -> None:
    answer = b'{"message": "Not Found"}'
    assert "JSON" in in_place_of_bytes(answer) and not in_place_of_text(answer)
    for data in (b"404 cats\n", b"forbidden city\n", b"<annotation><error>1</error>", b"html,label\n", b""):
        assert not in_place_of_text(data) and not in_place_of_bytes(data), data
