"""AI2D, test: 3,088 lettered questions about diagrams.

Nobody published a scorer. Rule: lmms-eval's: the letter of a leading ``A.``, else the whole answer, compared
without capitals and punctuation. Two variants are in use, with and without masked labels; figures differ.
"""

from collections.abc import Sequence

from vf_ray.errors import UserError
from vf_ray.eval.benchmark import Benchmark, Question, QuestionSet
from vf_ray.eval.itemwise import Grade, by_rule, read, right
from vf_ray.eval.prompts import LETTER, lettered
from vf_ray.eval.rows import BenchmarkRow, rows
from vf_ray.eval.rules.letters import leading
from vf_ray.types import Tree

NOTES = (
    "rule: lmms-eval's exact match of a letter, for nobody published one; VLMEvalKit infers and asks a judge",
    "variant: the published sets with masked and with unmasked labels differ clearly; name the one you took",
)
LETTERS = "ABCDEFGHIJ"


def load(tree: Tree) -> QuestionSet:
    """Return the questions of a table with options in a list, or in columns A to D."""
    questions = tuple(
        _question(number, row)
        for number, row in enumerate(rows(tree, "**/test*.parquet", "**/AI2D*.tsv", "**/*.parquet"))
    )
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", *NOTES))


def options_of(row: BenchmarkRow) -> Sequence[str]:
    """Return a row's options: a list, or those columns from A on that are filled."""
    if "options" in row.cells or "choices" in row.cells:
        return row.texts("options", "choices")
    return [row.text(letter) for letter in LETTERS if row.cells.get(letter) is not None]


def letter_of(row: BenchmarkRow, options: Sequence[str]) -> str:
    """Return the right letter, published as such or as a number from 0.

    Raises:
        ValueError: if it is none of the options'.
    """
    gold = row.text("answer").strip()
    letter = LETTERS[int(gold)] if gold.isdecimal() and int(gold) < len(LETTERS) else gold.strip("()").upper()
    if letter not in LETTERS[: len(options)] or not letter:
        raise UserError(f"{row.where} has the answer {gold!r} and {len(options)} options")
    return letter


def _question(number: int, row: BenchmarkRow) -> Question:
    options = options_of(row)
    image = row.image()
    return Question(
        id=row.text("index") if "index" in row.cells else str(number),
        prompt=f"{row.text('question')}\n{lettered(options)}{LETTER}",
        image_id=image.id, image=image.fetch, max_new_tokens=16,
        gold=letter_of(row, options),
    )  # fmt: skip


def grade(question: Question, answer: str) -> Grade:
    """Grade by the letter and nothing else."""
    return right(leading(answer), question.gold)


AI2D = Benchmark(
    name="ai2d",
    title="AI2D (test)",
    files="test-*.parquet of lmms-lab/ai2d or ai2d-no-mask, or AI2D_TEST.tsv",
    load=load,
    score=by_rule(grade),
    read=read,
)
