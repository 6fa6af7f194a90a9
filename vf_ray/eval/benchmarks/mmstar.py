"""MMStar: 1,500 lettered questions that cannot be answered without the image.

Rule: MMStar-Benchmark/MMStar ``mmstar.py``: the letter is looked for in four fixed places. The options stand
in the question. Its figures are divided by 1,500 and 250 there, here by the questions that are there.
"""

from dataclasses import dataclass

from vf_ray.eval.benchmark import Benchmark, Question, QuestionSet
from vf_ray.eval.itemwise import Grade, by_rule, category, meta, read
from vf_ray.eval.prompts import SHORT_TOKENS
from vf_ray.eval.rows import rows
from vf_ray.eval.rules.letters import chooses, first_characters
from vf_ray.types import Tree

SUFFIX = "\nAnswer with the option's letter from the given choices directly"
"""As lmms-eval asks it: without a full stop."""
WHOLE = 1500
NOTES = (
    "rule: MMStar's own: the gold letter stands first, behind (, behind option or behind the answer is; "
    "prompt: lmms-eval's; lmms-eval extracts a letter and averages 18 means, VLMEvalKit infers and asks a "
    "judge",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreAbility:
    """What a question needs, within its category."""

    l2: str


def load(tree: Tree) -> QuestionSet:
    """Return the questions of the published table."""
    questions = tuple(
        Question(
            id=row.text("index"), prompt=row.text("question").strip() + SUFFIX,
            image_id=row.image().id, image=row.image().fetch,
            category=row.text("category"), max_new_tokens=SHORT_TOKENS,
            gold=row.text("answer").strip(), meta=CoreAbility(l2=row.text("l2_category")),
        )
        for row in rows(tree, "**/*mmstar*.parquet", "**/val*.parquet", "**/MMStar*.tsv")
    )  # fmt: skip
    part = () if len(questions) == WHOLE else (f"a part of {WHOLE:,}: the official script divides by all",)
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", *NOTES, *part))


def grade(question: Question, answer: str) -> Grade:
    """Grade by the official places; what is read from the answer is the first letter they give."""
    gold = question.gold
    right = chooses(answer, gold)
    return Grade(gold.upper() if right else first_characters(answer), float(right))


MMSTAR = Benchmark(
    name="mmstar",
    title="MMStar",
    files="mmstar.parquet of Lin-Chen/MMStar, or MMStar.tsv",
    load=load,
    score=by_rule(grade, groups={"categories": category, "core abilities": meta("l2")}),
    read=read,
)
