"""JSON as it is met: what is wrong in a field that nobody reads costs nothing, what is right stays so."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tasks.tree import write
from vf_ray.raw.tree import RawTree
from vf_ray.sources import mended_json
from vf_ray.sources.json_items import json_items, json_pairs
from vf_ray.sources.mended_json import MendedJson

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
