"""PhD: about 102,000 yes/no questions on five tasks, in four modes that tempt a model to see what is not.

No scorer is published. The index is the harmonic mean of the recall of yes and of no, for each mode and task,
then averaged; what an answer says is read by its first yes or no, which is ours. The older IntrinsicHallu has
another score of this name.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from vf_ray.eval import files
from vf_ray.eval.benchmark import Answers, Benchmark, Figure, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import count
from vf_ray.eval.itemwise import Grade, items_of, percent, read, right
from vf_ray.eval.judge import Judge
from vf_ray.eval.prompts import SHORT_TOKENS
from vf_ray.eval.rows import BenchmarkRow, object_cell, rows
from vf_ray.eval.rules.yes_no import first_word
from vf_ray.eval.statistics import Floats, bootstrap, grouped, macro, ratio
from vf_ray.types import Tree

INCONSISTENT = (
    " In case there is an inconsistency between the context and the image content, "
    "you should follow the image. "
)
CONTEXTS: Mapping[str, Sequence[str]] = {"sec": ("sec", "iac"), "icc": ("icc",)}
"""Mode to the keys that hold its context: misleading in words, or wrong about the image."""
SPLITS = ("train2014", "val2014")
NOTES = (
    "rule: the first yes or no as a word, which is ours, for none is published; index: harmonic mean of both "
    "recalls, averaged over modes and tasks",
)


def load(tree: Tree) -> QuestionSet:
    """Return both questions of each row in each of its modes."""
    table = rows(tree, "**/data.json", "**/*.json", "**/*.parquet")
    questions = tuple(q for number, row in enumerate(table) for q in _questions(tree, number, row))
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", *NOTES))


def _questions(tree: Tree, number: int, row: BenchmarkRow) -> Iterator[Question]:
    for mode, context in _modes(row):
        name = row.text("image_id")
        for gold in ("yes", "no"):
            yield Question(
                id=f"{number}/{mode}/{gold}", prompt=context + row.text(f"{gold}_question"),
                image_id=f"{mode == 'ccs'}/{name}", image=partial(_image, tree, name, mode),
                category=f"{mode}/{row.text('task')}", max_new_tokens=SHORT_TOKENS, gold=gold,
            )  # fmt: skip


def _image(tree: Tree, name: str, mode: str) -> bytes:
    """Read an image of COCO 2014, of either split, or of those made for the fourth mode."""
    if mode == "ccs":
        return tree.read(files.one_of(tree, f"CCS_images/{name}.png", f"{name}.png"))
    number = name.zfill(12)
    return tree.read(
        files.one_of(
            tree, *(f"{split}/COCO_{split}_{number}.jpg" for split in SPLITS), f"images/{number}.jpg"
        )
    )


def _modes(row: BenchmarkRow) -> Iterator[tuple[str, str]]:
    if "ccs_description" in row.cells:
        yield "ccs", ""
        return
    yield "base", ""
    contexts = object_cell(row, "context")
    for mode, keys in CONTEXTS.items():
        text = next((contexts[key] for key in keys if contexts.get(key)), "")
        if text:
            yield mode, f"{text}{INCONSISTENT}"


def grade(question: Question, answer: str) -> Grade:
    """Grade by the word that stands first."""
    return right(first_word(answer), question.gold)


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score the index over all modes and tasks, and each of them."""
    items = items_of(question_set, answers, grade)
    parts = grouped(items)
    counts = [[_outcome(item) for item in of] for of in parts.values()]
    clusters = [[item.cluster for item in of] for of in parts.values()]
    return Score(
        headline={
            "PhD index %": macro(counts, clusters, _index).times(100), "accuracy %": percent(items),
        },
        tables={"modes and tasks": {name: _figures(of) for name, of in parts.items()}},
        counts=count(items), items=items, notes=question_set.notes,
    )  # fmt: skip


def _outcome(item: Item) -> tuple[float, ...]:
    """Return right and all, first of the yes questions, then of the no questions."""
    yes = item.gold == "yes"
    return (item.value * yes, float(yes), item.value * (not yes), float(not yes))


def _index(sums: Floats) -> Floats:
    yes, no = ratio(sums[..., 0], sums[..., 1]), ratio(sums[..., 2], sums[..., 3])
    return ratio(2 * yes * no, np.asarray(yes + no))


def _figures(items: Sequence[Item]) -> dict[str, Figure]:
    counts, clusters = [_outcome(item) for item in items], [item.cluster for item in items]
    index = bootstrap(counts, clusters, _index).times(100)
    return {"PhD index %": index, "accuracy %": percent(items)}


PHD = Benchmark(
    name="phd",
    title="PhD",
    files="data.json, COCO 2014's train2014/ and val2014/, and CCS_images/",
    load=load,
    score=score,
    read=read,
    together=lambda questions: [question.id.rpartition("/")[0] for question in questions],
)
