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
from vf_ray.recipe import Evaluate, Stage
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
        _require_files(wanted, name)
    for address in questions.earlier:
        artifacts.load(store, address)


def require_watchable(stage: Stage, wanted: Questions) -> None:
    """Refuse, before any file is read, a benchmark that cannot be asked while a stage trains.

    Raises:
        UserError: for one that is unknown, wants a judge, or has no files.
    """
    for name in stage.evaluate_benchmarks:
        fault = (
            f"stage.evaluate_benchmarks names {name!r}, which only a judge can grade, and none is asked "
            "while a stage trains; take it out there: evaluate.benchmarks asks it afterwards"
        )
        require(not get(name).needs_judge, fault)
        _require_files(wanted, name)


def _require_files(wanted: Questions, name: str) -> None:
    """Refuse a benchmark of which the recipe says nowhere where its files are.

    Raises:
        ValueError: naming it, and those that need no files.
    """
    demo = wanted.raw_files.benchmarks
    brought = f"the demo brings {', '.join(demo)}" if demo else "only the demo brings some"
    no_files = f"benchmark {name!r} has no files: evaluate.data is empty, and {brought}"
    require(bool(wanted.asked.data) or name in (INSTANCES, *demo), no_files)


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
    benchmark, asked = get(name), wanted.asked
    _require_judge(benchmark, asked)
    if not benchmark.capped:
        return question_part(store, wanted, name, asked.items)
    return _shortened(_whole(store, wanted, name).first(asked.per_task), asked.longest)


def question_part(store: Store, wanted: Questions, name: str, items: int, key: str = "items") -> QuestionSet:
    """Return at most so many questions of a benchmark, of every category its share; 0: all.

    Raises:
        FileNotFoundError, ValueError: as ``question_set``.
    """
    part = part_of(get(name), _whole(store, wanted, name), items, key)
    return _shortened(part, wanted.asked.longest)


def _whole(store: Store, wanted: Questions, name: str) -> QuestionSet:
    return _askable(get(name).question_set(tree(store, wanted, name)))


def _askable(question_set: QuestionSet) -> QuestionSet:
    """Leave out what cannot be asked for want of a file, and say so."""
    lacks = Counter(question.lacks for question in question_set.questions if question.lacks)
    notes = [
        f"{times:,} questions are not asked: the data folder lacks {what}" for what, times in lacks.items()
    ]
    questions = tuple(question for question in question_set.questions if not question.lacks)
    return replace(question_set, questions=questions, notes=(*question_set.notes, *notes))


def _shortened(question_set: QuestionSet, longest: int) -> QuestionSet:
    if not longest:
        return question_set
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
