"""ScienceQA, test split: school questions with options, half of them about a picture.

Rule: LLaVA ``eval_science_qa.py``. An answer is a letter, a letter followed by ``. ``, or the one place
where it says "The answer is X" with one more character; all else fails. IMG is the share over
questions with a picture that were answered. Vision-Flan trains on ScienceQA: it is not held out there.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vf_ray.errors import UserError
from vf_ray.eval import files
from vf_ray.eval.answers import llava_jsonl
from vf_ray.eval.benchmark import Answers, Benchmark, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import count
from vf_ray.eval.itemwise import Grade, category, items_of, percent, right, tabled
from vf_ray.eval.judge import Judge
from vf_ray.eval.prompts import LETTER, LONG_TOKENS, lettered
from vf_ray.types import Tree

LETTERS = ("A", "B", "C", "D", "E")
"""The script's options, whatever a question has."""
_STATED = re.compile(r"The answer is ([A-Z]).")
RULE = (
    "rule: LLaVA's eval_science_qa.py, IMG over the answered; lmms-eval takes a letter in any case; "
    "Vision-Flan trains on ScienceQA"
)
LLAVA = "llava_test_CQM-A.json"
FOLDERS = ("images/test", "test", "images", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScienceKinds:
    """How many options a question has, and whether it shows an image."""

    options: int
    has_image: bool


def load(tree: Tree) -> QuestionSet:
    """Return the questions of the test split, in LLaVA's words where its question file is there."""
    problems = _object(tree, "problems.json")
    splits = _object(tree, "pid_splits.json", test=list)
    test = list(map(str, splits["test"]))
    absent = [identity for identity in test if identity not in problems]
    if absent:
        raise UserError(
            f"pid_splits.json names problem {absent[0]}, which problems.json lacks; take one version"
        )
    asked = _llava(tree)
    questions = tuple(_question(tree, identity, problems[identity], asked) for identity in test)
    source = LLAVA if asked else "worded here in its form"
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}; prompts: {source}", RULE))


def _object(tree: Tree, name: str, **kinds: files.Kind) -> dict[str, Any]:
    path = files.one_of(tree, name, f"data/scienceqa/{name}")
    return files.as_object(files.read_json(tree, path), path, **kinds)


def _llava(tree: Tree) -> dict[str, str]:
    if not tree.exists(LLAVA):
        return {}
    rows = files.as_objects(files.read_json(tree, LLAVA), LLAVA, id=files.IDENTITY, conversations=list)
    return {str(row["id"]): row["conversations"][0]["value"] for row in rows}


def _question(tree: Tree, identity: str, problem: Mapping[str, Any], asked: Mapping[str, str]) -> Question:
    files.as_object(problem, f"problems.json {identity}", question=str, choices=list, answer=int)
    if not 0 <= problem["answer"] < min(len(problem["choices"]), len(LETTERS)):
        raise UserError(f"problems.json {identity} has answer {problem['answer']}, none of its choices")
    image = problem.get("image")
    text = asked.get(identity) or _worded(problem)
    name = f"{identity}/{image}"
    return Question(
        id=identity,
        prompt=text.replace("<image>", "").strip() + LETTER,
        image_id=name if image else "",
        image=files.image(tree, name, FOLDERS) if image else None,
        category=str(problem.get("subject", "")),
        max_new_tokens=LONG_TOKENS,
        gold=LETTERS[problem["answer"]],
        meta=ScienceKinds(options=len(problem["choices"]), has_image=bool(image)),
    )


def _worded(problem: Mapping[str, Any]) -> str:
    hint = f"Context: {problem['hint']}\n" if problem.get("hint") else ""
    return f"{hint}{problem['question']}\n{lettered(list(map(str, problem['choices'])))}"


def parse(answer: str) -> str:
    """Return the letter of an answer, or nothing where the script says FAILED."""
    if answer in LETTERS:
        return answer
    if len(answer) >= 3 and answer[0] in LETTERS and answer[1:3] == ". ":
        return answer[0]
    stated = _STATED.findall(answer)
    return stated[0] if len(stated) == 1 else ""


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score all questions, and those with a picture among the answered ones."""
    items = items_of(question_set, answers, grade)
    pairs = list(zip(question_set.questions, items, strict=True))
    imaged = [item for question, item in pairs if question.meta.has_image and item.answer is not None]
    return Score(
        headline={"accuracy %": percent(items), "IMG accuracy %": percent(imaged)},
        tables={"subjects": tabled(question_set, items, category, "accuracy %")},
        counts=count(items),
        items=items,
        notes=(*question_set.notes, *_notes(pairs)),
    )


def _notes(pairs: Sequence[tuple[Question, Item]]) -> list[str]:
    left = sum(question.meta.has_image and item.answer is None for question, item in pairs)
    note = f"{left:,} unanswered questions with a picture are wrong, and left out of IMG as officially"
    return [note] if left else []


def grade(question: Question, answer: str) -> Grade:
    """Grade by the letter, if it is one of this question's."""
    letter = parse(answer)
    return right(letter if letter in LETTERS[: question.meta.options] else "", question.gold)


SCIENCEQA = Benchmark(
    name="scienceqa",
    title="ScienceQA (test)",
    files=f"problems.json, pid_splits.json, images/test/ (and {LLAVA})",
    load=load,
    score=score,
    read=llava_jsonl,
)
