"""MathVista, testmini: 1,000 mathematical questions about figures; an answer is extracted, then compared.

Rule: lupantech/MathVista ``extract_answer.py`` and ``calculate_score.py``. What is an answer as it stands, or
behind ``The answer is``, is taken without a judge; of the rest a judge extracts it. A choice that is not
named is the nearest by Levenshtein's distance, officially even for an empty answer.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vf_ray.errors import UserError
from vf_ray.eval import files
from vf_ray.eval.benchmark import Answers, Benchmark, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import count
from vf_ray.eval.itemwise import GroupsOf, meta, percent, read, tabled
from vf_ray.eval.judge import Judge, Reply, Request
from vf_ray.eval.judges import judging
from vf_ray.eval.judges.judging import Judged
from vf_ray.eval.prompts import LONG_TOKENS
from vf_ray.eval.rows import BenchmarkRow, object_cell, rows
from vf_ray.eval.rules.texts import distance
from vf_ray.types import Tree

CHOICE = "multi_choice"
Sorts = str | tuple[str, ...]
KEYS = ("source", "category", "task", "context", "grade", "skills", "language")
FOLDERS = ("", "images", "data")
QUICK = re.compile(r'The answer is "(.*)"\.')
RULE = (
    "rule: MathVista's extraction and normalisation, with its quick extraction where there is no judge; "
    "VLMEvalKit infers and compares numbers otherwise"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MathVistaKinds:
    """Of which sorts a question and its answer are."""

    choices: tuple[str, ...]
    type: str
    kind: str
    precision: int
    """Decimals that count."""
    source: Sorts
    category: Sorts
    task: Sorts
    context: Sorts
    grade: Sorts
    skills: Sorts
    language: Sorts


def load(tree: Tree) -> QuestionSet:
    """Return the questions, in the words of ``query.json`` or of the table's column ``query``."""
    patterns = ("**/testmini.json", "**/testmini*.parquet", "**/MathVista*.tsv", "**/*.parquet")
    queries = _queries(tree)
    questions = tuple(
        _question(tree, row, queries)
        for row in rows(tree, *patterns, images=("decoded_image", "image_bytes"))
    )
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", RULE))


def _queries(tree: Tree) -> Mapping[str, Any]:
    path = next(iter(tree.glob("**/query.json")), None)
    return files.as_object(files.read_json(tree, path), path) if path else {}


def _question(tree: Tree, row: BenchmarkRow, queries: Mapping[str, Any]) -> Question:
    identity = row.text("pid", "id", "index")
    image, name = row.images.get("decoded_image"), row.text("image")
    choices = row.texts("choices") if row.cells.get("choices") else ()
    if row.text("question_type") == CHOICE and not choices:
        raise UserError(f"{row.where} is of the type {CHOICE} and has no choices; download the file again")
    known = object_cell(row, "metadata") if "metadata" in row.cells else row.cells
    asked = str(queries.get(identity) or "") or row.cells.get("query") or _worded(row, choices)
    return Question(
        id=identity, prompt=asked, image_id=name,
        image=image.fetch if image else files.image(tree, name, FOLDERS), max_new_tokens=LONG_TOKENS,
        gold=row.text("answer"),
        meta=MathVistaKinds(
            choices=choices, type=row.text("question_type"), kind=row.text("answer_type"),
            precision=_precision(row), **{key: _group(known.get(key)) for key in KEYS},
        ),
    )  # fmt: skip


def _precision(row: BenchmarkRow) -> int:
    """Return how many decimals count; none where the file gives none."""
    return row.number("precision") if row.cells.get("precision") and row.text("precision") else 0


def _group(value: Any) -> Sorts:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else str(value or "")


def _worded(row: BenchmarkRow, choices: Sequence[str]) -> str:
    unit = f" (Unit: {row.text('unit')})" if row.cells.get("unit") else ""
    listed = "\n".join(f"({chr(ord('A') + n)}) {choice}" for n, choice in enumerate(choices))
    return f"{row.text('question')}{unit}" + (f"\nChoices:\n{listed}" if listed else "")


def extracted(question: Question, response: str, *, quick: bool) -> str | None:
    """Return the answer that a response holds without a judge; None: a judge would be asked."""
    known: MathVistaKinds = question.meta
    if not response:
        return ""
    if known.type == CHOICE and response in known.choices:
        return response
    for kind, read_as in (("integer", int), ("float", float)):
        if known.kind == kind and (number := _number(response, read_as)) is not None:
            return str(number)
    if quick and (stated := QUICK.search(response)):
        return stated[1]
    return None


def _number(text: str, read_as: Any) -> Any:
    try:
        return read_as(text)
    except (ValueError, OverflowError):
        return None


def normalised(question: Question, text: str) -> str | None:
    """Return an extracted answer in the form of the gold; None: it has none."""
    known: MathVistaKinds = question.meta
    if known.type == CHOICE:
        return _choice(text.strip(), known.choices)
    if known.kind == "list":
        return text
    number = _number(text, float)
    if number is None or number != number or abs(number) == float("inf"):
        return None
    if known.kind == "integer":
        return str(int(number))
    if known.kind == "float":
        return str(round(number, known.precision))
    return text


def _choice(text: str, choices: Sequence[str]) -> str:
    bracketed = re.search(r"\(([a-zA-Z])\)", text)
    letter = bracketed[1].upper() if bracketed else text
    letters = [chr(ord("A") + n) for n in range(len(choices))]
    if letter in letters:
        return choices[letters.index(letter)]
    return min(choices, key=lambda choice: distance(choice, text))


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score all, and by each of the benchmark's groupings; a question counts in each of its skills."""
    texts = {
        q.id: extracted(q, answers[q.id], quick=judge is None)
        for q in question_set.questions
        if q.id in answers
    }
    judged: Judged[str] = Judged()
    if judge is not None and (unread := [q for q in question_set.questions if texts.get(q.id, "") is None]):
        requests = [_request(q, answers[q.id]) for q in unread]
        judged = judging.judged(judge, requests, _whole, beside=len(texts) - len(unread))
        texts |= judged.verdicts
    items = [
        _item(question, answers.get(question.id), texts.get(question.id))
        for question in question_set.questions
    ]
    return Score(
        headline={"accuracy %": percent(items)}, tables=dict(_tables(question_set, items)),
        counts=count(items),
        items=items, notes=(*question_set.notes, _note(items, judge)), records=judged.records,
        unusable=judged.unusable,
    )  # fmt: skip


def _tables(question_set: QuestionSet, items: Sequence[Item]) -> Iterator[tuple[str, Any]]:
    groupings: Mapping[str, GroupsOf] = {"question types": meta("type"), "answer types": meta("kind")}
    for name, groups in {**groupings, **{key: meta(key) for key in KEYS}}.items():
        if table := tabled(question_set, items, groups, "accuracy %"):
            yield name, table


def _note(items: Sequence[Item], judge: Judge | None) -> str:
    unread = sum(item.how == "fallback" for item in items)
    if judge is None:
        return f"no judge: {unread:,} answers are compared as they stand, which is not MathVista's figure"
    return f"answers were extracted by {judge.name}, with our wording of the request; {unread:,} could not be"


def _item(question: Question, answer: str | None, text: str | None) -> Item:
    parsed = normalised(question, answer or "" if text is None else text) if answer is not None else None
    gold = question.gold
    item = Item(
        id=question.id, answer=answer, parsed=parsed or "", gold=gold, value=float(parsed == gold),
        cluster=question.image_id,
    )  # fmt: skip
    return replace(item, how="fallback") if answer is not None and text is None else item


def _whole(request: Request, reply: Reply) -> str | None:
    return None if reply.cut else reply.text


def _request(question: Question, answer: str) -> Request:
    user = (
        "Extract the final answer from a response to a question, in the form that the question asks for: a "
        "choice's text or letter, a whole number, a number with decimals, or a list. Reply with the answer "
        f"alone.\n\n{question.prompt}\n\n{answer}\n\nExtracted answer: "
    )
    return Request(id=question.id, user=user, max_tokens=64)


MATHVISTA = Benchmark(
    name="mathvista",
    title="MathVista (testmini)",
    files="testmini.json (and query.json) and images/, or testmini-*.parquet of AI4Math/MathVista",
    load=load,
    score=score,
    read=read,
    judged=True,
    parse=_whole,
)
