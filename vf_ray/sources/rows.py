"""Row types that many sources share, whatever format they come in."""

from dataclasses import dataclass

from vf_ray.types import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class QaRow(Row):
    """A question and its answer."""

    question: str
    answer: str
    options: tuple[str, ...] = ()
    """The answers to choose from, where the publisher gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRow(Row):
    """A picture and a text about it."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextsRow(Row):
    """A picture and several texts about it."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRow(Row):
    """A picture and its class."""

    label: str
