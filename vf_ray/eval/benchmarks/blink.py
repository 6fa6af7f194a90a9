"""BLINK, validation: 1,901 lettered questions of 14 visual tasks, many about several images.

Rule: zeyofu/BLINK_Benchmark ``test_benchmark.py``: a letter alone, or the one bracketed letter; what is left
is put to a judge, whose reply is taken as it stands. The figure is the mean of the tasks.
"""

from dataclasses import dataclass

from vf_ray.eval.benchmark import Answers, Benchmark, Question, QuestionSet, Score, ShownApart
from vf_ray.eval.benchmarks.ai2d import letter_of, options_of
from vf_ray.eval.counting import count
from vf_ray.eval.itemwise import Grade, category, items_of, percent, read, right, tabled
from vf_ray.eval.joined_images import beside
from vf_ray.eval.judge import Judge, Reply, Request
from vf_ray.eval.prompts import LONG_TOKENS
from vf_ray.eval.rows import BenchmarkRow, rows
from vf_ray.eval.rules import judged
from vf_ray.eval.rules.letters import bracketed
from vf_ray.eval.statistics import grouped, mean_of
from vf_ray.types import Tree

IMAGES = ("image_1", "image_2", "image_3", "image_4")
RULE = "rule: BLINK's own, the mean of its tasks; lmms-eval and VLMEvalKit print the plain accuracy"
SHOWN = "several images are drawn side by side, as BLINK does for models that take one"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlinkOptions:
    """A question without its options, and these."""

    letters: str
    options: tuple[str, ...]
    question: str


def load(tree: Tree) -> QuestionSet:
    """Return the questions of all tasks that are there."""
    table = rows(
        tree, "**/val*.parquet", "**/BLINK*.tsv", "**/*.parquet", images=(*IMAGES, "image"), folders=True
    )
    questions = tuple(_question(row) for row in table)
    notes = (f"questions: {len(questions):,}", RULE, SHOWN)
    return QuestionSet(questions=questions, notes=notes, as_one=SHOWN)


def _question(row: BenchmarkRow) -> Question:
    options = options_of(row)
    first, prompt = row.image(*IMAGES, "image"), row.text("prompt", "question")
    fetches = tuple(image.fetch for image in row.images.values())
    return Question(
        id=row.text("idx", "index"), prompt=prompt, image=beside(fetches),
        image_id="+".join(image.id for image in row.images.values()) if row.written else first.id,
        apart=ShownApart(prompt=prompt, images=fetches) if len(fetches) > 1 else None,
        category=row.text("sub_task", "category"), max_new_tokens=LONG_TOKENS,
        gold=letter_of(row, options),
        meta=BlinkOptions(
            letters="ABCDE"[: len(options)], options=tuple(options), question=row.text("question")
        ),
    )  # fmt: skip


def grade(question: Question, answer: str) -> Grade:
    """Grade without a judge; what names no letter is unparsable."""
    return right(bracketed(answer, question.meta.letters), question.gold)


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score the mean of the tasks; what the rule cannot read goes to the judge, or is wrong and counted."""
    ruled = items_of(question_set, answers, grade)
    items, replies = judged.of_unread(judge, question_set, ruled, _request, _letter)
    tasks = {name: percent(of) for name, of in grouped(items).items()}
    return Score(
        headline={"mean of tasks %": mean_of(list(tasks.values())), "accuracy %": percent(items)},
        tables={"tasks": tabled(question_set, items, category, "accuracy %")},
        counts=count(items), items=items, notes=(*question_set.notes, _note(judge)),
        records=replies.records, unusable=replies.unusable,
    )  # fmt: skip


def _note(judge: Judge | None) -> str:
    if judge is None:
        return "without a judge, what names no letter as the rule wants it is wrong"
    return f"what the rule could not read was read by {judge.name}, with our wording of the request"


def _letter(request: Request, reply: Reply) -> str | None:
    """Return the letter of a reply that is nothing but a letter in brackets."""
    text = reply.text or ""
    return text[1] if len(text) == 3 and text[0] == "(" and not reply.cut else None


def _request(question: Question, answer: str) -> Request:
    options = "\n".join(
        f"({letter}) {text}"
        for letter, text in zip(question.meta.letters, question.meta.options, strict=False)
    )
    user = (
        "Which option does this answer choose? Reply with its letter in brackets and nothing else, such as "
        f"(A), or with (Z) if it chooses none.\nQuestion: {question.meta.question}\n{options}\n"
        f"Answer: {answer}"
    )
    return Request(id=question.id, user=user, max_tokens=16)


BLINK = Benchmark(
    name="blink",
    title="BLINK (validation)",
    files="<task>/val-*.parquet of BLINK-Benchmark/BLINK",
    load=load,
    score=score,
    read=read,
    judged=True,
    parse=_letter,
)
