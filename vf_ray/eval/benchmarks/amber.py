"""AMBER, the discriminative part: 14,216 yes/no questions about existence, attributes and relations.

Rule: junyangwang0410/AMBER ``inference.py``: only the words ``Yes`` and ``No`` count; everything else
is wrong and no No. The positive class is No. Denominators start at 0.001 there, and F1 adds 0.0001
(0.001 for existence), so a perfect model gets a little less than 100. The generative part
is ``amber_generative.py``.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vf_ray.errors import UserError
from vf_ray.eval import answers as read_answers
from vf_ray.eval import files
from vf_ray.eval.benchmark import Answers, Benchmark, Figure, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import count, left_out
from vf_ray.eval.itemwise import Grade, items_of, right
from vf_ray.eval.judge import Judge
from vf_ray.eval.prompts import SHORT, SHORT_TOKENS
from vf_ray.eval.rules.yes_no import exactly
from vf_ray.eval.statistics import Floats, bootstrap, grouped
from vf_ray.types import Tree

KINDS: Mapping[str, str] = {
    "discriminative-hallucination": "existence",
    "discriminative-attribute-state": "state",
    "discriminative-attribute-number": "number",
    "discriminative-attribute-action": "action",
    "discriminative-relation": "relation",
    "relation": "relation",
}
GENERATIVE = "generative"
ATTRIBUTES = ("state", "number", "action")
RULE = (
    "rule: AMBER's inference.py: exactly Yes or No, positive is No, over the answers that are there, rounded "
    "as it prints them; VLMEvalKit reads yes and no in any case"
)
PROMPT = "prompt: the query and LLaVA's request for a single word"
START, ADDED, ADDED_EXISTENCE = 0.001, 0.0001, 0.001


def load(tree: Tree) -> QuestionSet:
    """Return the discriminative questions."""
    queries = by_id(tree, "query/query_all.json", image=str, query=str)
    known = by_id(tree, "annotations.json", type=str, truth=(str, list))
    asked = [row for identity, row in queries.items() if _kind(known, identity)]
    questions = tuple(_question(tree, row, known[row["id"]]) for row in asked)
    note = f"questions: {len(questions):,}; the generative part is left out"
    return QuestionSet(questions=questions, notes=(note, RULE, PROMPT))


def by_id(tree: Tree, name: str, **kinds: files.Kind) -> dict[int, dict[str, Any]]:
    """Return the rows of a file of AMBER's by their ids."""
    path = files.one_of(tree, name, f"data/{name}")
    rows = files.as_objects(files.read_json(tree, path), path, id=int, **kinds)
    by_id = {row["id"]: row for row in rows}
    if len(by_id) != len(rows):
        raise UserError(f"{path} holds an id twice; download it again")
    return by_id


def _kind(known: Mapping[int, Mapping[str, Any]], identity: int) -> str:
    if identity not in known:
        raise UserError(f"query {identity} has no annotation; take both files from one version")
    kind = known[identity]["type"]
    if kind != GENERATIVE and kind not in KINDS:
        raise UserError(f"annotation {identity} is of type {kind!r}; expected one of {', '.join(KINDS)}")
    return KINDS.get(kind, "")


def _question(tree: Tree, row: Mapping[str, Any], truth: Mapping[str, Any]) -> Question:
    files.as_object(truth, f"annotations.json {row['id']}", truth=str)
    return Question(
        id=str(row["id"]),
        prompt=row["query"] + SHORT,
        image_id=row["image"],
        image=files.image(tree, row["image"], ("image", "images", "")),
        category=KINDS[truth["type"]],
        max_new_tokens=SHORT_TOKENS,
        gold=truth["truth"].lower(),
    )


def read(path: Path, question_set: QuestionSet) -> dict[str, str]:
    """Read ``[{id, response}]``; answers to the generative part are passed over."""
    if path.suffix.lower() == ".jsonl":
        return read_answers.llava_jsonl(path, question_set)
    records = files.as_objects(read_answers.whole(path), path.name)
    generative = {str(n) for n in range(1, 1005)} - {question.id for question in question_set.questions}
    rows = [row for row in records if str(row.get("id")) not in generative]
    return read_answers.keyed(rows, question_set, path.name, lambda record: str(record["id"]))


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score all questions and each kind, of those that are answered."""
    items = items_of(question_set, answers, grade)
    answered = [item for item in items if item.answer is not None]
    kinds = grouped(answered)
    table = {
        kind: _figures(members, START, ADDED_EXISTENCE if kind == "existence" else ADDED)
        for kind, members in kinds.items()
    }
    attributes = [item for kind in ATTRIBUTES for item in kinds.get(kind, ())]
    if attributes:
        table["attribute"] = _figures(attributes, START * len(ATTRIBUTES), ADDED)
    return Score(
        headline=_figures(answered, START, ADDED),
        tables={"kinds": table},
        counts=count(items),
        items=items,
        notes=(*question_set.notes, *left_out(items, "accuracy ")),
    )


def grade(question: Question, answer: str) -> Grade:
    """Grade ``Yes`` and ``No``; everything else is wrong."""
    return right(exactly(answer), question.gold)


def _figures(items: Sequence[Item], start: float, added: float) -> dict[str, Figure]:
    """Return the official four; denominators begin at ``start``, F1's is larger by ``added``."""
    counts = [
        (
            item.value,
            1.0,
            float(item.parsed == item.gold == "no"),
            float(item.parsed == "no"),
            float(item.gold == "no"),
        )
        for item in items
    ]
    images = [item.cluster for item in items]

    def part(of: int, by: int) -> Callable[[Floats], Floats]:
        return lambda s: np.round(100 * s[..., of] / (s[..., by] + start), 1)

    accuracy, precision, recall = part(0, 1), part(2, 3), part(2, 4)

    def f1(s: Floats) -> Floats:
        p, r = precision(s) / 100, recall(s) / 100
        return np.round(200 * p * r / (p + r + added), 1)

    metrics = {"accuracy %": accuracy, "precision %": precision, "recall %": recall, "f1 %": f1}
    return {name: bootstrap(counts, images, metric) for name, metric in metrics.items()}


AMBER = Benchmark(
    name="amber",
    title="AMBER (discriminative)",
    files="query/query_all.json, annotations.json and image/",
    load=load,
    score=score,
    read=read,
)
