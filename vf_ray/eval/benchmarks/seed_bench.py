"""SEED-Bench (the first): 19,242 lettered questions of twelve kinds, about pictures and video frames.

Rule: LLaVA's ``convert_seed_for_submission.py``: the answer must be the letter and nothing else. (The
benchmark's own metric ranks the likelihood of the four options, which needs the model itself.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vf_ray.errors import UserError
from vf_ray.eval import files
from vf_ray.eval.answers import llava_jsonl
from vf_ray.eval.benchmark import Answers, Benchmark, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import count
from vf_ray.eval.itemwise import Grade, category, items_of, percent, tabled
from vf_ray.eval.judge import Judge
from vf_ray.eval.prompts import LETTER, SHORT_TOKENS, lettered
from vf_ray.types import Tree

IMAGES, FRAMES = "SEED-Bench-image", "SEED-Bench-video-image"
LLAVA = "llava-seed-bench.jsonl"
CHOICES = tuple(map("choice_{}".format, "abcd"))
KINDS: Mapping[str, files.Kind] = {
    "question_id": files.IDENTITY, "question_type_id": files.IDENTITY, "data_id": files.IDENTITY,
    "question": str, "answer": str, **dict.fromkeys(CHOICES, (str, int, float)),
}  # fmt: skip
RULE = (
    "rule: LLaVA's exact letter, not the likelihood ranking of the benchmark; lmms-eval takes the first "
    "character, VLMEvalKit infers a letter"
)
VIDEO = ("10", "11", "12")
"""Kinds of question about video."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedKind:
    """Whether a question is about a video."""

    video: bool


def load(tree: Tree) -> QuestionSet:
    """Return the questions; one about video cannot be asked where LLaVA's file does not name its frame."""
    path = files.one_of(tree, "SEED-Bench.json", "seed_bench/SEED-Bench.json")
    whole = files.as_object(files.read_json(tree, path), path, question_type=dict, questions=list)
    rows = files.as_objects(whole["questions"], f"{path} questions", **KINDS)
    names = {str(number): kind for kind, number in whole["question_type"].items()}
    llava = _llava(tree)
    questions = [_question(tree, row, names, llava) for row in rows]
    if len({question.id for question in questions}) != len(questions):
        raise UserError(f"{path} holds a question_id twice; download it again")
    return QuestionSet(questions=tuple(questions), notes=(f"questions: {len(questions):,}", RULE))


def _llava(tree: Tree) -> dict[str, str]:
    """Return the picture of each question as LLaVA's question file names it."""
    if not tree.exists(LLAVA):
        return {}
    rows = files.json_lines(tree.read(LLAVA), LLAVA, question_id=files.IDENTITY, image=str)
    return {str(row["question_id"]): row["image"] for row in rows}


def _question(
    tree: Tree, row: Mapping[str, Any], names: Mapping[str, str], llava: Mapping[str, str]
) -> Question:
    identity, kind = str(row["question_id"]), str(row["question_type_id"])
    options = [str(row[name]) for name in CHOICES]
    if kind not in names:
        raise UserError(f"question {identity} is of type {kind}; SEED-Bench.json has {', '.join(names)}")
    video = row.get("data_type") == "video" or kind in VIDEO
    name = llava.get(identity, f"{IMAGES}/{row['data_id']}")
    lacks = f"{LLAVA}, which names the frames of videos" if video and identity not in llava else ""
    return Question(
        id=identity,
        prompt=f"{row['question']}\n{lettered(options)}{LETTER}",
        image_id=name,
        image=None if lacks else files.image(tree, name, ("", "seed_bench")),
        category=names[kind],
        max_new_tokens=SHORT_TOKENS,
        lacks=lacks,
        gold=row["answer"],
        meta=SeedKind(video=video),
    )


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score all, pictures, video, and each kind; a missing answer is wrong."""
    items = items_of(question_set, answers, grade)
    video = [i for q, i in zip(question_set.questions, items, strict=True) if q.meta.video]
    images = [i for q, i in zip(question_set.questions, items, strict=True) if not q.meta.video]
    headline = {"all %": items, "image %": images, "video %": video}
    return Score(
        headline={name: percent(members) for name, members in headline.items() if members},
        tables={"categories": tabled(question_set, items, category, "accuracy %")},
        counts=count(items),
        items=items,
        notes=(*question_set.notes, *_notes(items)),
    )


def _notes(items: Sequence[Item]) -> list[str]:
    missing = any(item.answer is None for item in items)
    return (
        ["missing answers are wrong; the official script stops while it writes them out"] if missing else []
    )


def grade(question: Question, answer: str) -> Grade:
    """Grade by equality, without any folding."""
    return Grade(answer if answer in ("A", "B", "C", "D") else "", float(answer == question.gold))


SEED_BENCH = Benchmark(
    name="seed-bench",
    title="SEED-Bench (1)",
    files=f"SEED-Bench.json, {IMAGES}/, and for video {FRAMES}/ with {LLAVA}",
    load=load,
    score=score,
    read=llava_jsonl,
)
