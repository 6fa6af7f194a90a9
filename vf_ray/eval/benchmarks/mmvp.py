"""MMVP: 150 pairs of images that look alike to CLIP; a pair counts if both questions are right.

Rule: tsb0601/MMVP ``gpt_grader.py``: a judge says yes or no and nothing else. Without a judge, the letter
that the answer marks. lmms-eval takes a corrected copy, in which the answers of two pairs are swapped.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from vf_ray.eval import files
from vf_ray.eval.benchmark import Answers, Benchmark, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import count
from vf_ray.eval.itemwise import Grade, items_of, percent, read, right
from vf_ray.eval.judge import Judge, Reply, Request
from vf_ray.eval.judges.judging import Judged
from vf_ray.eval.prompts import LONG_TOKENS
from vf_ray.eval.rows import BenchmarkRow, rows
from vf_ray.eval.rules import judged
from vf_ray.eval.rules.letters import marked
from vf_ray.eval.rules.paired_groups import all_right
from vf_ray.types import Tree

FOLDERS = ("MMVP Images", "MMVP_Images", "images", "")
SYSTEM = "You compare an answer with the correct answer. You reply only with yes or no."
RULE = (
    "rule: MMVP's judge says yes or no, our wording of the request; without one, the letter an answer marks"
)


def load(tree: Tree) -> QuestionSet:
    """Return the questions of the published table."""
    table = rows(tree, "**/Questions.csv", "**/*.csv", "**/MMVP*.tsv", "**/*.parquet")
    questions = tuple(_question(tree, number, row) for number, row in enumerate(table, start=1))
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", RULE))


def _question(tree: Tree, number: int, row: BenchmarkRow) -> Question:
    named = {"lndex", "Index", "index"} & set(row.cells)
    identity = row.text("Index", "lndex", "index") if named else str(number)
    image = row.images.get("image")
    asked, options = row.text("Question", "question"), row.text("Options", "options")
    return Question(
        id=identity, prompt=f"{asked} {options}", image_id=f"{identity}.jpg",
        image=image.fetch if image else files.image(tree, f"{identity}.jpg", FOLDERS),
        max_new_tokens=LONG_TOKENS,
        gold=row.text("Correct Answer", "answer").strip(),
    )  # fmt: skip


def by_letter(question: Question, answer: str) -> Grade:
    """Grade by the letter, where there is no judge."""
    letter = marked(answer) or marked(answer.strip().upper())
    return right(f"({letter.lower()})" if letter else "", question.gold.lower())


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score pairs, and single answers."""
    replies = judged.of_all(judge, question_set, answers, _request, _said)
    items = items_of(question_set, answers, partial(_grade, replies))
    return Score(
        headline={"pairs %": percent(pairs(items)), "answers %": percent(items)}, tables={},
        counts=count(items, pairs=len(pairs(items))), items=items,
        notes=(
            *question_set.notes,
            f"judge: {judge.name}" if judge else "no judge: this is not MMVP's own figure",
        ),
        records=replies.records, unusable=replies.unusable,
    )  # fmt: skip


def _said(request: Request, reply: Reply) -> str | None:
    """Return yes or no, if that is all of a reply."""
    lowered = (reply.text or "").lower()
    return lowered if re.match(r"^(yes|no)$", lowered) and not reply.cut else None


def _grade(replies: Judged[str], question: Question, answer: str) -> Grade:
    """Grade by the verdict, by the letter where none came; what cannot be read is officially wrong."""
    if question.id in replies.verdicts:
        verdict = replies.verdicts[question.id]
        return Grade(verdict, float(verdict == "yes"), "judge")
    if question.id in replies.unread:
        return Grade("", 0.0, "fallback")
    ruled = by_letter(question, answer)
    return replace(ruled, how="fallback") if question.id in replies.failed else ruled


def _request(question: Question, answer: str) -> Request:
    user = (
        f"Question: {question.prompt}\nCorrect answer: {question.gold}\nAnswer: {answer}\n"
        "Is the answer correct?"
    )
    return Request(id=question.id, user=user, system=SYSTEM, max_tokens=8)


def pairs(items: Sequence[Item]) -> list[Item]:
    """Return one item for each pair of neighbours, right if both are."""
    places = {item.id: place for place, item in enumerate(items)}
    return all_right(items, lambda item: str(places[item.id] // 2))


MMVP = Benchmark(
    name="mmvp",
    title="MMVP",
    files="Questions.csv and 'MMVP Images/' of MMVP/MMVP",
    load=load,
    score=score,
    read=read,
    units=pairs,
    together=lambda questions: [str(place // 2) for place in range(len(questions))],
    judged=True,
    parse=_said,
)
