"""Questions that ten people answered: VQAv2, OK-VQA, TextVQA, VizWiz."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from vf_ray.errors import UserError
from vf_ray.eval.benchmark import Answers, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import count
from vf_ray.eval.itemwise import Grade, GroupsOf, items_of, percent, tabled
from vf_ray.eval.judge import Judge
from vf_ray.eval.rows import BenchmarkRow

Accuracy = Callable[[str, Sequence[str]], float]


def golds_of(row: BenchmarkRow) -> tuple[str, ...]:
    """Return what people answered: texts, or objects that hold one.

    Raises:
        ValueError: if nobody answered, or an answer is no text.
    """
    value = row.cells.get("answers")
    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        value = [one.get("answer") for one in value]
        return replace(row, cells={"answers": value}).texts("answers")
    if not value:
        raise UserError(f"{row.where} has no answers; of a test split the server alone knows them")
    return row.texts("answers")


def commonest(golds: Sequence[str]) -> str:
    """Return what most people answered, for a reader."""
    return Counter(golds).most_common(1)[0][0]


def by_accuracies(
    accuracies: Mapping[str, Accuracy], groups: Mapping[str, GroupsOf]
) -> Callable[[QuestionSet, Answers, Judge | None], Score]:
    """Return what scores by one or more ways to count agreement; items and tables carry the first."""
    first, *others = accuracies

    def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
        items = _items(question_set, answers, accuracies[first])
        headline = {first: percent(items, graded=True)}
        headline |= {
            name: percent(_items(question_set, answers, accuracies[name]), graded=True) for name in others
        }
        tables = {name: tabled(question_set, items, of, first, graded=True) for name, of in groups.items()}
        return Score(
            headline=headline, tables={name: table for name, table in tables.items() if table},
            counts=count(items), items=items, notes=question_set.notes,
        )  # fmt: skip

    return score


def _items(question_set: QuestionSet, answers: Answers, accuracy: Accuracy) -> list[Item]:
    def grade(question: Question, answer: str) -> Grade:
        return Grade(" ".join(answer.split()), accuracy(answer, question.golds))

    return items_of(question_set, answers, grade)


def joined(
    questions: Iterable[BenchmarkRow], annotations: Iterable[BenchmarkRow]
) -> list[tuple[BenchmarkRow, BenchmarkRow]]:
    """Return each question with its annotation, which must agree on the image too.

    Raises:
        ValueError: if a question has none, or one of another image.
    """
    known = {row.text("question_id"): row for row in annotations}
    pairs = []
    for row in questions:
        annotation = known.get(row.text("question_id"))
        if annotation is None or annotation.text("image_id") != row.text("image_id"):
            raise UserError(
                f"{row.where}: question {row.text('question_id')} has no annotation of its image; "
                "take questions and annotations of one split"
            )
        pairs.append((row, annotation))
    return pairs
