"""AMBER, the discriminative part: 14,216 yes/no questions about existence, attributes and relations.

Rule: junyangwang0410/AMBER ``inference.py``: only the words ``Yes`` and ``No`` count; everything else
is wrong and no No. The positive class is No. Denominators start at 0.001 there, and F1 adds 0.0001
(0.001 for existence), so a perfect model gets a little less than 100. The generative part needs
trained taggers and is not scored.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vf_ray.eval import answers as read_answers
from vf_ray.eval import files
from vf_ray.eval.prompts import SHORT, SHORT_TOKENS
from vf_ray.eval.statistics import Floats, bootstrap, grouped
from vf_ray.eval.types import Answers, Benchmark, Exam, Figure, Item, Judge, Question, Score, count
from vf_ray.types import Tree

KINDS: Mapping[str, str] = {
    "discriminative-hallucination": "existence",
    "discriminative-attribute-state": "state",
    "discriminative-attribute-number": "number",
    "discriminative-attribute-action": "action",
    "discriminative-relation": "relation",
    "relation": "relation",
}
ATTRIBUTES = ("state", "number", "action")
START, ADDED, ADDED_EXISTENCE = 0.001, 0.0001, 0.001


def load(tree: Tree) -> Exam:
    """Return the discriminative questions."""
    queries = files.read_json(tree, files.one_of(tree, "query/query_all.json", "data/query/query_all.json"))
    truths = files.read_json(tree, files.one_of(tree, "annotations.json", "data/annotations.json"))
    known = {row["id"]: row for row in truths}
    if len(known) != len(truths):
        raise ValueError("annotations.json holds an id twice; download it again")
    asked = [row for row in queries if _kind(known, row["id"])]
    questions = tuple(_question(tree, row, known[row["id"]]) for row in asked)
    note = f"questions: {len(questions):,}; the generative part is left out"
    return Exam(questions=questions, notes=(note, "prompt: the query and LLaVA's request for a single word"))


def _kind(known: Mapping[int, Mapping[str, Any]], identity: int) -> str:
    if identity not in known:
        raise ValueError(f"query {identity} has no annotation; take both files from one version")
    return KINDS.get(known[identity]["type"], "")


def _question(tree: Tree, row: Mapping[str, Any], truth: Mapping[str, Any]) -> Question:
    return Question(
        id=str(row["id"]),
        prompt=row["query"] + SHORT,
        picture_id=row["image"],
        picture=files.picture(tree, row["image"], ("image", "images", "")),
        category=KINDS[truth["type"]],
        max_new_tokens=SHORT_TOKENS,
        meta={"gold": truth["truth"].lower()},
    )


def read(path: Path, exam: Exam) -> dict[str, str]:
    """Read ``[{id, response}]``; answers to the generative part are passed over."""
    if path.suffix == ".jsonl":
        return read_answers.llava_jsonl(path, exam)
    try:
        found = json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name} is not whole JSON ({error})") from error
    generative = {str(n) for n in range(1, 1005)} - {question.id for question in exam.questions}
    rows = [row for row in found if str(row.get("id")) not in generative]
    return read_answers.keyed(rows, exam, path.name, lambda record: str(record["id"]))


def score(exam: Exam, answers: Answers, judge: Judge | None = None) -> Score:
    """Score all questions and each kind; a missing answer is wrong."""
    items = [_item(question, answers.get(question.id)) for question in exam.questions]
    kinds = grouped(items)
    table = {kind: _figures(members, kind) for kind, members in kinds.items()}
    attributes = [item for kind in ATTRIBUTES for item in kinds.get(kind, ())]
    if attributes:
        table["attribute"] = _figures(attributes, "attribute")
    return Score(
        headline=_figures(items, "all"),
        tables={"kinds": table},
        counts=count(items),
        items=items,
        notes=exam.notes,
    )


def _item(question: Question, answer: str | None) -> Item:
    parsed = answer.lower() if answer in ("Yes", "No") else ""
    gold = question.meta["gold"]
    return Item(
        id=question.id, answer=answer, parsed=parsed, gold=gold, value=float(parsed == gold),
        category=question.category, cluster=question.picture_id,
    )  # fmt: skip


def _figures(items: Sequence[Item], kind: str) -> dict[str, Figure]:
    added = ADDED_EXISTENCE if kind == "existence" else ADDED
    counts = [
        (
            item.value,
            1,
            float(item.parsed == item.gold == "no"),
            float(item.parsed == "no"),
            float(item.gold == "no"),
        )
        for item in items
    ]
    pictures = [item.cluster for item in items]

    def f1(sums: Floats) -> Floats:
        precision, recall = sums[..., 2] / (sums[..., 3] + START), sums[..., 2] / (sums[..., 4] + START)
        return 200 * precision * recall / (precision + recall + added)

    return {
        "accuracy %": bootstrap(counts, pictures, lambda s: 100 * s[..., 0] / (s[..., 1] + START)),
        "precision %": bootstrap(counts, pictures, lambda s: 100 * s[..., 2] / (s[..., 3] + START)),
        "recall %": bootstrap(counts, pictures, lambda s: 100 * s[..., 2] / (s[..., 4] + START)),
        "f1 %": bootstrap(counts, pictures, f1),
    }


AMBER = Benchmark(
    name="amber",
    title="AMBER (discriminative)",
    code=1,
    files="query/query_all.json, annotations.json and image/",
    load=load,
    score=score,
    read=read,
)
