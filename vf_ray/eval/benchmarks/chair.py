"""CHAIR: objects that a caption names and the picture does not hold (COCO 2014).

Rule: LisaAnne/Hallucination ``utils/chair.py``; what a caption mentions says ``rules/mentions.py``. An object
is there if it is segmented or some reference caption mentions it. Lower is better.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ijson

from vf_ray.errors import UserError
from vf_ray.eval import answers as read_answers
from vf_ray.eval import files
from vf_ray.eval.benchmark import Answers, Benchmark, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import count
from vf_ray.eval.judge import Judge
from vf_ray.eval.prompts import LONG_TOKENS
from vf_ray.eval.rules.mentions import Lexicon
from vf_ray.eval.statistics import bootstrap, proportion, ratio
from vf_ray.types import Tree

PROMPT = "Please describe this image in detail."
"""The benchmark names none; this one is usual for chat models, and the figures depend on it."""
IMAGE = re.compile(r"(?:.*/)?(?:COCO_\w+?_)?0*(\d+)\.\w+")


@dataclass(frozen=True)
class Truth:
    """What pictures hold."""

    lexicon: Lexicon
    objects: Mapping[str, frozenset[str]]
    """By picture id."""
    asked: bool
    """Whether the pictures lie in the data folder, so that an answer can be missing."""


def load(tree: Tree) -> QuestionSet:
    """Return one question for each picture: of those in ``val2014/``, else of all that are annotated."""
    path = files.one_of(tree, "synonyms.txt", "data/synonyms.txt")
    lexicon = Lexicon(tuple(files.decoded(tree.read(path), path).splitlines()))
    instances = _annotations(tree, "instances")
    captions = _annotations(tree, "captions")
    images = [path for end in ("jpg", "png") for path in tree.glob(f"val2014/*.{end}")]
    ids = {_image_id(path): path for path in images}
    objects = _objects(tree, lexicon, instances, captions, set(ids) or None)
    questions = tuple(_question(tree, identity, ids.get(identity, "")) for identity in (ids or objects))
    notes = (
        f"prompt: {PROMPT} (the benchmark names none)",
        "rule: CHAIR's chair.py, each mention counted; recall is lmms-eval's addition; lower is better",
        "singular forms by TextBlob, sentences split at . ! ?: see eval/rules/mentions.py",
    )
    return QuestionSet(questions=questions, notes=notes, extra=Truth(lexicon, objects, bool(ids)))


def _annotations(tree: Tree, kind: str) -> list[str]:
    paths = [
        path
        for folder in ("", "annotations/", "coco/annotations/")
        for split in ("all2014", "train2014", "val2014")
        if tree.exists(path := f"{folder}{kind}_{split}.json")
    ]
    return paths or [
        files.one_of(tree, f"annotations/{kind}_val2014.json", f"annotations/{kind}_all2014.json")
    ]


def _image_id(path: str) -> str:
    match = IMAGE.fullmatch(path)
    if match is None:
        raise UserError(f"{path} is not named by a COCO picture id; expected COCO_val2014_000000000042.jpg")
    return match[1]


def _question(tree: Tree, identity: str, path: str) -> Question:
    image = files.image(tree, path, ("",)) if path else None
    return Question(id=identity, prompt=PROMPT, image_id=identity, image=image, max_new_tokens=LONG_TOKENS)


def _objects(
    tree: Tree, lexicon: Lexicon, instances: Iterable[str], captions: Iterable[str], wanted: set[str] | None
) -> dict[str, frozenset[str]]:
    """Return the objects of each picture, segmented or mentioned by a reference; files are streamed."""
    seen: dict[str, set[str]] = {}
    for path in instances:
        names = {row["id"]: row["name"] for row in _items(tree, path, "categories", id=int, name=str)}
        for row in _items(tree, path, "annotations", image_id=files.IDENTITY, category_id=int):
            if row["category_id"] not in names:
                raise UserError(
                    f"{path} lacks category {row['category_id']}, which it uses; download it again"
                )
            if wanted is None or str(row["image_id"]) in wanted:
                seen.setdefault(str(row["image_id"]), set()).add(lexicon.category(names[row["category_id"]]))
    for path in captions:
        for row in _items(tree, path, "annotations", image_id=files.IDENTITY, caption=str):
            if wanted is None or str(row["image_id"]) in wanted:
                seen.setdefault(str(row["image_id"]), set()).update(lexicon.mentions(row["caption"]))
    return {identity: frozenset(objects) for identity, objects in seen.items()}


def _items(tree: Tree, path: str, where: str, **kinds: files.Kind) -> Iterator[dict[str, Any]]:
    with tree.open(path) as opened:
        try:
            for item in ijson.items(opened, f"{where}.item"):
                yield files.as_object(item, f"{path} {where}", **kinds)
        except ijson.JSONError as error:
            reason = " ".join(str(error).split())[:80]
            raise UserError(f"{path} is not whole JSON ({reason}); download it again") from error


def read(path: Path, question_set: QuestionSet) -> dict[str, str]:
    """Read captions: the official ``{"imgToEval": {...}}``, a list, or JSON lines; by ``image_id``."""
    if path.suffix.lower() == ".jsonl":
        records: list[dict[str, Any]] = read_answers.records(path)
    else:
        whole = read_answers.whole(path)
        if isinstance(whole, dict):
            evaluated = files.as_object(whole, path.name, imgToEval=dict)["imgToEval"]
            whole = list(files.as_object(evaluated, f"{path.name} imgToEval").values())
        records = files.as_objects(whole, path.name)
    rows = [{**row, "text": row["caption"] if "caption" in row else row.get("text")} for row in records]
    return read_answers.keyed(rows, question_set, path.name, _id)


def _id(record: Mapping[str, Any]) -> str:
    key = "image_id" if "image_id" in record else "question_id"
    named = IMAGE.fullmatch(str(record[key]))
    return named[1] if named else str(record[key])


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score the captions that are there; nothing is counted for a picture without one."""
    truth: Truth = question_set.extra
    asked = [q for q in question_set.questions if truth.asked or q.id in answers]
    pairs = [(question, _counted(truth, question.id, answers.get(question.id))) for question in asked]
    answered = [(question, counted) for question, counted in pairs if question.id in answers]
    rows = [
        (float(bool(wrong)), len(wrong), len(named), len(covered), len(there))
        for _, (named, wrong, covered, there) in answered
    ]
    ids = [question.id for question, _ in answered]
    items = [_item(question, answers.get(question.id), counted) for question, counted in pairs]
    return Score(
        headline={
            "CHAIRs %": proportion([row[0] for row in rows], ids).times(100),
            "CHAIRi %": bootstrap(rows, ids, lambda s: 100 * ratio(s[..., 1], s[..., 2])),
            "recall %": bootstrap(rows, ids, lambda s: 100 * ratio(s[..., 3], s[..., 4])),
        },
        tables={},
        counts={
            **count(items),
            "unparsable": 0,
            "mentions": sum(row[2] for row in rows),
            "without mention": sum(not row[2] for row in rows),
        },
        items=items,
        notes=question_set.notes,
    )


Counted = tuple[list[str], list[str], set[str], frozenset[str]]
"""Objects mentioned, mentioned though absent, present and mentioned, present."""


def _counted(truth: Truth, identity: str, caption: str | None) -> Counted:
    there = truth.objects.get(identity, frozenset())
    named = truth.lexicon.mentions(caption or "")
    return named, [name for name in named if name not in there], set(named) & there, there


def _item(question: Question, answer: str | None, counted: Counted) -> Item:
    named, wrong, _, there = counted
    return Item(
        id=question.id, answer=answer, parsed=", ".join(named), gold=", ".join(sorted(there)),
        value=float(answer is not None and not wrong),
    )  # fmt: skip


CHAIR = Benchmark(
    name="chair",
    title="CHAIR",
    files="synonyms.txt, annotations/{instances,captions}_{train,val}2014.json; pictures in val2014/",
    load=load,
    score=score,
    read=read,
    better={"CHAIRs %": "less", "CHAIRi %": "less"},
)
