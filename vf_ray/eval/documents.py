"""Questions about documents, in the files of the RRC server or as tables: DocVQA and InfographicVQA."""

from collections.abc import Callable, Sequence

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


def loader(
    patterns: Sequence[str], folders: Sequence[str], kinds: Sequence[str]
) -> Callable[[Tree], QuestionSet]:
    """Return what loads such questions; ``kinds`` are the columns that say of which sort a question is."""

    def load(tree: Tree) -> QuestionSet:
        found = rows(tree, *patterns, items="data")
        questions = tuple(_question(tree, row, folders, kinds) for row in found)
        if len({question.id for question in questions}) != len(questions):
            raise UserError(f"{found[0].where}: one question id comes twice; keep one split")
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
        max_new_tokens=32, meta={"gold": " | ".join(row.texts("answers")), "golds": row.texts("answers"),
                                 "kinds": _kinds(row, kinds)},
    )  # fmt: skip


def _kinds(row: BenchmarkRow, columns: Sequence[str]) -> tuple[str, ...]:
    found = [row.texts(column) for column in columns if row.cells.get(column)]
    return tuple(dict.fromkeys(kind for part in found for kind in part))


def grade(question: Question, answer: str) -> Grade:
    """Grade by the similarity to the nearest gold."""
    return Grade(answer.strip(), anls(answer, question.meta["golds"]))
