"""MMBench: lettered questions, each asked with its options rotated; right only if right every time.

The published table already holds the rotations: rotation r of a question has the index
``index + r * 1,000,000``. Source of the rule: OpenCompass VLMEvalKit (``image_mcq.py``), of the prompt:
LLaVA's ``model_vqa_mmbench.py`` with ``--single-pred-prompt``.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile
from pathlib import Path

from vf_ray.errors import UserError
from vf_ray.eval import answers as read_answers
from vf_ray.eval import files, table_files
from vf_ray.eval.benchmark import Answers, Benchmark, Figure, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import count
from vf_ray.eval.itemwise import Grade, items_of, right
from vf_ray.eval.judge import Judge, Reply, Request
from vf_ray.eval.prompts import LETTER, LONG_TOKENS, lettered
from vf_ray.eval.rules import judged
from vf_ray.eval.rules.options import PANDAS_NA, infer
from vf_ray.eval.rules.paired_groups import all_right
from vf_ray.eval.statistics import by_category, of_items
from vf_ray.types import Tree

ROTATION = 1_000_000
LETTERS = "ABCDE"
NOTHING = "\0"
"""A text of an option that no reply holds."""
_FIRST = re.compile(r"\W*([A-EZ])\b.", re.DOTALL)
RULE = (
    "rule: CircularEval over the rows that are there, letters as VLMEvalKit infers them; prompt: LLaVA's; "
    "lmms-eval differs in both"
)
SHORTEST_IMAGE = 64
"""A shorter image cell is the index of the row that holds the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MmbenchOptions:
    """A question without its options, these by letter, and its broader category."""

    options: Mapping[str, str]
    l2: str
    question: str


def load(tree: Tree) -> QuestionSet:
    """Return one question for each row of the table."""
    return load_table(tree, ("mmbench*.tsv", "MMBench*.tsv", "*.tsv"), LETTER)


def load_table(tree: Tree, patterns: Sequence[str], suffix: str) -> QuestionSet:
    """Return one question for each row of the only table of a name, asked with ``suffix`` at its end.

    Raises:
        MissingError: if there is no such table.
        UserError: if it is damaged, or a test split's.
    """
    name = files.the_one(tree, *patterns)
    rows = table_files.tsv(tree.read(name), name, "index", "question", "answer")
    images = {row["index"]: row.get("image", "") for row in rows}
    if strange := [index for index in images if not index.isascii() or not index.isdigit()]:
        raise UserError(f"{name} has the index {strange[0]!r}; expected a whole number")
    if len(images) != len(rows):
        raise UserError(f"{name} holds one index twice; keep a single version of the table")
    questions = tuple(_question(row, images, name, suffix) for row in rows)
    groups = len({_group(question.id) for question in questions})
    note = f"{name}: {groups:,} questions in {len(questions):,} rows"
    return QuestionSet(questions=questions, notes=(note, RULE))


def _question(row: Mapping[str, str], images: Mapping[str, str], name: str, suffix: str) -> Question:
    if row.get("answer", "") in PANDAS_NA:
        raise UserError(
            f"{name} index {row['index']} has no answer, as in a test split; take the dev split, or a table "
            "with answers"
        )
    written = [letter for letter in LETTERS if row.get(letter)]
    if row["answer"] not in written:
        raise UserError(
            f"{name} index {row['index']} has the answer {row['answer']!r}, options {', '.join(written)}"
        )
    hint = "" if row.get("hint", "") in PANDAS_NA else row["hint"] + "\n"
    image = row.get("image", "")
    if len(image) <= SHORTEST_IMAGE:
        image = images.get(image, image)
    return Question(
        id=row["index"],
        prompt="\n".join(filter(None, (f"{hint}{row['question']}", lettered(_shown(row))))) + suffix,
        image_id=hashlib.sha256(image.encode()).hexdigest()[:16],
        image=partial(table_files.base64_image, image, f"{name} index {row['index']}"),
        category=row.get("category", ""),
        max_new_tokens=LONG_TOKENS,
        gold=row["answer"],
        meta=MmbenchOptions(
            options=choices(row), l2=row.get("l2-category", ""), question=row["question"]
        ),
    )  # fmt: skip


def choices(row: Mapping[str, str]) -> dict[str, str]:
    """Return the options an answer may choose: all but those that the official matcher reads as missing."""
    return {letter: row[letter] for letter in LETTERS if row.get(letter, "") not in PANDAS_NA}


def _shown(row: Mapping[str, str]) -> list[str]:
    """Return the options as LLaVA shows them: none behind the first that it takes for missing."""
    texts = (row.get(letter, "") for letter in LETTERS)
    return list(takewhile(lambda text: text not in PANDAS_NA and text.lower() not in ("nan", "none"), texts))


def read(path: Path, question_set: QuestionSet) -> dict[str, str]:
    """Read MMBench's result table (``index``, ``prediction``) or LLaVA's answer file.

    LLaVA's ``question_id`` is the row's index and ``round_id`` always 0 with one question a row.
    """
    if path.suffix.lower() in (".jsonl", ".json"):
        return read_answers.llava_jsonl(path, question_set)
    rows = table_files.table(path, "index", "prediction")
    predictions = [{**row, "text": row["prediction"]} for row in rows]  # its ``answer`` is the truth
    return read_answers.keyed(predictions, question_set, path.name, lambda row: _index(row["index"]))


def _index(text: str) -> str:
    return text.removesuffix(".0")  # spreadsheets hold numbers as floats


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score by CircularEval; what the rule cannot resolve goes to the judge, or is wrong and counted."""
    options = {question.id: question.meta.options for question in question_set.questions}

    def parse(request: Request, reply: Reply) -> str | None:
        return _letter(reply, options[request.id])

    ruled = items_of(question_set, answers, grade)
    items, replies = judged.of_unread(judge, question_set, ruled, _request, parse)
    groups = circular(items)
    first = [item for item in items if int(item.id) < ROTATION]
    l2 = {_group(question.id): question.meta.l2 for question in question_set.questions}
    headline = {
        "circular accuracy %": of_items(groups).times(100),
        "first rotation %": of_items(first).times(100),
        "all rows %": of_items(items).times(100),
    }
    return Score(
        headline=headline,
        tables={"categories": _table(groups), "abilities": _table(_by_ability(groups, l2))},
        counts=count(items, groups=len(groups), refused=sum(item.parsed == "Z" for item in items)),
        items=items,
        notes=(*question_set.notes, *_notes(judge)),
        records=replies.records,
        unusable=replies.unusable,
    )


def _notes(judge: Judge | None) -> tuple[str, ...]:
    if judge is None:
        return ("unresolved answers are wrong (VLMEvalKit's exact_matching), not given to a judge",)
    return (f"unresolved answers were judged by {judge.name}, with our wording of the request",)


def grade(question: Question, answer: str) -> Grade:
    """Grade without a judge; what names no option is unparsable."""
    return right(infer(answer, question.meta.options), question.gold)


def _request(question: Question, answer: str) -> Request:
    options = "\n".join(f"{letter}. {text}" for letter, text in question.meta.options.items())
    user = (
        "Match an answer to one of the options of a multiple-choice question. Reply with the letter of the "
        "option that means the same as the answer, or with Z if none does. Do not solve the question.\n"
        f"Question: {question.meta.question}\nOptions:\n{options}\nAnswer: {json.dumps(answer)}\nLetter:"
    )
    return Request(id=question.id, user=user, max_tokens=8)


def _letter(reply: Reply, options: Mapping[str, str]) -> str | None:
    """Return the letter that a judge names; where it was cut off, the one it begins with."""
    text = reply.text or ""
    if reply.cut:
        text = first[1] if (first := _FIRST.match(text)) else ""
    return infer(text, options) or None


def circular(items: Sequence[Item]) -> list[Item]:
    """Return one item for each group of rotations: right if every row that is there is right."""
    return all_right(items, lambda item: _group(item.id), cluster=lambda first: first.cluster)


def rotations(questions: Sequence[Question]) -> list[str]:
    """Name the question that each row asks in one of its rotations."""
    return [_group(question.id) for question in questions]


def _group(identity: str) -> str:
    return str(int(identity) % ROTATION)


def _by_ability(groups: Sequence[Item], l2: Mapping[str, str]) -> list[Item]:
    return [replace(group, category=l2[group.id]) for group in groups]


def _table(groups: Sequence[Item]) -> dict[str, dict[str, Figure]]:
    return {name: {"circular accuracy %": figure.times(100)} for name, figure in by_category(groups).items()}


def parse_reply(request: Request, reply: Reply) -> str | None:
    """Return the letter that a reply names, whatever the options say."""
    return _letter(reply, dict.fromkeys(LETTERS, NOTHING))


MMBENCH = Benchmark(
    name="mmbench",
    title="MMBench (circular)",
    files="the published table, mmbench_dev_20230712.tsv or a later one, with its answers",
    load=load,
    score=score,
    read=read,
    units=circular,
    together=rotations,
    judged=True,
    parse=parse_reply,
)
