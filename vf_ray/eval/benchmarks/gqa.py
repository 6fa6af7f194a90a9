"""GQA, testdev balanced: 12,578 questions about scenes, answered in a word and compared by equality.

Rule: LLaVA's conversion (lower case, full stops at the end taken away, nothing stripped), then the official
``eval.py``: the gold as it stands. Validity, plausibility and distribution need files beside the questions
and are not given.
"""

from dataclasses import dataclass

from vf_ray.eval import files
from vf_ray.eval.benchmark import Benchmark, Question, QuestionSet
from vf_ray.eval.itemwise import Grade, by_rule, meta, read
from vf_ray.eval.prompts import SHORT, SHORT_TOKENS
from vf_ray.eval.rows import BenchmarkRow, RowImage, json_cell, object_cell, rows
from vf_ray.types import Tree

QUESTIONS = ("**/testdev_balanced_questions.json", "**/testdev_balanced_instructions/**.parquet",
             "**/testdev*instructions*.parquet", "**/testdev*.parquet", "**/GQA*.tsv")  # fmt: skip
IMAGES = ("**/testdev_balanced_images/**.parquet", "**/testdev*images*.parquet")
FOLDERS = ("images", "allImages/images", "data/images", "")
WITHOUT_STEP = ("exist", "query: name", "choose name")
"""Operations that the official script does not count as a step."""
NOTES = (
    "rule: LLaVA's lower case and last full stops, then equality with the gold as it stands; lmms-eval "
    "leaves out all punctuation, VLMEvalKit keeps the full stop",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GqaKinds:
    """How GQA sorts a question; empty where its file does not say."""

    structural: str
    semantic: str
    form: str
    words: str
    steps: str


def load(tree: Tree) -> QuestionSet:
    """Return the balanced questions."""
    images = _images(tree)
    balanced = [row for row in rows(tree, *QUESTIONS) if row.cells.get("isBalanced", True)]
    questions = tuple(_question(tree, row, images) for row in balanced)
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", *NOTES))


def _images(tree: Tree) -> dict[str, RowImage]:
    pattern = next((pattern for pattern in IMAGES if tree.glob(pattern)), None)
    return {row.text("id"): row.image() for row in rows(tree, pattern)} if pattern else {}


def _question(tree: Tree, row: BenchmarkRow, images: dict[str, RowImage]) -> Question:
    name = row.text("imageId") if "imageId" in row.cells else row.where
    image = images.get(name) or row.images.get("image")
    kinds = object_cell(row, "types")
    structural = str(kinds.get("structural") or "")
    return Question(
        id=row.text("id", "question_id", "index"), prompt=row.text("question") + SHORT,
        image_id=name, image=image.fetch if image else files.image(tree, f"{name}.jpg", FOLDERS),
        max_new_tokens=SHORT_TOKENS,
        gold=row.text("answer"),
        meta=GqaKinds(
            structural=structural, semantic=str(kinds.get("semantic") or ""),
            form=("open" if structural == "query" else "binary") if structural else "",
            words=str(len(row.text("question").split())), steps=_steps(row),
        ),
    )  # fmt: skip


def _steps(row: BenchmarkRow) -> str:
    if "semantic" not in row.cells:
        return ""
    steps = files.as_objects(json_cell(row, "semantic") or [], f"{row.where} semantic")
    operations = [f"{step.get('operation', '')}" for step in steps]
    return str(sum(not any(word in operation for word in WITHOUT_STEP) for operation in operations))


def grade(question: Question, answer: str) -> Grade:
    """Grade by equality with the gold as it stands."""
    converted = answer.rstrip(".").lower()
    return Grade(converted.strip(), float(converted == question.gold))


GQA = Benchmark(
    name="gqa",
    title="GQA (testdev balanced)",
    files="testdev_balanced_questions.json and images/, or both tables of lmms-lab/GQA",
    load=load,
    score=by_rule(
        grade,
        groups={
            "binary and open": meta("form"), "structural": meta("structural"), "semantic": meta("semantic"),
            "steps": meta("steps"), "words": meta("words"),
        },
    ),
    read=read,
)  # fmt: skip
