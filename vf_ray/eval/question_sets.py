"""Where a run's benchmarks come from: a folder or bucket, the demo's files, held-out instances."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from vf_ray import artifacts
from vf_ray.errors import require
from vf_ray.eval.benchmark import Benchmark, QuestionSet
from vf_ray.eval.benchmarks import get
from vf_ray.eval.held_out import HeldOut
from vf_ray.eval.subset import part_of
from vf_ray.plan.evaluation import Questions
from vf_ray.plan.inputs import INSTANCES, question_set_url
from vf_ray.raw.tree import RawTree
from vf_ray.recipe import Evaluate
from vf_ray.store import Store
from vf_ray.types import IMAGE_MARK, Tree


def require_askable(store: Store, wanted: Questions) -> None:
    """Refuse, before anything is trained, an evaluation that could not be made afterwards.

    Raises:
        FileNotFoundError: if earlier scores are not there.
        ValueError: if a benchmark is unknown, wants a judge that is not named, or has no files.
    """
    questions = wanted.asked
    for name in questions.benchmarks:
        _require_judge(get(name), questions)
        demo = wanted.raw_files.benchmarks
        brought = f"the demo brings {', '.join(demo)}" if demo else "only the demo brings some"
        no_files = f"benchmark {name!r} has no files: evaluate.data is empty, and {brought}"
        require(bool(questions.data) or name in (INSTANCES, *demo), no_files)
    for address in questions.earlier:
        artifacts.load(store, address)


def _require_judge(benchmark: Benchmark, asked: Evaluate) -> None:
    no_judge = (
        f"benchmark {benchmark.name!r} is graded by a judge; set evaluate.judge and evaluate.judge_model"
    )
    require(bool(asked.judge or not benchmark.needs_judge), no_judge)


def question_set(store: Store, wanted: Questions, name: str) -> QuestionSet:
    """Return what a recipe asks of a benchmark.

    Raises:
        FileNotFoundError: if its files, or the instances it asks, are missing.
        ValueError: if its files are damaged or of mixed versions, or there is nothing to ask.
    """
    benchmark = get(name)
    _require_judge(benchmark, wanted.asked)
    askable = _askable(benchmark.question_set(tree(store, wanted, name)))
    if benchmark.capped:
        askable = askable.first(wanted.asked.per_task)
    else:
        askable = part_of(benchmark, askable, wanted.asked.items)
    return _shortened(askable, wanted.asked.longest) if wanted.asked.longest else askable


def _askable(question_set: QuestionSet) -> QuestionSet:
    """Leave out what cannot be asked for want of a file, and say so."""
    lacks = Counter(question.lacks for question in question_set.questions if question.lacks)
    notes = [
        f"{times:,} questions are not asked: the data folder lacks {what}" for what, times in lacks.items()
    ]
    questions = tuple(question for question in question_set.questions if not question.lacks)
    return replace(question_set, questions=questions, notes=(*question_set.notes, *notes))


def _shortened(question_set: QuestionSet, longest: int) -> QuestionSet:
    questions = [replace(q, max_new_tokens=min(q.max_new_tokens, longest)) for q in question_set.questions]
    note = f"answers end after {longest} tokens at the latest, by the recipe"
    return replace(question_set, questions=tuple(questions), notes=(*question_set.notes, note))


def blind(question_set: QuestionSet) -> QuestionSet:
    """Return the same questions without their pictures, and without what names them within the words."""
    asked = [
        replace(q, image=None, later_images=(), apart=None, prompt=q.prompt.replace(IMAGE_MARK, ""))
        for q in question_set.questions
    ]
    return replace(question_set, questions=tuple(asked))


def tree(store: Store, wanted: Questions, name: str) -> Tree:
    """Return the data folder of a benchmark."""
    if name == INSTANCES:
        return HeldOut(artifacts.load_all(store, wanted.instances), artifacts.load_all(store, wanted.images))
    if data := wanted.asked.data:
        return RawTree.of(question_set_url(data, name))
    return wanted.raw_files.benchmark(store, name)


def question_set_at(name: str, url: str) -> QuestionSet:
    """Return what a benchmark's official files, in a folder or bucket, ask.

    Raises:
        UserError: for an unknown benchmark, and for files that are damaged or of mixed versions.
        FileNotFoundError: if one is missing.
    """
    return get(name).question_set(RawTree.of(url))


def fingerprint(question_set: QuestionSet) -> str:
    """Return what tells apart two sets of questions, as a model sees them."""
    digest = hashlib.sha256()
    for line in _seen(question_set):
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()[:16]


def _seen(question_set: QuestionSet) -> Iterator[str]:
    for q in question_set.questions:
        later = [len(q.later_images)] if q.later_images else []
        yield json.dumps([q.id, q.prompt, q.image_id, q.image is not None, q.max_new_tokens, *later])
