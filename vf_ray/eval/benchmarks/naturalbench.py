"""NaturalBench: 1,900 groups of two questions about two images, whose answers alternate.

Rule: Baiqi-Li/NaturalBench ``naturalbench_vqa.py``: the first yes or no (A or B) that stands as a word, and
golds that are never read: yes, no, no, yes. Figures: all answers, questions right on both images, images
right for both questions, groups right altogether.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from vf_ray.errors import UserError
from vf_ray.eval.benchmark import Answers, Benchmark, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import count
from vf_ray.eval.itemwise import Grade, items_of, percent, read, right
from vf_ray.eval.judge import Judge
from vf_ray.eval.rows import BenchmarkRow, RowImage, rows
from vf_ray.eval.rules.paired_groups import all_right
from vf_ray.eval.rules.yes_no import first_word
from vf_ray.types import Tree

SUFFIXES: Mapping[str, str] = {
    "yes_no": "Please answer Yes or No.",
    "multiple_choice": "Please output the letter corresponding to the correct option.",
}
GOLDS: Mapping[str, Sequence[str]] = {
    "yes_no": ("yes", "no", "no", "yes"),
    "multiple_choice": ("A", "B", "B", "A"),
}
"""Of question 0 on both images, then of question 1."""
NOTES = ("rule: NaturalBench's own, and its prompt; lmms-eval and VLMEvalKit put a blank before the suffix",)


def load(tree: Tree) -> QuestionSet:
    """Return four questions for each group, of the groups' table or of one with a row for each question."""
    table = rows(
        tree, "**/train*.parquet", "**/test*.parquet", "**/NaturalBench*.tsv", "**/*.parquet",
        images=("image", "Image", "Image_0", "Image_1"),
    )  # fmt: skip
    grouped = "Image_0" in table[0].images
    parts = (_group(row) if grouped else (_single(row),) for row in table)
    questions = tuple(question for part in parts for question in part)
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", *NOTES))


def _group(row: BenchmarkRow) -> Iterator[Question]:
    for place in range(4):
        asked, shown = divmod(place, 2)
        number = 4 * row.number("Index") + place
        yield _question(row, number, row.text(f"Question_{asked}"), row.image(f"Image_{shown}"))


def _single(row: BenchmarkRow) -> Question:
    image = row.image("Image", "image")
    number = row.number("Index" if "Index" in row.cells else "index")
    return _question(row, number, row.text("Question", "question"), image)


def _question(row: BenchmarkRow, number: int, asked: str, image: RowImage) -> Question:
    kind = row.text("Question_Type", "type")
    if kind not in GOLDS:
        raise UserError(f"{row.where} has the question type {kind!r}; expected {' or '.join(GOLDS)}")
    return Question(
        id=str(number), prompt=asked + SUFFIXES[kind], image_id=image.id, image=image.fetch,
        category=kind, max_new_tokens=16, gold=GOLDS[kind][number % 4],
    )  # fmt: skip


def grade(question: Question, answer: str) -> Grade:
    """Grade by the word or letter that stands first."""
    return right(first_word(answer, GOLDS[question.category][:2]), question.gold)


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score answers, questions, images and groups; each is right only if all of it is."""
    items = [replace(item, cluster=_group_of(item)) for item in items_of(question_set, answers, grade)]
    questions = all_right(items, lambda item: str(int(item.id) // 2))
    images = all_right(items, lambda item: f"{_group_of(item)}/{int(item.id) % 2}")
    return Score(
        headline={
            "group accuracy %": percent(groups(items)), "question accuracy %": percent(questions),
            "image accuracy %": percent(images), "accuracy %": percent(items),
        },
        tables={},
        counts=count(items, groups=len(groups(items))), items=items, notes=question_set.notes,
    )  # fmt: skip


def groups(items: Sequence[Item]) -> list[Item]:
    """Return one item for each group of four."""
    return all_right(items, _group_of)


def _group_of(asked: Question | Item) -> str:
    return str(int(asked.id) // 4)


NATURALBENCH = Benchmark(
    name="naturalbench",
    title="NaturalBench",
    files="train-*.parquet of BaiqiL/NaturalBench, or test-*.parquet of NaturalBench-lmms-eval",
    load=load,
    score=score,
    read=read,
    units=groups,
    together=lambda questions: [_group_of(question) for question in questions],
)
