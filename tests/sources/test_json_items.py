"""JSON as it is met: what is wrong in a field that nobody reads costs nothing, what is right stays so."""

import gzip
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ijson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tasks.tree import write
from vf_ray.instances.faults import FieldError
from vf_ray.raw.tree import RawTree
from vf_ray.sources import mended_json
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_items import json_items, json_pairs
from vf_ray.sources.mended_json import MendedJson
from vf_ray.sources.watched_json import WatchedJson

TEXTS = st.text(st.characters(exclude_categories=("Cs",)))
WHOLE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)

ODD = {
    "NaN": (b"NaN", None),
    "Infinity": (b"-Infinity", None),
    "of 65 bits": (b"18446744073709551616", "18446744073709551616"),
    "Latin-1": (b'"caf\xe9"', "caf\ufffd"),
    "beyond a float": (b"[1e999, -2.5E+400, 1e30]", ["1e999", "-2.5E+400", 1e30]),
    "an escape of JavaScript": (rb'"it\'s \x41"', "it\ufffd's \ufffdx41"),
    "half of a letter": (rb'"a\ud83d \\\\ud83d \ud83d\ude00"', "a\ufffdud83d \\\\ud83d 😀"),
    "tab": (b'"a\tb"', "a\tb"),
    "names in a text": (b'"NaN 18446744073709551616 \\" Infinity"', 'NaN 18446744073709551616 " Infinity'),
}


def test_the_values_stand_for_what_the_strict_parser_refuses(tmp_path: Path) -> None:
    for name, (raw, value) in ODD.items():
        records = [b'{"n": %d, "x": 1}' % n for n in range(5)]
        records[3] = b'{"n": 3, "x": ' + raw + b"}"
        files = {"a.json": b"[" + b", ".join(records) + b"]", "o.json": b'{"k": {"x": ' + raw + b"}}"}
        tree = RawTree.of(str(write(tmp_path / name, files)))
        found = [item for item, _ in json_items(tree, "a.json", "all")]
        assert [item["n"] for item in found] == [0, 1, 2, 3, 4], name
        assert found[3]["x"] == value, name
        assert [pair for pair, _ in json_pairs(tree, "o.json", "all")] == [("k", {"x": value})], name


@given(value=WHOLE, chunk=st.integers(1, 40), spaced=st.booleans())
def test_whole_json_stays_as_it_is_however_it_is_cut(value: Any, chunk: int, spaced: bool) -> None:
    text = json.dumps([value, -1.5e30, True], ensure_ascii=False, indent=1 if spaced else None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mended_json, "CHUNK", chunk)
        file = MendedJson(io.BytesIO(text.encode()))
        parts = list(iter(lambda: file.read(7), b""))
    assert json.loads(b"".join(parts)) == json.loads(text)


@given(chunk=st.integers(1, 40))
def test_what_is_odd_is_mended_however_it_is_cut(chunk: int) -> None:
    text = b'[NaN, -Infinity, 123456789012345678901, "NaN", "\xff", [Infinity], 12345678901234567890.5]'
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mended_json, "CHUNK", chunk)
        data = MendedJson(io.BytesIO(text)).read(1000)
    assert json.loads(data) == [
        None, None, "123456789012345678901", "NaN", "\ufffd", [None], 12345678901234567890.5,
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_json_is_read_in_the_encoding_that_its_first_bytes_show(
    tmp_path: Path, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    write(tmp_path, {"a.json": pack(json.dumps([{"x": "grün"}], ensure_ascii=False).encode(encoding))})
    assert [item for item, _ in json_items(RawTree.of(str(tmp_path)), "a.json", "all")] == [{"x": "grün"}]


@given(before=st.integers(0, 40), size=st.integers(20, 60))
def test_half_of_a_letter_is_never_passed_over_however_the_file_is_cut(before: int, size: int) -> None:
    def watched(text: str) -> bool:
        file = WatchedJson(io.BytesIO(b" " * before + text.encode()), "a.json")
        try:
            return not list(iter(lambda: file.read(size), b""))
        except ijson.JSONError:
            return True

    assert not watched(json.dumps(["😀" * 20, "plain"]))
    for half in (r"\ud83d", r"\uDE00", r"\ud83d\u0041", r"\ude00\ud83d"):
        assert watched(f'["\\ud83d\\ude00{half}"]'), half


def test_what_never_ends_is_told(tmp_path: Path) -> None:
    forms = {"arrays": "[", "objects": '{"a": ', "mixed": '{"a": 1, "b": [2, ', "mended": "[NaN, "}
    for name, nested in {name: form * 100_000 for name, form in forms.items()}.items():
        write(tmp_path, {f"{name}.json": f'[{{"x": {nested}'.encode()})
        with pytest.raises(ValueError, match=rf"{name}\.json is nested more than 64 deep"):
            list(json_items(RawTree.of(str(tmp_path)), f"{name}.json", "all"))


DOUBLED = {
    "a text": ('{"n": 1, "n": 2}', "given twice, as 1 and as 2"),
    "an escaped name": (r'{"n": "a", "\u006e": "b"}', "given twice, as 'a' and as 'b'"),
    "of another kind": ('{"n": 1, "n": true}', "given twice, as 1 and as True"),
    "thrice": ('{"n": "a", "n": "a", "m": 0, "n": "b"}', "given twice, as 'a' and as 'b'"),
}


@pytest.mark.parametrize("text, expected", DOUBLED.values(), ids=DOUBLED)
def test_a_field_that_stands_twice_has_neither_value(tmp_path: Path, text: str, expected: str) -> None:
    write(tmp_path, {"a.json": f'[{{"in": {text}}}]'.encode(), "o.json": f'{{"k": {text}}}'.encode()})
    tree = RawTree.of(str(tmp_path))
    ((item, _),), (((_, value), _),) = json_items(tree, "a.json", "all"), json_pairs(tree, "o.json", "all")
    for fields in (Fields(item).object("in"), Fields(value), Fields(mended_json.loads(text))):
        for read in (fields.__getitem__, fields.raw, fields.integer, fields.items, fields.some):
            with pytest.raises(FieldError, match=re.escape(f"field 'n' is {expected}")):
                read("n")
        assert fields.raw("other") is None


def test_a_field_that_stands_twice_alike_is_read_and_one_that_is_not_read_costs_nothing() -> None:
    fields = Fields(mended_json.loads('{"x": 1, "n": "a", "n": "a", "x": [2]}'))
    assert fields["n"] == "a"
