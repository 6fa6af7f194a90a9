from typing import Any

import pytest

from vf_ray.eval.files import Kind, as_json, as_object, as_objects, json_lines


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a": "\xff"}', "f.json is not UTF-8"),
        (b'{"a": ', "f.json is not JSON"),
        (b"", "f.json is not JSON"),
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
        as_objects(found, "f", a=int)
    assert as_objects([{"a": 1}], "f", a=int) == [{"a": 1}]


def test_an_object_has_its_keys() -> None:
    assert as_object({"a": 1}, "f", a=int) == {"a": 1}
    with pytest.raises(ValueError, match="f is None; expected a JSON object"):
        as_object(None, "f")


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (None, str, "None as 'a'; expected a text"),
        (True, int, "True as 'a'; expected a whole number"),
        ([], (str, int), r"\[\] as 'a'; expected a text or a whole number"),
        ("x", list, "'x' as 'a'; expected a list"),
        (1.5, dict, "1.5 as 'a'; expected an object"),
    ],
)
def test_a_value_of_another_kind_is_refused(value: Any, kind: Kind, expected: str) -> None:
    with pytest.raises(ValueError, match=f"f has {expected}"):
        as_object({"a": value}, "f", a=kind)


def test_lines_are_named_by_their_number() -> None:
    assert list(json_lines(b'\xef\xbb\xbf{"a": 1}\r\n\n{"a": 2}\n', "f", a=int)) == [{"a": 1}, {"a": 2}]
    with pytest.raises(ValueError, match="f line 2 has no key 'a'"):
        list(json_lines(b'{"a": 1}\n{"b": 2}\n', "f", a=int))
