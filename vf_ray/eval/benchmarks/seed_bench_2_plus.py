"""SEED-Bench-2-plus: 2,277 lettered questions about charts, maps and web pages.

The benchmark's own metric ranks the likelihood of the choices, which needs the model itself. Rule:
lmms-eval's letter route: the first character of the answer.
"""

from vf_ray.eval import files
from vf_ray.eval.benchmark import Benchmark, Question, QuestionSet
from vf_ray.eval.itemwise import Grade, by_rule, category, read, right
from vf_ray.eval.prompts import LETTER, lettered
from vf_ray.eval.rows import BenchmarkRow, rows
from vf_ray.eval.rules.letters import first_letter
from vf_ray.types import Tree

FOLDERS = ("SEED-Bench-2-plus-image", "images", "")
NOTES = (
    "rule: the first character, as lmms-eval reads it; the benchmark ranks likelihoods, VLMEvalKit infers",
)


def load(tree: Tree) -> QuestionSet:
    """Return the questions of the official file, or of a table."""
    patterns = ("**/SEED-Bench-2-plus*.json", "**/test*.parquet", "**/SEEDBench2_Plus*.tsv", "**/*.parquet",
                "**/*.json")  # fmt: skip
    questions = tuple(_question(tree, row) for row in rows(tree, *patterns, items="questions"))
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", *NOTES))


def _question(tree: Tree, row: BenchmarkRow) -> Question:
    options = [row.text(f"choice_{letter}", f"choice_{letter.upper()}", letter.upper()) for letter in "abcd"]
    image = row.images.get("image")
    name = image.id if image else row.text("data_id", "image")
    return Question(
        id=row.text("question_id", "index"), prompt=f"{row.text('question')}\n{lettered(options)}{LETTER}",
        image_id=name, image=image.fetch if image else files.image(tree, name, FOLDERS),
        category=row.text("question_image_type", "question_image_subtype", "category"),
        max_new_tokens=16, gold=row.text("answer").strip().upper(),
    )  # fmt: skip


def grade(question: Question, answer: str) -> Grade:
    """Grade by the first character, whatever follows it."""
    return right(first_letter(answer), question.gold)


SEED_BENCH_2_PLUS = Benchmark(
    name="seed-bench-2-plus",
    title="SEED-Bench-2-plus",
    files="SEED-Bench-2-plus.json and its images, or test-*.parquet",
    load=load,
    score=by_rule(grade, groups={"image types": category}),
    read=read,
)
