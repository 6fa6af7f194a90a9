"""MMHal-Bench: 96 questions that invite hallucination, each answer rated from 0 to 6 by a judge.

Rule: Shengcao1006/MMHal-Bench ``eval_gpt4.py``: of the ratings 0 to 6 the one that stands as ``rating: N``;
none or several count 0. The kind of a question is its place in the file, not a field. The judge's
instructions are read from the evaluator in the data folder; where it is not there, ours are used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from vf_ray.errors import UserError
from vf_ray.eval import files
from vf_ray.eval.benchmark import Answers, Benchmark, Figure, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import UNGRADED, count, graded
from vf_ray.eval.itemwise import Grade, items_of, read
from vf_ray.eval.judge import Judge, Reply, Request
from vf_ray.eval.judges.judging import Judged
from vf_ray.eval.prompts import LONG_TOKENS
from vf_ray.eval.rows import BenchmarkRow, rows
from vf_ray.eval.rules import judged
from vf_ray.eval.rules.grades import rating
from vf_ray.eval.statistics import grouped, mean, proportion
from vf_ray.types import Tree

KINDS = (
    "attribute", "adversarial", "comparison", "counting", "relation", "environment", "holistic", "other",
)  # fmt: skip
FOLDERS = ("images", "")
HALLUCINATED = 3
"""A lower rating is a hallucination."""
EVALUATOR = "eval_gpt4.py"
OURS = (
    "Rate how good an answer about an image is. You cannot see the image; you are told what it shows, and "
    "given a standard answer by a person. What the answer says and neither supports is a hallucination. "
    "Without hallucination: 6 very informative, 5 somewhat informative, 4 correct but not very informative, "
    "3 no information. With hallucination: 2 very informative, 1 somewhat informative, 0 not informative. "
    "End with a line that reads rating: and the number.\n\nImage contents: {}\nQuestion: {}\n"
    "Standard answer: {}\nAnswer to rate: {}"
)
BLANKS = ("contents", "question", "gold", "answer")
"""What is filled in, in this order."""
RULE = "rule: MMHal-Bench's own; drift between judges is large, so name yours beside the figure"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageContents:
    """What an image shows."""

    contents: str


def load(tree: Tree) -> QuestionSet:
    """Return the questions, and the judge's instructions."""
    table = rows(tree, "**/response_template.json", "**/*.json", "**/*.parquet")
    questions = tuple(_question(tree, number, row) for number, row in enumerate(table))
    template, note = _template(tree)
    notes = (f"questions: {len(questions):,}", RULE, note)
    return QuestionSet(questions=questions, notes=notes, extra=template)


def _question(tree: Tree, number: int, row: BenchmarkRow) -> Question:
    image = row.images.get("image")
    name = row.text("image_src").rpartition("/")[2]
    contents = ", ".join(row.texts("image_content"))
    return Question(
        id=str(number), prompt=row.text("question"), image_id=name,
        image=image.fetch if image else files.image(tree, name, FOLDERS),
        category=KINDS[number % len(KINDS)], max_new_tokens=LONG_TOKENS,
        gold=row.text("gt_answer"), meta=ImageContents(contents=contents),
    )  # fmt: skip


def _template(tree: Tree) -> tuple[str, str]:
    for path in tree.glob(f"**/{EVALUATOR}"):
        template = files.assigned(tree.read(path), path, "template")
        try:
            template.format(*BLANKS)
        except (LookupError, ValueError) as error:
            raise UserError(f"{path}: its template does not take {', '.join(BLANKS)} ({error!r})") from error
        return template, f"judge's instructions: {path}"
    return OURS, f"judge's instructions: ours, because {EVALUATOR} is not in the data folder"


def _rated(request: Request, reply: Reply) -> int | None:
    return rating(reply.text or "")


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score the mean rating and the share of hallucinations.

    Raises:
        ValueError: without a judge.
    """
    if judge is None:
        raise UserError("mmhal-bench is graded by a judge; give one with --judge or evaluate.judge")
    replies = judged.of_all(judge, question_set, answers, partial(_request, question_set.extra), _rated)
    items = items_of(question_set, answers, partial(_grade, replies), judged.UNANSWERED)
    return Score(
        headline=_figures(items),
        tables={"kinds": {name: _figures(of) for name, of in grouped(graded(items)).items()}},
        counts=count(items, judged=sum(item.how == "judge" for item in items), ungraded=len(replies.failed)),
        items=items, notes=(*question_set.notes, f"judge: {judge.name}"), records=replies.records,
        unusable=replies.unusable,
    )  # fmt: skip


def _request(template: str, question: Question, answer: str) -> Request:
    filled = template.format(question.meta.contents, question.prompt, question.gold, answer)
    return Request(id=question.id, user=filled, max_tokens=1024)


def _grade(replies: Judged[int], question: Question, answer: str) -> Grade:
    if question.id in replies.verdicts:
        stated = replies.verdicts[question.id]
        return Grade(str(stated), float(stated), "judge")
    return Grade("", 0.0, UNGRADED if question.id in replies.failed else "fallback")


def _figures(all_items: Sequence[Item]) -> Mapping[str, Figure]:
    items = graded(all_items)
    low = proportion([float(item.value < HALLUCINATED) for item in items], [item.cluster for item in items])
    return {
        "average score": mean([item.value for item in items], [item.cluster for item in items]),
        "hallucination rate": low,
    }


MMHAL_BENCH = Benchmark(
    name="mmhal-bench",
    title="MMHal-Bench",
    files=f"response_template.json and its images (and {EVALUATOR} for the judge's instructions)",
    load=load,
    score=score,
    read=read,
    judged=True,
    parse=_rated,
    needs_judge=True,
    better={"hallucination rate": "less"},
)
