"""The VQA family's two JSON files: questions, and annotations with the answers of several people.

Layout: VQA v1 and v2, OK-VQA, TDIUC and others. Records are joined by question id, never by position.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vf_ray.raw.tree import existing
from vf_ray.sources.json_items import json_items
from vf_ray.sources.records import At, Record, parsed
from vf_ray.sources.spill import NO_ID, Spill, left_over
from vf_ray.types import Reject, Row, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class VqaRow(Row):
    """A question about a picture and what people answered."""

    question_id: int
    image_id: int
    question: str
    answers: tuple[str, ...] = ()
    """One per person, in file order."""
    answer: str = ""
    """The publisher's consensus, where there is one."""
    question_type: str = ""
    answer_type: str = ""


def vqa_json(
    *,
    questions: str,
    annotations: str,
    image: str,
    splits: Mapping[str, str] = {"train": "train", "val": "val"},
    answer_field: str = "answer",
) -> Callable[[Tree], Iterator[VqaRow | Reject]]:
    """Return a reader; ``{split}`` in the three paths is the publisher's name for our split.

    ``splits`` maps our names to the publisher's; ``image`` may also name ``{image_id}`` (with a
    format, ``{image_id:012d}``); ``answer_field`` is the key of a person's answer.
    """

    def read(tree: Tree) -> Iterator[VqaRow | Reject]:
        files = {ours: annotations.format(split=theirs) for ours, theirs in splits.items()}
        for split, path in existing(tree, files):
            asked = json_items(tree, questions.format(split=splits[split]), split, "questions.item")
            records = json_items(tree, path, split, "annotations.item")
            with Spill(_kept(a, at.index, answer_field) for a, at in records) as answered:
                known: set[int] = set()
                for row in parsed(asked, lambda q, at: _row(q, at, answered, image, splits)):
                    if isinstance(row, VqaRow):
                        known.add(row.question_id)
                    yield row
                yield from left_over(answered, known, At(path, split, 0), "annotation without question")

    return read


def _kept(annotation: Mapping[str, Any], index: int, field: str) -> tuple[int | str, list[Any]]:
    """Return the question id and the little that a row needs; of a malformed one only its position."""
    try:
        answers = [str(person[field]) for person in annotation.get("answers", ())]
        named = [
            annotation.get(key) or "" for key in ("multiple_choice_answer", "question_type", "answer_type")
        ]
        return int(annotation["question_id"]), [index, answers, *map(str, named)]
    except (KeyError, TypeError, ValueError, AttributeError):
        return NO_ID, [index]


def _row(question: Record, at: At, answered: Spill, image: str, splits: Mapping[str, str]) -> VqaRow | Reject:
    question_id, image_id = int(question["question_id"]), int(question["image_id"])
    key = at.key(question_id)
    if not (found := answered.get(question_id)):
        return Reject(key, "question without annotation")
    _, answers, answer, question_type, answer_type = found[0]
    return VqaRow(
        key=key,
        split=at.split,
        image=image.format(split=splits[at.split], image_id=image_id),
        question_id=question_id,
        image_id=image_id,
        question=str(question["question"]).strip(),
        answers=tuple(answers),
        answer=answer,
        question_type=question_type,
        answer_type=answer_type,
    )
