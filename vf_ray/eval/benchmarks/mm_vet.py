"""MM-Vet: 218 questions that mix six capabilities, each answer graded from 0 to 1 by a language model.

Rule: yuweihao/MM-Vet ``mm-vet_evaluator``: one request of examples and the question, answer and
prediction in a row; a reply that does not start with a number in [0, 1] is asked for again, hotter
each time, and counts 0 after five replies. The examples are read from the evaluator in the data folder;
where it is not there, wording of our own is used, and the score says so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from vf_ray.eval import answers as read_answers
from vf_ray.eval import files
from vf_ray.eval.benchmark import Answers, Benchmark, Figure, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import UNGRADED, count, graded
from vf_ray.eval.itemwise import Grade, items_of
from vf_ray.eval.judge import Judge, Reply, Request
from vf_ray.eval.judges.judging import Judged
from vf_ray.eval.prompts import LONG_TOKENS
from vf_ray.eval.rules import judged
from vf_ray.eval.rules.grades import fraction
from vf_ray.eval.statistics import grouped, mean
from vf_ray.types import Tree

KINDS: Mapping[str, files.Kind] = {"imagename": str, "question": str, "answer": str, "capability": list}
TRIES = 5
"""Replies that are read: the first request's and four more (a sixth is asked for there, and not read)."""
ROOM = 16
"""Tokens of a reply: three do for GPT-4's, officially; ``0.8`` is four of a Llama's, and a judge may open
with a line break."""
RULE = (
    "rule: mm-vet_evaluator: a grade from 0 to 1, one run; lmms-eval asks with another prompt, VLMEvalKit "
    "wants the whole reply to be a number"
)
Instructed = Callable[[str, Question, str], Request]
"""How a judge is asked: by its instructions, a question and the answer."""
AGAIN = "\nPredict the correctness of the answer (digit): "
EVALUATORS = ("mm-vet_evaluator.py", "mm-vet_evaluator.ipynb")
OURS = (
    "Compare a prediction with the ground truth and grade it with one number: 0.0 is wrong, 1.0 is right, "
    "and "
    "0.1 to 0.9 are partly right. <AND> between parts of the ground truth means that all are needed; <OR> "
    "means "
    "that any one is enough. Reply with the number only.\n\nQuestion | Ground truth | Prediction | "
    "Correctness\n"
    "--- | --- | --- | ---"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a question needs, and how a judge reads it."""

    capability: tuple[str, ...]
    question: str


def load(tree: Tree) -> QuestionSet:
    """Return the questions, and the judge's instructions."""
    path = files.one_of(tree, "mm-vet.json", "mm-vet/mm-vet.json")
    entries = {
        identity: files.as_object(entry, f"{path} {identity}", **KINDS)
        for identity, entry in files.as_object(files.read_json(tree, path), path).items()
    }
    folder = path.rpartition("/")[0]
    folders = (f"{folder}/images" if folder else "images", "images", folder)
    questions = tuple(_question(tree, identity, entry, folders) for identity, entry in entries.items())
    table, note = _instructions(tree)
    return QuestionSet(questions=questions, notes=(f"questions: {len(questions):,}", RULE, note), extra=table)


def _question(tree: Tree, identity: str, entry: Mapping[str, Any], folders: Sequence[str]) -> Question:
    return Question(
        id=identity,
        prompt=entry["question"],
        image_id=entry["imagename"],
        image=files.image(tree, entry["imagename"], folders),
        category="+".join(sorted(map(str, entry["capability"]))),
        max_new_tokens=LONG_TOKENS,
        gold=entry["answer"],
        meta=Capabilities(capability=tuple(map(str, entry["capability"])), question=entry["question"]),
    )


def _instructions(tree: Tree) -> tuple[str, str]:
    paths = [path for name in EVALUATORS for path in (name, f"mm-vet/{name}") if tree.exists(path)]
    return instructions(tree, paths, OURS, " and ".join(EVALUATORS))


def instructions(tree: Tree, paths: Sequence[str], ours: str, names: str) -> tuple[str, str]:
    """Return what an evaluator tells its judge, and where that is from; ``ours`` where it is not there."""
    for path in paths:
        return files.assigned(tree.read(path), path, "prompt"), f"judge's instructions: {path}"
    return ours, f"judge's instructions: ours, because {names} are not in the data folder"


def read(path: Path, question_set: QuestionSet) -> dict[str, str]:
    """Read the evaluator's input, ``{v1_0: text}``, or LLaVA's answer file (``question_id`` 0, 1 ...)."""
    if path.suffix.lower() == ".jsonl":
        records = read_answers.records(path)
        return read_answers.keyed(
            records, question_set, path.name, lambda record: _named(record["question_id"])
        )
    whole = files.as_object(read_answers.whole(path), path.name)
    rows = [{"id": identity, "text": text} for identity, text in whole.items()]
    return read_answers.keyed(rows, question_set, path.name, lambda record: str(record["id"]))


def _named(identity: Any) -> str:
    return str(identity) if str(identity).startswith("v1_") else f"v1_{identity}"


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score the mean grade, by capability and by set of capabilities."""
    return score_with(question_set, answers, judge, _request, AGAIN)


def score_with(
    question_set: QuestionSet, answers: Answers, judge: Judge | None, request: Instructed, again: str
) -> Score:
    """Do so with requests of another wording; ``again`` is what a repeated one ends with."""
    replies = judged.of_all(
        judge, question_set, answers, partial(request, question_set.extra), parsed_reply,
        again=partial(_again, again), rounds=TRIES,
    )  # fmt: skip
    rule = partial(_judged, replies) if judge else _ruled
    items = items_of(question_set, answers, rule, judged.UNANSWERED)
    return Score(
        headline={"total": _mean(items)},
        tables={"capabilities": _by_capability(question_set, items), "capability sets": _by_set(items)},
        counts=count(items, judged=sum(item.how == "judge" for item in items), ungraded=len(replies.failed)),
        items=items,
        notes=(*question_set.notes, _note(items, judge)),
        records=replies.records,
        unusable=replies.unusable,
    )


def _request(table: str, question: Question, answer: str) -> Request:
    gold = question.gold.replace("<AND>", " <AND> ").replace("<OR>", " <OR> ")
    row = " | ".join([question.meta.question, gold, answer, ""])
    return Request(id=question.id, user=f"{table}\n{row}", max_tokens=ROOM)


def _again(ending: str, request: Request, turn: int) -> Request:
    user = request.user if request.user.endswith(ending) else request.user + ending
    return replace(request, user=user, temperature=0.5 * turn)


def parsed_reply(request: Request, reply: Reply) -> float | None:
    """Return a reply's grade; where it was cut off, only one that something follows is whole."""
    text = reply.text or ""
    return None if reply.cut and len(text.split()) < 2 else fraction(text)


def by_rule(answer: str, gold: str) -> float:
    """Return the share of the required parts that the answer holds: a stand-in without a judge."""
    lowered = answer.lower()
    parts = [[text.strip().lower() for text in part.split("<OR>")] for part in gold.split("<AND>")]
    return sum(any(text in lowered for text in part) for part in parts) / len(parts)


def _ruled(question: Question, answer: str) -> Grade:
    value = by_rule(answer, question.gold)
    return Grade(f"{value:g}", value, "fallback")


def _judged(replies: Judged[float], question: Question, answer: str) -> Grade:
    if question.id in replies.verdicts:
        value = replies.verdicts[question.id]
        return Grade(f"{value:g}", value, "judge")
    return Grade(
        "", 0.0, UNGRADED if question.id in replies.failed else "fallback"
    )  # official, after its tries


def _note(items: Sequence[Item], judge: Judge | None) -> str:
    if judge is None:
        return (
            "no judge: parts of the ground truth were looked for in the answers, which is not MM-Vet's score"
        )
    failed = sum(item.answer is not None and item.how == "fallback" for item in items)
    return f"judge: {judge.name}; {failed:,} items count 0 because no reply could be read in {TRIES} tries"


def _by_capability(question_set: QuestionSet, items: Sequence[Item]) -> dict[str, dict[str, Figure]]:
    names = dict.fromkeys(name for question in question_set.questions for name in question.meta.capability)
    pairs = list(zip(question_set.questions, items, strict=True))
    return _rows({name: [item for q, item in pairs if name in q.meta.capability] for name in names})


def _by_set(items: Sequence[Item]) -> dict[str, dict[str, Figure]]:
    return _rows(grouped(items))


def _rows(parts: Mapping[str, Sequence[Item]]) -> dict[str, dict[str, Figure]]:
    """Return the mean of each part; one without a grade has no figure."""
    return {name: {"score": _mean(part)} for name, part in parts.items() if graded(part)}


def _mean(members: Sequence[Item]) -> Figure:
    items = graded(members)
    return mean([item.value for item in items], [item.cluster for item in items]).times(100)


MM_VET = Benchmark(
    name="mm-vet",
    title="MM-Vet",
    files="mm-vet.json, images/ and, for its instructions, mm-vet_evaluator.py or .ipynb",
    load=load,
    score=score,
    read=read,
    judged=True,
    parse=parsed_reply,
)
