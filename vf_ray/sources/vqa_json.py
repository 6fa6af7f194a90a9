"""The VQA family's two JSON files: questions, and annotations with the answers of several people.

Layout: VQA v1 and v2, OK-VQA, TDIUC and others. Records are joined by question id, never by position, and
have to be about the same picture.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from vf_ray.raw.tree import existing
from vf_ray.sources.fields import Fields
from vf_ray.sources.join import Joined, Side, join
from vf_ray.sources.json_items import json_items
from vf_ray.sources.records import At
from vf_ray.types import Reject, Row, Tree

ASKED = ("question_id", "image_id", "question")
CONSENSUS = "multiple_choice_answer"
ANSWERED = ("question_id", "image_id", "answers", CONSENSUS, "question_type", "answer_type")


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
    answer_fields: Sequence[str] = ("answer",),
) -> Callable[[Tree], Iterator[VqaRow | Reject]]:
    """Return a reader; ``{split}`` in the three paths is the publisher's name for our split.

    ``splits`` maps our names to the publisher's; ``image`` may also name ``{image_id}`` (with a
    format, ``{image_id:012d}``); ``answer_fields`` are the keys that a person's answer may have,
    the best first.
    """

    def read(tree: Tree) -> Iterator[VqaRow | Reject]:
        files = {ours: annotations.format(split=theirs) for ours, theirs in splits.items()}
        for split, path in existing(tree, files):
            asked = json_items(tree, questions.format(split=splits[split]), split, "questions.item")
            answered = json_items(tree, path, split, "annotations.item")
            yield from join(
                Side("question", asked, "question_id", lambda record: record.some(ASKED)),
                Side("annotation", answered, "question_id", partial(_kept, fields=answer_fields)),
                partial(_row, image=image, folder=splits[split]),
            )

    return read


def _row(joined: Joined, at: At, image: str, folder: str) -> VqaRow | Reject:
    question, annotations = joined
    question_id, image_id = question.integer("question_id"), question.integer("image_id")
    if fault := _mismatch(image_id, annotations):
        return Reject(at.key(question_id), fault)
    (annotation,) = annotations
    return VqaRow(
        key=at.key(question_id),
        split=at.split,
        image=image.format(split=folder, image_id=image_id),
        question_id=question_id,
        image_id=image_id,
        question=question["question"].strip(),
        answers=annotation.all_written("answers"),  # to "How many?" some files hold a number
        answer=annotation.written(CONSENSUS) if CONSENSUS in annotation else "",
        question_type=annotation.optional("question_type"),
        answer_type=annotation.optional("answer_type"),
    )


def _mismatch(image_id: int, annotations: tuple[Fields, ...]) -> str:
    """Say why it is not known what was answered; empty if it is."""
    if not annotations:
        return "question without annotation"
    if len(annotations) > 1:
        return "question with several annotations"
    if "image_id" in annotations[0] and annotations[0].integer("image_id") != image_id:
        return "annotation of another picture"
    return ""


def _kept(annotation: Fields, fields: Sequence[str]) -> dict[str, Any]:
    """Return what a row needs: of the people who answered, only what they said."""
    people = annotation.objects("answers") if "answers" in annotation else ()
    return annotation.some(ANSWERED) | {"answers": [_said(person, fields) for person in people]}


def _said(person: Fields, fields: Sequence[str]) -> Any:
    return person.raw(next(filter(person.has, fields), fields[-1]))
