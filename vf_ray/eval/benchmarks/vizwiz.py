"""VizWiz-VQA, validation: 4,319 questions that blind people asked about photographs they took.

Rule: the challenge's Python tools: the answer is normalised, people's answers stay as they are. Two copies of
them are published: one forgets to leave a person out. Which of them the server runs was not learned, so both
figures are given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vf_ray.eval import answers as read_answers
from vf_ray.eval import files, itemwise
from vf_ray.eval.benchmark import Benchmark, Question, QuestionSet
from vf_ray.eval.itemwise import meta
from vf_ray.eval.people import by_accuracies, commonest, golds_of
from vf_ray.eval.prompts import SHORT, SHORT_TOKENS
from vf_ray.eval.rows import BenchmarkRow, rows
from vf_ray.eval.rules.vqa import ENOUGH, TYPESET, normalised, on_one_line, soft_accuracy
from vf_ray.types import Tree

SUFFIX = "\nWhen the provided information is insufficient, respond with 'Unanswerable'." + SHORT
FOLDERS = ("val", "images", "")
NOTES = (
    "rule: VizWiz's Python tools, in both published copies: people's answers are not normalised; lmms-eval "
    "and VLMEvalKit normalise both sides",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerType:
    """Of which sort an answer is."""

    kind: str


def load(tree: Tree) -> QuestionSet:
    """Return the questions of ``val.json``, or of a table."""
    patterns = ("**/val.json", "**/val*.parquet", "**/VizWiz*.tsv", "**/*.parquet")
    questions = tuple(_question(tree, row) for row in rows(tree, *patterns))
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", *NOTES))


def _question(tree: Tree, row: BenchmarkRow) -> Question:
    image = row.images.get("image")
    name = image.id if image else row.text("image")
    kind = row.text("answer_type", "category") if {"answer_type", "category"} & set(row.cells) else ""
    golds = golds_of(row)
    return Question(
        id=row.text("question_id", "index") if image else name, prompt=row.text("question") + SUFFIX,
        image_id=name, image=image.fetch if image else files.image(tree, name, FOLDERS),
        max_new_tokens=SHORT_TOKENS, gold=commonest(golds), golds=golds, meta=AnswerType(kind=kind),
    )  # fmt: skip


def left_out(answer: str, golds: Sequence[str]) -> float:
    """Return the repaired copy's accuracy, which leaves each person out in turn."""
    return soft_accuracy(_said(answer), golds)


def counted(answer: str, golds: Sequence[str]) -> float:
    """Return the first copy's accuracy, which counts all people each time."""
    return min(1.0, sum(gold == _said(answer) for gold in golds) / ENOUGH)


def _said(answer: str) -> str:
    return normalised(on_one_line(answer), TYPESET)


def read(path: Path, question_set: QuestionSet) -> dict[str, str]:
    """Read answers by image as they are uploaded, or by question id."""
    ids = {question.id for question in question_set.questions}
    records = itemwise.records(path)

    def identity(record: dict[str, str]) -> str:
        name = str(record.get("image", ""))
        return name if name in ids else itemwise.identity(record)

    return read_answers.keyed(records, question_set, path.name, identity)  # type: ignore[arg-type]


VIZWIZ = Benchmark(
    name="vizwiz",
    title="VizWiz-VQA (validation)",
    files="Annotations/val.json and val/, or val-*.parquet of lmms-lab/VizWiz-VQA",
    load=load,
    score=by_accuracies({"accuracy %": left_out, "accuracy, nobody left out %": counted},
                        {"answer types": meta("kind")}),
    read=read,
)  # fmt: skip
