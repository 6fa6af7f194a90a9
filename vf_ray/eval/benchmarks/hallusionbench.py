"""HallusionBench: yes/no questions about pictures that fool, some of them altered.

Rule: tianyi-lab/HallusionBench ``utils.py``: a language model says of each answer whether it is
correct, incorrect or unclear; where no picture is needed and none was shown (VS, figure 0) unclear is
right too. aAcc is over questions, qAcc over questions with all their pictures, fAcc over pictures with
all their questions, VS without its figure 0. Without a judge the first yes or no decides, counted as
fallback.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from vf_ray.errors import UserError
from vf_ray.eval import answers as read_answers
from vf_ray.eval import files
from vf_ray.eval.benchmark import Answers, Benchmark, Figure, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import count
from vf_ray.eval.itemwise import Grade, items_of
from vf_ray.eval.judge import Judge, Reply, Request
from vf_ray.eval.prompts import LONG_TOKENS
from vf_ray.eval.rules import judged
from vf_ray.eval.rules.hallusion import (
    CORRECT,
    INCORRECT,
    UNCLEAR,
    ControlPlace,
    MarkedQuestions,
    all_right,
    by_figure,
    by_question,
    diagnosis,
    is_bare,
)
from vf_ray.eval.rules.yes_no import first_word
from vf_ray.eval.statistics import of_items
from vf_ray.types import Tree

KEYS = ("category", "subcategory", "set_id", "figure_id", "question_id")
"""What together names a question."""
KINDS: Mapping[str, files.Kind] = {
    "category": str, "subcategory": str, "set_id": files.IDENTITY, "figure_id": files.IDENTITY,
    "question_id": files.IDENTITY, "question": str, "gt_answer": files.IDENTITY,
}  # fmt: skip
OURS = (
    "You grade answers to yes-or-no questions about pictures. Compare the prediction with the reference "
    "answer. "
    "Reply with one word: correct if it agrees with it, incorrect if it contradicts it, unclear if it "
    "takes no "
    "side or says that it cannot tell.\n"
)
_FIRST = re.compile(rf"\W*({INCORRECT}|{CORRECT}|{UNCLEAR})\b.", re.DOTALL)


def load(tree: Tree) -> QuestionSet:
    """Return the questions, with a picture where they have one."""
    path = files.one_of(tree, "HallusionBench.json", "hallusion_bench/HallusionBench.json")
    rows = files.as_objects(files.read_json(tree, path), path, **KINDS)
    questions = tuple(_question(tree, row) for row in rows)
    if len({question.id for question in questions}) != len(questions):
        raise UserError(f"{path} holds a question twice; download it again")
    shown = sum(question.image is not None for question in questions)
    return QuestionSet(
        questions=questions,
        notes=(f"questions: {len(questions):,}, {shown:,} with a picture", RULE, JUDGING),
    )


RULE = (
    "rule: HallusionBench's utils.py over every question, prompt: the question alone; VLMEvalKit asks those "
    "with a picture only and looks for yes or no"
)
JUDGING = "judge's instructions: ours; the official ones are part of its code"


def _question(tree: Tree, row: Mapping[str, Any]) -> Question:
    shown = bool(row.get("filename")) and str(row.get("visual_input")) != "0"
    name = str(row.get("filename") or "").removeprefix("./")
    return Question(
        id=_identity(row),
        prompt=row["question"],
        image_id=name if shown else "",
        image=files.image(tree, name, ("", "hallusion_bench", "images")) if shown else None,
        category=f"{row['category']}/{row['subcategory']}",
        max_new_tokens=LONG_TOKENS,
        gold=str(row["gt_answer"]),
        meta=ControlPlace(
            details=row.get("gt_answer_details") or "",
            figure=str(row["figure_id"]),
            altered=str(row.get("visual_input")) == "2",
            by_question=(row["category"], row["subcategory"], str(row["set_id"]), str(row["question_id"])),
            by_figure=(row["category"], row["subcategory"], str(row["set_id"]), str(row["figure_id"])),
        ),
    )


def _identity(row: Mapping[str, Any]) -> str:
    return "/".join(str(row[key]) for key in KEYS)


def read(path: Path, question_set: QuestionSet) -> dict[str, str]:
    """Read the benchmark's own list with ``model_prediction`` filled in, or LLaVA's answer file."""
    if path.suffix.lower() == ".jsonl":
        return read_answers.llava_jsonl(path, question_set)
    rows = files.as_objects(read_answers.whole(path), path.name)
    filled = [{**row, "text": row["model_prediction"]} for row in rows if "model_prediction" in row]
    return read_answers.keyed(filled, question_set, path.name, _identity)


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score questions, questions across pictures, and pictures; a missing answer is wrong."""
    replies = judged.of_all(judge, question_set, answers, _request, verdict)
    verdicts = {**replies.verdicts, **dict.fromkeys(replies.unread, UNCLEAR)}  # as officially
    ruled = items_of(question_set, answers, partial(_grade, verdicts), judged.UNANSWERED)
    items = [replace(item, gold="yes" if item.gold == "1" else "no") for item in ruled]
    pairs = list(zip(question_set.questions, items, strict=True))
    return Score(
        headline=_figures(pairs),
        tables={
            "categories": {name: _figures(_of(pairs, name)) for name in _categories(items)},
            **diagnosis(pairs),
        },
        counts=count(items, judged=sum(item.how == "judge" for item in items)),
        items=items,
        notes=(*question_set.notes, _note(items, judge)),
        records=replies.records,
        unusable=replies.unusable,
    )


def _categories(items: Sequence[Item]) -> list[str]:
    return list(dict.fromkeys([*(i.category.split("/")[0] for i in items), *(i.category for i in items)]))


def _of(pairs: MarkedQuestions, name: str) -> MarkedQuestions:
    return [pair for pair in pairs if name in (pair[1].category, pair[1].category.split("/")[0])]


def _note(items: Sequence[Item], judge: Judge | None) -> str:
    ruled = sum(item.how == "fallback" for item in items)
    if judge is None:
        return f"no judge: the first yes or no of each answer decided all {ruled:,} items"
    return f"judge: {judge.name}; {ruled:,} items decided by the first yes or no instead"


def _request(question: Question, answer: str) -> Request:
    gold = {"1": "Yes", "0": "No"}.get(question.gold, question.gold)
    reference = f"{gold}. {question.meta.details}".strip()
    user = f"{OURS}Question: {question.prompt}\nReference answer: {reference}\nPrediction: {answer}\nVerdict:"
    return Request(id=question.id, user=user, max_tokens=16)


def verdict(request: Request, reply: Reply) -> str | None:
    """Return what a judge said, as officially: ``incorrect`` before ``correct``; None for neither.

    Where it was cut off, only what it began with counts.
    """
    text = (reply.text or "").lower()
    if reply.cut:
        first = _FIRST.match(text)
        return first[1] if first else None
    return next((word for word in (INCORRECT, CORRECT, UNCLEAR) if word in text), None)


def by_rule(answer: str, gold: str) -> str:
    """Return the verdict of the first yes or no in an answer."""
    word = first_word(answer.lower())
    if not word:
        return UNCLEAR
    return CORRECT if (word == "yes") == (gold == "1") else INCORRECT


def _grade(verdicts: Mapping[str, str], question: Question, answer: str) -> Grade:
    verdict = verdicts.get(question.id) or by_rule(answer, question.gold)
    right = verdict == CORRECT or (verdict == UNCLEAR and is_bare(question))
    return Grade(verdict, float(right), "judge" if question.id in verdicts else "fallback")


def _figures(pairs: MarkedQuestions) -> dict[str, Figure]:
    figures = [(question, item) for question, item in pairs if not is_bare(question)]
    return {
        "aAcc %": of_items([item for _, item in pairs]).times(100),
        "qAcc %": all_right(pairs, by_question).times(100),
        "fAcc %": all_right(figures, by_figure).times(100),
    }


HALLUSIONBENCH = Benchmark(
    name="hallusionbench",
    title="HallusionBench",
    files="HallusionBench.json and hallusion_bench/ with its pictures",
    load=load,
    score=score,
    read=read,
    together=lambda questions: ["/".join(question.meta.by_question[:3]) for question in questions],
    judged=True,
    parse=verdict,
)
