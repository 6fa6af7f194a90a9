"""Questions about documents, in the files of the RRC server or as tables: DocVQA and InfographicVQA."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vf_ray.errors import UserError
from vf_ray.eval import files
from vf_ray.eval.benchmark import Question, QuestionSet
from vf_ray.eval.itemwise import Grade
from vf_ray.eval.prompts import SHORT
from vf_ray.eval.rows import BenchmarkRow, rows
from vf_ray.eval.rules.texts import anls
from vf_ray.types import Tree

NOTES = (
    "rule: ANLS of the RRC server's script: raw lengths below the line, exactly .5 counts; ST-VQA and others "
    "divide by processed lengths",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentKinds:
    """Of which sorts a question is."""

    kinds: tuple[str, ...]


def loader(
    patterns: Sequence[str], folders: Sequence[str], kinds: Sequence[str]
) -> Callable[[Tree], QuestionSet]:
    """Return what loads such questions; ``kinds`` are the columns that say of which sort a question is."""

    def load(tree: Tree) -> QuestionSet:
        table = rows(tree, *patterns, items="data")
        questions = tuple(_question(tree, row, folders, kinds) for row in table)
        if len({question.id for question in questions}) != len(questions):
            raise UserError(f"{table[0].where}: one question id comes twice; keep one split")
        return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", *NOTES))

    return load


def _question(tree: Tree, row: BenchmarkRow, folders: Sequence[str], kinds: Sequence[str]) -> Question:
    if not row.cells.get("answers"):
        raise UserError(f"{row.where} has no answers; of the test split the server alone knows them")
    image = row.images.get("image")
    name = image.id if image else row.text("image_local_name", "image").removeprefix("documents/")
    shared = row.text("docId") if image and row.cells.get("docId") else name
    return Question(
        id=row.text("questionId"), prompt=row.text("question") + SHORT,
        image_id=shared, image=image.fetch if image else files.image(tree, name, folders),
        max_new_tokens=32, gold=" | ".join(row.texts("answers")), golds=row.texts("answers"),
        meta=DocumentKinds(kinds=_kinds(row, kinds)),
    )  # fmt: skip


def _kinds(row: BenchmarkRow, columns: Sequence[str]) -> tuple[str, ...]:
    named = [row.texts(column) for column in columns if row.cells.get(column)]
    return tuple(dict.fromkeys(kind for part in named for kind in part))


def grade(question: Question, answer: str) -> Grade:
    """Grade by the similarity to the nearest gold."""
    return Grade(answer.strip(), anls(answer, question.golds))
