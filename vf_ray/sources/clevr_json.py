"""CLEVR's question files, grouped by picture."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from vf_ray.instances.faults import FieldError
from vf_ray.raw.tree import existing
from vf_ray.sources.fields import fields_of
from vf_ray.sources.json_items import json_items
from vf_ray.sources.list_file import Files
from vf_ray.sources.records import MALFORMED
from vf_ray.sources.spill import Spill
from vf_ray.types import Reject, Row, Tree

QuestionAnswer = tuple[str, str]
"""Question and answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClevrQuestion(Row):
    """One question about a picture."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClevrImage(Row):
    """A picture with all its questions, in file order."""

    pairs: tuple[QuestionAnswer, ...]


ClevrRow = ClevrQuestion | ClevrImage


def clevr_json(files: Files, image: str) -> Callable[[Tree], Iterator[ClevrRow | Reject]]:
    """Return a reader of split -> question file; each picture's row is followed by its questions.

    ``image`` is a path with ``{file_name}`` and ``{folder}``, which is the publisher's name of the split.
    """

    def read(tree: Tree) -> Iterator[ClevrRow | Reject]:
        for split, path in existing(tree, files):
            yield from _file(tree, path, split, image)

    return read


def _file(tree: Tree, path: str, split: str, image: str) -> Iterator[ClevrRow | Reject]:
    records = ((item, at.index) for item, at in json_items(tree, path, split, "questions.item"))
    with Spill(_kept(item, index) for item, index in records) as by_image:
        for file_name, questions in by_image.groups():
            yield from _image(file_name, questions, split, image)


def _kept(item: Any, index: int) -> tuple[str, list[Any]]:
    """Return the picture's name and the little that rows need; a malformed question has no name."""
    try:
        record = fields_of(item)
        return record["image_filename"], [index, record["question"], record.written("answer")]
    except FieldError as error:
        return "", [index, str(error)]


def _image(file_name: str, questions: list[Any], split: str, image: str) -> Iterator[ClevrRow | Reject]:
    if not file_name:
        for index, fault, *_ in questions:
            yield Reject(f"{split}/{index}", MALFORMED, fault[:200])
        return
    folder = file_name.removeprefix("CLEVR_").partition("_")[0]  # CLEVR_trainA_000012.png
    path = image.format(file_name=file_name, folder=folder)
    pairs = tuple((question, answer) for _, question, answer in questions)
    yield ClevrImage(key=f"{split}/{file_name}", split=split, image=path, pairs=pairs)
    for index, question, answer in questions:
        key = f"{split}/{file_name}/{index}"
        yield ClevrQuestion(key=key, split=split, image=path, question=question, answer=answer)
