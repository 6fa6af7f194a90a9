"""JSON that people have touched: what can be read is read, the rest is told with a remedy that fits."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.test_readers import reasons, tree
from vf_ray.errors import UserError
from vf_ray.sources.json_items import json_items
from vf_ray.sources.json_lines import json_lines
from vf_ray.sources.records import MALFORMED
from vf_ray.sources.rows import TextRow
from vf_ray.sources.watched_json import Depth

REMEDIES = {
    '[{"a": 1}, {"b': "it is cut: fetch it again",
    "": "it is cut: fetch it again",
    '[{"a": 1}, /* more */ {}]': "take them out",
    '[{"a": 1},]': "a comma stands before a closing bracket",
    '[{"a": 1,}]': "a comma stands before a closing bracket",
    '{"a": 1}\n{"a": 2}\n': "JSON Lines",
    '[{"a": 1}]\n-- end --': "take away what stands behind its end",
    "[{'a': 1}]": "quotes are double",
    '[{"a": None}]': "null, true, false",
    'var data = [{"a": 1}];': "is it JSON?",
    '[{"a": 1} {"a": 2}]': "mend this place",
}


@pytest.mark.parametrize("text", REMEDIES)
def test_the_remedy_fits_the_fault(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match=r"x\.json is not whole JSON \(.*\); ") as raised:
        list(json_items(tree(tmp_path, {"x.json": text}), "x.json", "all"))
    assert REMEDIES[text] in str(raised.value).rpartition("); ")[2]


def test_json_of_another_shape_shows_how_it_begins(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no array as its root.*begins '\{\"message\": \"Not Found\"\}'"):
        list(json_items(tree(tmp_path, {"x.json": '{"message": "Not Found"}'}), "x.json", "all"))


def test_a_line_is_read_as_an_array_of_it_would_be(tmp_path: Path) -> None:
    """Faults in what nobody reads do not matter; nor does a field that stands twice with one value."""
    lines = [
        '{"image": "a", "text": "t", "x": ' + "9" * 5000 + "}",
        '{"image": "a", "text": "a\tb"}',
        '\ufeff{"image": "a", "text": "t", "x": NaN}',
        '{"image": "a", "text": "t", "x": 1, "text": "t", "x": 2}',
    ]
    raw = tree(
        tmp_path, {"x.jsonl": "\n".join(lines), "x.json": f"[{', '.join(lines).replace(chr(0xFEFF), '')}]"}
    )

    def parse(record, at):  # type: ignore[no-untyped-def]
        return TextRow(key=at.key(), split=at.split, image=record["image"], text=record["text"])

    rows = list(json_lines({"all": "x.jsonl"}, parse)(raw))
    assert not reasons(rows)
    array = [item["text"] for item, _ in json_items(raw, "x.json", "all")]
    assert [row.text for row in rows if isinstance(row, TextRow)] == array == ["t", "a\tb", "t", "t"]
    broken = tree(tmp_path, {"y.jsonl": '{"image": "a", "text": Infinity}\n{"image": "a", }\n' + "[" * 10**5})
    assert reasons(list(json_lines({"all": "y.jsonl"}, parse)(broken))) == [MALFORMED] * 3


def nesting(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(nesting, inner), default=0)


TEXTS = st.text('\\"[]{}a', max_size=6)
VALUES = st.recursive(TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=20)


@given(value=VALUES, size=st.integers(1, 9))
def test_depth_is_that_of_brackets_outside_texts_however_the_file_is_cut(value: object, size: int) -> None:
    file, depth = io.BytesIO(json.dumps(value).encode()), Depth()
    assert max(depth.deepest(chunk) for chunk in iter(lambda: file.read(size), b"")) == nesting(value)
