"""RealWorldQA: 765 questions about photographs, many taken from vehicles; each says how to answer.

Only data was published. Rule: where the gold is a letter, the letter an answer marks; else equality but for
capitals and a full stop at the end. The question brings its own instruction, so nothing is added.
"""

from vf_ray.eval.benchmark import Benchmark, Question, QuestionSet
from vf_ray.eval.itemwise import Grade, by_rule, read
from vf_ray.eval.prompts import lettered
from vf_ray.eval.rows import BenchmarkRow, rows
from vf_ray.eval.rules.letters import marked
from vf_ray.types import Tree

NOTES = (
    "rule: a marked letter where the gold is one, else equality without capitals and a last full stop, in "
    "the way of lmms-eval, for nobody published one; VLMEvalKit makes all of it lettered",
)


def load(tree: Tree) -> QuestionSet:
    """Return the questions of the published table."""
    questions = tuple(
        _question(number, row)
        for number, row in enumerate(rows(tree, "**/test*.parquet", "**/RealWorldQA*.tsv", "**/*.parquet"))
    )
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", *NOTES))


def _question(number: int, row: BenchmarkRow) -> Question:
    image, gold = row.image(), row.text("answer").strip()
    options = [row.text(letter) for letter in "ABCDE" if row.cells.get(letter) is not None]
    asked = row.text("question")
    return Question(
        id=row.text("index") if "index" in row.cells else str(number),
        prompt=f"{asked}\n{lettered(options)}" if options else asked,
        image_id=image.id, image=image.fetch, max_new_tokens=16, gold=gold,
    )  # fmt: skip


def grade(question: Question, answer: str) -> Grade:
    """Grade a letter as a letter, another answer as text."""
    gold = question.gold
    if gold.upper() in ("A", "B", "C", "D"):
        parsed = marked(answer)
        return Grade(parsed, float(parsed == gold.upper()))
    parsed = answer.lower().strip().rstrip(".")
    return Grade(parsed, float(parsed == gold.lower()))


REALWORLDQA = Benchmark(
    name="realworldqa",
    title="RealWorldQA",
    files="test-*.parquet of xai-org/RealworldQA",
    load=load,
    score=by_rule(grade),
    read=read,
)
