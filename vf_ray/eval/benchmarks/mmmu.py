"""MMMU, validation: college questions of thirty subjects, lettered or open.

Rule: MMMU-Benchmark/MMMU ``eval/eval_utils.py``. What names no option is drawn at random there, with
``random.seed(42)`` over the items in order; the same draw is made here, in the order of the subjects,
and counted as fallback. Prompt: its ``configs/llava1.5.yaml``. Decoding differs: the official LLaVA
script samples with five beams and crops the picture; here it is greedy, padded like every other. A model
that takes several pictures is shown all, each where it is named, as lmms-eval and VLMEvalKit do.
"""

import ast
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from vf_ray.errors import UserError
from vf_ray.eval import answers as read_answers
from vf_ray.eval import files
from vf_ray.eval.benchmark import Answers, Benchmark, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import count, left_out
from vf_ray.eval.itemwise import Grade, items_of
from vf_ray.eval.joined_images import one_by_one
from vf_ray.eval.judge import Judge
from vf_ray.eval.prompts import LETTER, SHORT, SHORT_TOKENS, lettered
from vf_ray.eval.rows import BenchmarkRow, rows
from vf_ray.eval.rules.mmmu import candidates, chosen, is_right
from vf_ray.eval.statistics import grouped, of_items
from vf_ray.types import Tree

SEED = 42
DOMAINS: Mapping[str, tuple[str, ...]] = {
    "Art and Design": ("Art", "Art_Theory", "Design", "Music"),
    "Business": ("Accounting", "Economics", "Finance", "Manage", "Marketing"),
    "Science": ("Biology", "Chemistry", "Geography", "Math", "Physics"),
    "Health and Medicine": (
        "Basic_Medical_Science", "Clinical_Medicine", "Diagnostics_and_Laboratory_Medicine", "Pharmacy",
        "Public_Health",
    ),
    "Humanities and Social Science": ("History", "Literature", "Sociology", "Psychology"),
    "Tech and Engineering": (
        "Agriculture", "Architecture_and_Engineering", "Computer_Science", "Electronics", "Energy_and_Power",
        "Materials", "Mechanical_Engineering",
    ),
}  # fmt: skip
TABLES = "**/validation-*.parquet"
ANSWERS = "answer_dict_val.json"
RULE = (
    "rule: MMMU's parse and eval, over the answers that are there; eval-only is its other script, for "
    "answers that are letters already; lmms-eval and VLMEvalKit read answers otherwise"
)
IMAGES = "of several pictures only the first is shown, and none where options are pictures, as officially"
IMAGE_COLUMNS = tuple(f"image_{number}" for number in range(1, 8))
SHOWN = IMAGE_COLUMNS[0]
"""The one picture that the official LLaVA script gives to the model."""
IMAGE_NAME = re.compile(r"<image \d+>")


@dataclass(frozen=True, slots=True, kw_only=True)
class MmmuOptions:
    """What a question may be answered with."""

    options: tuple[str, ...]
    """Empty where the files do not hold them."""
    open: bool
    """Whether it is answered in words of one's own."""


def load(tree: Tree) -> QuestionSet:
    """Return the validation questions; from the answer dictionary alone where there are no tables."""
    paths = tree.glob(TABLES)
    if paths:
        questions = tuple(_question(row) for row in rows(tree, TABLES, images=IMAGE_COLUMNS, folders=True))
        return QuestionSet(
            questions=questions,
            notes=(f"questions: {len(questions):,} of {len(paths)} tables", RULE, IMAGES),
            as_one=IMAGES,
        )
    path = files.one_of(tree, ANSWERS, f"eval/{ANSWERS}", f"mmmu/eval/{ANSWERS}")
    golds = files.as_object(files.read_json(tree, path), path)
    note = (
        f"{ANSWERS} alone: without the options, a lettered answer must be the letter (the official eval_only)"
    )
    kinds: Mapping[str, files.Kind] = {"question_type": str, "ground_truth": (str, int, float, list)}
    questions = tuple(
        _bare(identity, files.as_object(gold, f"{path} {identity}", **kinds))
        for identity, gold in golds.items()
    )
    return QuestionSet(questions=questions, notes=(note, RULE))


def _question(row: BenchmarkRow) -> Question:
    identity = row.text("id")
    options = _literal(row.text("options"), f"{row.where} options")
    golds = _golds(row.text("answer"))
    open_ended = row.text("question_type") != "multiple-choice"
    prompt = _prompt(row.text("question"), options, open_ended)
    fetches = {f"<{column.replace('_', ' ')}>": image.fetch for column, image in row.images.items()}
    image = row.image(SHOWN).fetch if len(IMAGE_NAME.findall(" ".join(options))) <= 1 else None
    return Question(
        id=identity,
        prompt=prompt,
        image_id=identity if image else "",
        image=image,
        apart=one_by_one(prompt, IMAGE_NAME, fetches),
        category=subject(identity),
        max_new_tokens=SHORT_TOKENS,
        gold=" | ".join(golds),
        golds=golds,
        meta=MmmuOptions(options=tuple(options), open=open_ended),
    )


def _prompt(question: str, options: Sequence[str], open_ended: bool) -> str:
    if open_ended:
        return question + SHORT
    return f"{question}\n{lettered(options, '({letter}) {text}')}\n{LETTER}"


def _golds(text: str) -> tuple[str, ...]:
    """Return the accepted answers: one, or those of a list in text form."""
    if text.startswith("[") and text.endswith("]"):
        return tuple(_literal(text, f"answer {text[:40]!r}"))
    return (text,)


def _literal(text: str, where: str) -> list[str]:
    """Return a list that is written as text."""
    try:
        return [str(item) for item in ast.literal_eval(text)]
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise UserError(f"{where} is no list ({error}); download the table again") from error


def _bare(identity: str, gold: Mapping[str, Any]) -> Question:
    truth = gold["ground_truth"]
    golds = tuple(map(str, truth)) if isinstance(truth, list) else (str(truth),)
    return Question(
        id=identity,
        prompt="",
        category=subject(identity),
        gold=" | ".join(golds),
        golds=golds,
        meta=MmmuOptions(options=(), open=gold["question_type"] != "multiple-choice"),
    )


def subject(identity: str) -> str:
    """Return the subject of an id such as ``validation_Art_Theory_3``."""
    return "_".join(identity.split("_")[1:-1])


def read(path: Path, question_set: QuestionSet) -> dict[str, str]:
    """Read MMMU's output: id to answer, a list of {id, response}, or a folder of subjects with such lists."""
    if path.is_dir():
        records = [record for file in sorted(path.glob("*/output.json")) for record in _records(file)]
    elif path.suffix.lower() == ".jsonl":
        return read_answers.llava_jsonl(path, question_set)
    else:
        records = _records(path)
    return read_answers.keyed(records, question_set, path.name, lambda record: str(record["id"]))


def _records(path: Path) -> list[dict[str, Any]]:
    whole = read_answers.whole(path)
    if isinstance(whole, dict):
        return [{"id": identity, "text": text} for identity, text in whole.items()]
    return files.as_objects(whole, path.name, id=files.IDENTITY, response=object)


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score all items alike, by subject and by domain."""
    chance = random.Random(SEED)
    items = items_of(question_set, answers, partial(_grade, chance))
    scored = [item for item in items if item.answer is not None]
    letters = [
        item if q.meta.open else replace(item, value=float(item.answer in q.golds))
        for q, item in zip(question_set.questions, items, strict=True)
        if item.answer is not None
    ]
    subjects = grouped(scored)
    domains = {
        name: [item for subject_name in names for item in subjects.get(subject_name, ())]
        for name, names in DOMAINS.items()
    }
    return Score(
        headline={
            "accuracy %": of_items(scored).times(100),
            "eval-only accuracy %": of_items(letters).times(100),
        },
        tables={
            "domains": {name: {"accuracy %": of_items(of).times(100)} for name, of in domains.items() if of},
            "subjects": {name: {"accuracy %": of_items(of).times(100)} for name, of in subjects.items()},
        },
        counts=count(items),
        items=items,
        notes=(*question_set.notes, *_notes(items)),
    )


def _notes(items: Sequence[Item]) -> list[str]:
    drawn = sum(item.how == "fallback" for item in items)
    notes = [f"{drawn:,} answers name no option: one is drawn at random, as officially"] if drawn else []
    return [*notes, *left_out(items)]


def _grade(chance: random.Random, question: Question, answer: str) -> Grade:
    known: MmmuOptions = question.meta
    if known.open:
        read_as = candidates(answer)
        return Grade(" | ".join(sorted(map(str, read_as))), float(is_right(read_as, question.golds)))
    if not known.options:
        return Grade(answer, float(answer in question.golds))
    if letter := chosen(answer, known.options):
        return Grade(letter, float(letter in question.golds))
    drawn = chance.choice([chr(ord("A") + n) for n in range(len(known.options))])
    return Grade(drawn, float(drawn in question.golds), "fallback")


MMMU = Benchmark(
    name="mmmu",
    title="MMMU (validation)",
    files="<subject>/validation-*.parquet of MMMU/MMMU, or answer_dict_val.json to score answers only",
    load=load,
    score=score,
    read=read,
)
