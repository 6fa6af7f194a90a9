"""POPE: is this object in the picture? Three ways of choosing the absent objects.

Rule and figures: RUCAIBox/POPE ``evaluate.py``, the same as LLaVA's ``eval_pope.py``. It reads the
text before the first full stop; everything that does not hold ``No``, ``no`` or ``not`` as a word
of its own is a yes. Positive is yes. Two versions of the random split are in use, of 2,910 and
3,000 questions; the official script misaligns them in silence, here mixing them is an error.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vf_ray.errors import UserError
from vf_ray.eval import answers as read_answers
from vf_ray.eval import files
from vf_ray.eval.benchmark import Answers, Benchmark, Figure, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import count
from vf_ray.eval.itemwise import Grade, items_of, right
from vf_ray.eval.judge import Judge
from vf_ray.eval.prompts import SHORT, SHORT_TOKENS
from vf_ray.eval.rules.yes_no import of_first_sentence, says_neither
from vf_ray.eval.statistics import Floats, bootstrap, grouped, macro, of_items, proportion, ratio
from vf_ray.types import Tree

OFFSETS = {"adversarial": 0, "random": 10_000_000, "popular": 20_000_000}
"""What LLaVA's question file adds to the place of a question in its split."""
SPLITS = ("random", "popular", "adversarial")
IMAGES = ("val2014", "coco/val2014", "images", "")
LABELS = ("coco/coco_pope_{}.json", "coco_pope_{}.json", "output/coco/coco_pope_{}.json")
RULE = (
    "rule: the first sentence is no if it holds No, no or not as a word, else yes (RUCAIBox/POPE, LLaVA); "
    "lmms-eval and VLMEvalKit read answers otherwise"
)
MIXED = (
    "POPE's random split is published with 2,910 and with 3,000 questions; take labels and answers from one"
)


def load(tree: Tree) -> QuestionSet:
    """Return the questions of the splits whose label files are there."""
    labels = {split: _labels(tree, split) for split in SPLITS if _path(tree, split)}
    if not labels:
        files.one_of(tree, *(path.format("random") for path in LABELS))
    questions = tuple(q for split, rows in labels.items() for q in _questions(tree, split, rows))
    if tree.exists("llava_pope_test.jsonl"):
        _same_version(tree.read("llava_pope_test.jsonl"), questions)
    sizes = ", ".join(f"{split} {len(rows):,}" for split, rows in labels.items())
    lacks = ", ".join(split for split in SPLITS if split not in labels)
    notes = (f"no label file of {lacks}: the means are of the other splits",) if lacks else ()
    return QuestionSet(questions=questions, notes=(f"questions: {sizes}", RULE, *notes))


def _path(tree: Tree, split: str) -> str | None:
    return next((p for p in (path.format(split) for path in LABELS) if tree.exists(p)), None)


def _labels(tree: Tree, split: str) -> list[dict[str, Any]]:
    path = _path(tree, split) or ""
    rows = list(files.json_lines(tree.read(path), path, image=str, text=str, label=str))
    if not rows:
        raise UserError(f"{path} holds no questions; download it again")
    for number, row in enumerate(rows, start=1):
        if row["label"] not in ("yes", "no"):
            raise UserError(f"{path} line {number} has label {row['label']!r}; expected 'yes' or 'no'")
    return rows


def _questions(tree: Tree, split: str, rows: Sequence[Mapping[str, Any]]) -> list[Question]:
    return [
        Question(
            id=str(OFFSETS[split] + place),
            prompt=row["text"] + SHORT,
            image_id=row["image"],
            image=files.image(tree, row["image"], IMAGES),
            category=split,
            max_new_tokens=SHORT_TOKENS,
            gold=row["label"],
        )
        for place, row in enumerate(rows, start=1)
    ]


def _same_version(data: bytes, questions: Sequence[Question]) -> None:
    rows = files.json_lines(data, "llava_pope_test.jsonl", question_id=files.IDENTITY, text=str, category=str)
    asked = {str(row["question_id"]): row for row in rows}
    ours = {question.id: question for question in questions}
    splits = {question.category for question in questions}
    for identity, row in asked.items():
        if row["category"] in splits:
            _same_text(ours, identity, row["text"], "llava_pope_test.jsonl")
    if absent := sorted(set(ours) - set(asked)):
        raise UserError(f"llava_pope_test.jsonl lacks question {absent[0]} of the label files; {MIXED}")


def _same_text(ours: Mapping[str, Question], identity: str, text: str, name: str) -> None:
    if identity not in ours:
        raise UserError(f"{name} holds question {identity}, which the label files lack; {MIXED}")
    expected = ours[identity].prompt.removesuffix(SHORT)
    if expected not in text:  # whatever else the prompt says
        raise UserError(f"{name} question {identity} is {text!r}, the label files say {expected!r}; {MIXED}")


def read(path: Path, question_set: QuestionSet) -> dict[str, str]:
    """Read LLaVA's answers (``question_id``), or one split's as the official script takes them.

    The latter are ``{question, answer}`` lines without ids, which must be complete: one split, known by
    its questions, or all of them one after the other in the order of the exam.
    """
    records = read_answers.records(path)
    if records and "question_id" not in records[0]:
        records = numbered(records, question_set, path.name)
    ours = {question.id: question for question in question_set.questions}
    for record in records:
        if text := record.get("prompt") or record.get("question"):
            _same_text(ours, str(record.get("question_id")), str(text), path.name)
    answers = read_answers.keyed(records, question_set, path.name, lambda record: str(record["question_id"]))
    _refuse_other_size(answers, question_set, path.name)
    return answers


def numbered(
    records: Sequence[Mapping[str, Any]], question_set: QuestionSet, name: str
) -> list[dict[str, Any]]:
    whole = question_set.questions
    parts = [whole, *([q for q in whole if q.category == split] for split in SPLITS)]
    asked = next((part for part in parts if _answers(records, part)), None)
    if asked is None:
        raise UserError(
            f"{name} holds {len(records)} answers without question_id; they are neither to one split in its "
            f"order nor to all {len(whole)} questions; {MIXED}"
        )
    return [{**record, "question_id": q.id} for record, q in zip(records, asked, strict=True)]


def _answers(records: Sequence[Mapping[str, Any]], asked: Sequence[Question]) -> bool:
    """Tell whether answers without ids are to these questions, one by one."""
    texts = [str(record.get("question", "")) for record in records]
    bare = [question.prompt.removesuffix(SHORT) for question in asked]
    return len(texts) == len(bare) and all(map(str.__contains__, texts, bare))


def _refuse_other_size(answers: Answers, question_set: QuestionSet, name: str) -> None:
    asked = [question.id for question in question_set.questions if question.category == "random"]
    answered = sum(identity in answers for identity in asked)
    if len(asked) == 3000 and answered == 2910:
        raise UserError(f"{name} answers 2,910 random questions, the label files hold 3,000; {MIXED}")


def grade(question: Question, answer: str) -> Grade:
    """Grade by the first sentence, which is never at a loss."""
    return right(of_first_sentence(answer), question.gold)


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score by split; a missing answer is wrong and no yes, a split without any answer is left out."""
    items = items_of(question_set, answers, grade)
    asked = _answered(items) or {item.category for item in items}
    splits = grouped([item for item in items if item.category in asked])
    table = {name: _figures(members) for name, members in splits.items()}
    headline = {f"mean {key}": _mean(splits, metric) for key, metric in METRICS.items()}
    return Score(
        headline=headline,
        tables={"splits": table},
        counts=count(items, neither=sum(says_neither(i.answer) for i in items if i.answer is not None)),
        items=items,
        notes=(*question_set.notes, *_notes(items)),
    )


def _answered(items: Sequence[Item]) -> set[str]:
    return {item.category for item in items if item.answer is not None}


def _notes(items: Sequence[Item]) -> list[str]:
    notes = []
    neither = sum(says_neither(item.answer) for item in items if item.answer is not None)
    if neither:
        notes.append(f"{neither:,} answers say neither yes nor no, and count as yes, as officially")
    if any(item.answer is None for item in items):
        notes.append("missing answers are wrong and no yes; the official script would pair the rest wrongly")
    if (left := {item.category for item in items} - _answered(items)) and _answered(items):
        notes.append(f"no answer to {', '.join(sorted(left))}: left out of the means")
    for split, members in grouped(items).items():
        if split not in left and not any(item.parsed == "yes" for item in members):
            notes.append(f"{split}: no answer is yes, where the official script stops; 0/0 counts as 0 here")
    return notes


def _outcome(item: Item) -> tuple[float, ...]:
    """Return true and false positives, false and true negatives, and the item itself."""
    yes, positive = item.parsed == "yes", item.gold == "yes"
    return (
        yes and positive,
        yes and not positive,
        not yes and positive,
        item.parsed == "no" and not positive,
        1,
    )


def _f1(s: Floats) -> Floats:
    return ratio(2 * s[..., 0], 2 * s[..., 0] + s[..., 1] + s[..., 2])


METRICS: Mapping[str, Callable[[Floats], Floats]] = {
    "f1": _f1,
    "accuracy": lambda s: ratio(s[..., 0] + s[..., 3], s[..., 4]),
    "precision": lambda s: ratio(s[..., 0], s[..., 0] + s[..., 1]),
    "recall": lambda s: ratio(s[..., 0], s[..., 0] + s[..., 2]),
    "yes ratio": lambda s: ratio(s[..., 0] + s[..., 1], s[..., 4]),
}


def _figures(items: Sequence[Item]) -> dict[str, Figure]:
    counts, images = [_outcome(item) for item in items], [item.cluster for item in items]
    figures = {key: bootstrap(counts, images, metric) for key, metric in METRICS.items()}
    figures["accuracy"] = of_items(items)
    figures["yes ratio"] = proportion([float(item.parsed == "yes") for item in items], images)
    return figures


def _mean(splits: Mapping[str, Sequence[Item]], metric: Callable[[Floats], Floats]) -> Figure:
    """Return the unweighted mean over splits, as LLaVA reports it; pictures are resampled across splits."""
    parts = [[_outcome(item) for item in members] for members in splits.values()]
    return macro(parts, [[item.cluster for item in members] for members in splits.values()], metric)


POPE = Benchmark(
    name="pope",
    title="POPE",
    files="coco/coco_pope_{random,popular,adversarial}.json and val2014/ (and llava_pope_test.jsonl)",
    load=load,
    score=score,
    read=read,
    better={"mean yes ratio": "neither"},
)
