"""POPE on the images of A-OKVQA and GQA, its objects found by SEEM: rule and figures are POPE's.

The label files hold one JSON array each, and number their questions from 1 in every split; so a question is
known by its split and number.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vf_ray.errors import UserError
from vf_ray.eval import answers as read_answers
from vf_ray.eval import files, itemwise
from vf_ray.eval.benchmark import Benchmark, Question, QuestionSet
from vf_ray.eval.benchmarks.pope import RULE, SPLITS, numbered, score
from vf_ray.eval.prompts import SHORT, SHORT_TOKENS
from vf_ray.types import Tree

COCO = ("val2014", "images", "")
GQA = ("images", "allImages/images", "")
KINDS: Mapping[str, files.Kind] = {"question_id": files.IDENTITY, "image": str, "text": str, "label": str}


def _load(name: str, folders: Sequence[str]) -> Callable[[Tree], QuestionSet]:
    def load(tree: Tree) -> QuestionSet:
        there = {split: tree.glob(f"**/{name}_pope_seem_{split}.json") for split in SPLITS}
        if not any(there.values()):
            files.the_one(tree, f"**/{name}_pope_seem_random.json")
        questions = tuple(
            question
            for split, paths in there.items()
            for path in paths[:1]
            for question in _questions(tree, split, path, folders)
        )
        lacks = ", ".join(split for split, paths in there.items() if not paths)
        notes = (f"no label file of {lacks}: the means are of the other splits",) if lacks else ()
        return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", RULE, *notes))

    return load


def _questions(tree: Tree, split: str, path: str, folders: Sequence[str]) -> list[Question]:
    data = tree.read(path)
    rows = (
        files.as_objects(files.as_json(data, path), path, **KINDS)
        if data.lstrip().startswith(b"[")
        else list(files.json_lines(data, path, **KINDS))
    )
    if not rows:
        raise UserError(f"{path} holds no questions; download it again")
    for row in rows:
        if row["label"] not in ("yes", "no"):
            raise UserError(
                f"{path} question {row['question_id']} has label {row['label']!r}; expected yes or no"
            )
    return [
        Question(
            id=f"{split}_{row['question_id']}", prompt=row["text"] + SHORT, image_id=row["image"],
            image=files.image(tree, row["image"], folders), category=split,
            max_new_tokens=SHORT_TOKENS, gold=row["label"],
        )
        for row in rows
    ]  # fmt: skip


def read(path: Path, question_set: QuestionSet) -> dict[str, str]:
    """Read answers by split and number, the split as ``category``, or without ids in the exam's order."""
    records = itemwise.records(path)
    if records and not set(itemwise.IDS) & set(records[0]):
        records = numbered(records, question_set, path.name)
    return read_answers.keyed(records, question_set, path.name, _identity)


def _identity(record: Mapping[str, Any]) -> str:
    identity, split = itemwise.identity(record), record.get("category") or record.get("split")
    return f"{split}_{identity}" if split and not identity.startswith(f"{split}_") else identity


def variant(name: str, title: str, folders: Sequence[str]) -> Benchmark:
    """Return POPE on other pictures."""
    return Benchmark(
        name=f"pope-{name}", title=title,
        files=f"{name}_pope_seem_{{random,popular,adversarial}}.json and the images",
        load=_load(name, folders), score=score, read=read,
    )  # fmt: skip
