"""CV-Bench: 2,638 lettered questions about counts, relations, depth and distance.

Figure (Cambrian-1, appendix C): 2D is the mean of ADE20K and COCO, 3D is Omni3D, the whole the mean of both.
Rule: nyu-visionx/cambrian: the first character behind "answer is"; of Omni3D the option's text counts too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vf_ray.eval.benchmark import Answers, Benchmark, Figure, Item, Question, QuestionSet, Score
from vf_ray.eval.benchmarks.ai2d import letter_of, options_of
from vf_ray.eval.counting import count
from vf_ray.eval.itemwise import Grade, items_of, meta, percent, read, tabled
from vf_ray.eval.judge import Judge
from vf_ray.eval.prompts import LETTER, SHORT_TOKENS
from vf_ray.eval.rows import BenchmarkRow, rows
from vf_ray.eval.rules.letters import stated
from vf_ray.eval.statistics import mean_of
from vf_ray.types import Tree

FLAT, DEEP = ("ADE20K", "COCO"), ("Omni3D",)
NOTES = ("rule: Cambrian's first character behind answer is; lmms-eval prints the plain accuracy",)


@dataclass(frozen=True, slots=True, kw_only=True)
class CvTask:
    """A question's task, and the text of its right option."""

    text: str
    task: str


def load(tree: Tree) -> QuestionSet:
    """Return the questions of both tables."""
    table = rows(tree, "**/test*.parquet", "**/CV-Bench*.tsv", "**/*.parquet")
    questions = tuple(_question(number, row) for number, row in enumerate(table))
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", *NOTES))


def _question(number: int, row: BenchmarkRow) -> Question:
    options, image = options_of(row), row.image()
    letter = letter_of(row, options)
    kind = row.text("type") if "type" in row.cells else ""
    return Question(
        id=f"{kind}_{row.text('idx')}" if "idx" in row.cells and kind else str(number),
        prompt=row.text("prompt", "question") + LETTER, image_id=image.id, image=image.fetch,
        category=row.text("source"), max_new_tokens=SHORT_TOKENS,
        gold=letter,
        meta=CvTask(text=options[ord(letter) - ord("A")].lower(), task=row.text("task", "category")),
    )  # fmt: skip


def grade(question: Question, answer: str) -> Grade:
    """Grade by the letter; about depth and distance the option's text is right too."""
    letter, gold = stated(answer), question.gold
    by_text = question.category in DEEP and answer.strip().lower().rstrip(".") == question.meta.text
    return Grade(gold if by_text else letter, float(by_text or letter == gold))


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score the mean of 2D and 3D, and their parts."""
    items = items_of(question_set, answers, grade)
    parts = {name: _mean(items, sources) for name, sources in (("2D %", FLAT), ("3D %", DEEP))}
    there = {name: figure for name, figure in parts.items() if figure}
    lacks = [
        f"no questions of {name.removesuffix(' %')}: the mean is of the rest"
        for name in parts
        if name not in there
    ]
    return Score(
        headline={"CV-Bench %": mean_of(list(there.values())), **there},
        tables={
            "sources": tabled(question_set, items, lambda q: (q.category,), "accuracy %"),
            "tasks": tabled(question_set, items, meta("task"), "accuracy %"),
        },
        counts=count(items), items=items, notes=(*question_set.notes, *lacks),
    )  # fmt: skip


def _mean(items: Sequence[Item], sources: Sequence[str]) -> Figure | None:
    members = [[item for item in items if item.category == source] for source in sources]
    figures = [percent(of) for of in members if of]
    return mean_of(figures) if figures else None


CV_BENCH = Benchmark(
    name="cv-bench",
    title="CV-Bench",
    files="test_2d.parquet and test_3d.parquet of nyu-visionx/CV-Bench",
    load=load,
    score=score,
    read=read,
)
