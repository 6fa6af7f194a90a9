from typing import Any

import pytest

from vf_ray.eval.files import as_json, as_object, as_objects, json_lines


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a": "\xff"}', "f.json is not UTF-8"),
        (b'{"a": ', "f.json is not whole JSON"),
        (b"", "f.json is not whole JSON"),
        (b'[{"a": 1, "b": 2, "a": 3}]', "f.json holds 'a' twice"),
    ],
)
def test_damaged_json_is_named(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        as_json(data, "f.json")


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"a": 1}, "f is {'a': 1}; expected a list"),
        ([{"a": 1}, 2], "f item 2 is 2; expected a JSON object"),
        ([{"b": "x" * 100}], r"f item 1 has no key 'a'; it has \['b'\]"),
        (["x" * 100], r"f item 1 is 'x{59}\.\.\.;"),
    ],
)
def test_a_list_of_other_things_is_refused_by_its_item(found: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        as_objects(found, "f", "a")
    assert as_objects([{"a": 1}], "f", "a") == [{"a": 1}]


def test_an_object_has_its_keys() -> None:
    assert as_object({"a": 1}, "f", "a") == {"a": 1}
    with pytest.raises(ValueError, match="f is None; expected a JSON object"):
        as_object(None, "f")


def test_lines_are_named_by_their_number() -> None:
    assert list(json_lines(b'\xef\xbb\xbf{"a": 1}\r\n\n{"a": 2}\n', "f", "a")) == [{"a": 1}, {"a": 2}]
    with pytest.raises(ValueError, match="f line 2 has no key 'a'"):
        list(json_lines(b'{"a": 1}\n{"b": 2}\n', "f", "a"))
