"""OCRBench: 1,000 questions about text in images; an answer is right if it holds a gold.

Rule: Yuliang-Liu/MultimodalOCR ``OCRBench/example.py``. The figure is a count of 1,000, in which text
recognition counts 300.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vf_ray.eval import files
from vf_ray.eval.benchmark import Answers, Benchmark, Figure, Item, Question, QuestionSet, Score
from vf_ray.eval.itemwise import Grade, by_rule, category, read
from vf_ray.eval.judge import Judge
from vf_ray.eval.rows import BenchmarkRow, rows
from vf_ray.eval.rules.texts import contains
from vf_ray.eval.statistics import of_items
from vf_ray.types import Tree

FORMULAE = "HME100k"
RECOGNITION = (
    "Regular Text Recognition", "Irregular Text Recognition", "Artistic Text Recognition",
    "Handwriting Recognition", "Digit String Recognition", "Non-Semantic Text Recognition",
)  # fmt: skip
FOLDERS = ("OCRBench_Images", "images", "")
NOTES = ("rule: OCRBench's own: any gold within the answer; lmms-eval also folds full-width letters",)


@dataclass(frozen=True, slots=True, kw_only=True)
class OcrKind:
    """Whether a formula is to be read."""

    formula: bool


def load(tree: Tree) -> QuestionSet:
    """Return the questions of the official file, or of a table."""
    patterns = ("**/OCRBench.json", "**/test*.parquet", "**/OCRBench*.tsv", "**/*.parquet")
    questions = tuple(_question(tree, number, row) for number, row in enumerate(rows(tree, *patterns)))
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", *NOTES))


def _question(tree: Tree, number: int, row: BenchmarkRow) -> Question:
    image = row.images.get("image")
    name = image.id if image else row.text("image_path")
    golds = row.texts("answers", "answer")
    return Question(
        id=row.text("id", "index") if {"id", "index"} & set(row.cells) else str(number),
        prompt=row.text("question"), image_id=name,
        image=image.fetch if image else files.image(tree, name, FOLDERS),
        category=row.text("type", "question_type", "category"), max_new_tokens=100,
        gold=" | ".join(golds), golds=golds,
        meta=OcrKind(formula=row.text("dataset_name", "dataset", "category").startswith(FORMULAE)),
    )  # fmt: skip


def grade(question: Question, answer: str) -> Grade:
    """Grade by whether the answer holds a gold."""
    held = contains(answer, question.golds, formula=question.meta.formula)
    return Grade(answer.strip(), float(held))


_SHARES = by_rule(grade, groups={"types": category})


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score as counts, beside the share of each type."""
    shares = _SHARES(question_set, answers, judge)
    text = [item for item in shares.items if item.category in RECOGNITION]
    of_part = Counter(item.category for item in shares.items)
    of_whole = Counter(question.category for question in question_set.whole) or of_part
    headline = {"final score": _number(shares.items, of_whole), **shares.headline}
    counts = {"text recognition": {"right": _number(text, of_whole)}} if text else {}
    return replace(
        shares, headline=headline, tables={"counts": counts, **shares.tables} if counts else shares.tables
    )


def _number(items: Sequence[Item], sizes: Mapping[str, int]) -> Figure:
    """Return how many questions of these types are right, of so many, by the share of those asked."""
    return of_items(items).times(sum(sizes[name] for name in {item.category for item in items}))


OCRBENCH = Benchmark(
    name="ocrbench",
    title="OCRBench",
    files="OCRBench.json and OCRBench_Images/, or test-*.parquet of echo840/OCRBench",
    load=load,
    score=score,
    read=read,
)
