"""A row holds what its class says: nothing of another kind passes, everything of the right kind does."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vf_ray.instances.typed import checker
from vf_ray.tasks import sources
from vf_ray.types import Example, Grid, Row


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    box: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything(Row):
    text: str
    count: int
    flag: bool
    share: float
    texts: tuple[str, ...]
    pairs: tuple[tuple[str, int], ...]
    parts: tuple[Part, ...]
    by_name: Mapping[str, str]
    maybe: str | None
    side: Literal["left", "right"]


GOOD = Everything(
    key="k", split="train", text="a", count=1, flag=True, share=0.5, texts=("a",), pairs=(("a", 1),),
    parts=(Part("a", (1, 2.5)),), by_name={"a": "b"}, maybe=None, side="left",
)  # fmt: skip
BAD: Mapping[str, tuple[Any, str]] = {
    "text": (None, "text is null; expected a text"),
    "count": (True, "count is true; expected an integer"),
    "flag": (1, "flag is a number; expected true or false"),
    "share": (float("nan"), "share is no finite number; expected a number"),
    "texts": (("a", None), "texts has an item that is null; expected a text"),
    "pairs": ((("a", "b"),), "pairs has an item that has an item that is a text; expected an integer"),
    "parts": ((Part(None, (1, 1)),), "parts has an item that name is null; expected a text"),  # type: ignore[arg-type]
    "by_name": ({"a": float("nan")}, "by_name has an item that is no finite number; expected a text"),
    "maybe": (7, "maybe is a number; expected nothing"),
    "side": ("up", "side is 'up'; expected one of ('left', 'right')"),
    "key": (7, "key is a number; expected a text"),
}  # fmt: skip


def test_what_is_right_passes() -> None:
    assert checker(Everything)(GOOD) == ""
    assert checker(Everything)(replace(GOOD, maybe="b", share=1, texts=(), by_name={})) == ""
    assert checker(Example)(Example(image=Grid(("a", "b"), 2), answer="yes")) == ""


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_named(name: str) -> None:
    value, fault = BAD[name]
    assert checker(Everything)(replace(GOOD, **{name: value})) == fault


@given(value=st.none() | st.floats() | st.booleans() | st.integers() | st.lists(st.text()) | st.binary())
def test_no_text_is_anything_but_a_text(value: Any) -> None:
    assert checker(Everything)(replace(GOOD, text=value))


def test_an_annotation_that_cannot_be_checked_is_an_error_of_its_author() -> None:
    @dataclass(frozen=True)
    class Odd(Row):
        found: object = None

    with pytest.raises(TypeError, match="annotates a field of a row"):
        checker(Odd)


def test_every_row_class_of_the_catalogue_can_be_checked() -> None:
    assert len(sources()) > 100
    classes = {cls for cls in all_below(Row) if cls.__module__.startswith("vf_ray.")}
    assert len(classes) > 30
    assert all(callable(checker(cls)) and fields(cls) for cls in classes)


def all_below(cls: type[Row]) -> list[type[Row]]:
    return [found for sub in cls.__subclasses__() for found in (sub, *all_below(sub))]
