"""The evaluate step: independent Ray tasks answer chunks of questions, then everything is scored.

Answers are artifacts of their own, addressed by model, questions and decoding: what is answered once
is never asked again, whichever recipe asks; a killed run loses the chunks that were under way.
"""

import json
import tempfile
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec, Writer
from vf_ray.chain import CODE, Plan, finished
from vf_ray.eval import record
from vf_ray.eval.benchmarks import get
from vf_ray.eval.exams import exam, fingerprint
from vf_ray.eval.judge import HttpJudge, Remembered
from vf_ray.eval.scores import summary
from vf_ray.eval.types import Exam, Judge, Question, Score
from vf_ray.on_ray.base import PREFIX
from vf_ray.store import Store

if TYPE_CHECKING:
    from vf_ray.eval.generate import Answerer

CHUNK = 64
"""Questions of one Ray task and one file: what a kill may lose."""


def evaluate(store: Store, plan: Plan, *, force: bool = False) -> Artifact:
    """Return the scores of every model on every benchmark of a recipe.

    ``force`` scores again; answers that are there are kept.

    Raises:
        FileNotFoundError: if a model, an instances artifact or a benchmark's file is missing.
        ValueError: for a benchmark whose files cannot be scored.
    """
    models = finished(store, plan.models)

    def make(writer: Writer) -> Mapping[str, Any]:
        exams = {name: exam(store, plan, name) for name in plan.recipe.evaluate.benchmarks}
        answered = _Asking(plan, models, exams, writer).all()
        return _score(plan, models, exams, answered, writer)

    return artifacts.build(store, plan.scores, make, force=force)


def answers_spec(model: str, address: str, name: str, found: Exam) -> Spec:
    """Return what the answers of a model to a benchmark are."""
    return Spec(
        kind="answers",
        name=f"{model}/{name}",
        config={
            "benchmark": name, "code": get(name).code, "questions": fingerprint(found), "decoding": "greedy",
            "chunk": CHUNK,
        },
        inputs={"model": address},
        code=CODE["answers"],
    )  # fmt: skip


@dataclass
class _Asking:
    """Asks every model every question that has no answer yet, and tells how far it is."""

    plan: Plan
    models: Mapping[str, Artifact]
    exams: Mapping[str, Exam]
    writer: Writer
    _done: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def all(self) -> dict[tuple[str, str], Artifact]:
        """Return the answers by (benchmark, model)."""
        found: dict[tuple[str, str], Artifact] = {}
        with ThreadPoolExecutor(len(self.exams), thread_name_prefix="benchmark") as threads:
            for model in self.models:  # one after the other: a worker keeps the model it has loaded
                made = threads.map(lambda name, m=model: self._answers(m, name), self.exams)
                found |= {(name, model): artifact for name, artifact in zip(self.exams, made, strict=True)}
        return found

    def _answers(self, model: str, name: str) -> Artifact:
        """Build the answers of one model to one benchmark; many threads at once."""
        artifact, questions = self.models[model], self.exams[name]
        spec = answers_spec(model, artifact.address, name, questions)
        before = artifacts.find(artifact.store, spec)
        if before is not None:
            self._tell(len(questions.questions), model)
            return before

        def make(writer: Writer) -> Mapping[str, Any]:
            return self._ask(writer, model, questions)

        return artifacts.build(artifact.store, spec, make)

    def _ask(self, writer: Writer, model: str, questions: Exam) -> Mapping[str, Any]:
        from vf_ray.eval.generate import in_order

        ordered, waiting = in_order(questions.questions), {}
        resources, batch = self.plan.recipe.resources, self.plan.recipe.evaluate.batch
        task = ray.remote(num_cpus=1, num_gpus=resources.gpus_per_worker)(answer)
        artifact = ray.put(self.models[model])
        for number, start in enumerate(range(0, len(ordered), CHUNK)):
            chunk = ordered[start : start + CHUNK]
            reference = task.remote(writer, _name(number), artifact, chunk, batch)
            waiting[reference] = len(chunk)
        unanswered = 0
        while waiting:
            (ready,), _ = ray.wait(list(waiting), num_returns=1)
            unanswered += ray.get(ready)
            self._tell(waiting.pop(ready), model)
        return {"questions": len(ordered), "unanswered": unanswered}

    def _tell(self, count: int, model: str) -> None:
        with self._lock:
            self._done += count
            total = len(self.models) * sum(len(found.questions) for found in self.exams.values())
            self.writer.progress(self._done, total, "answers", {"model": list(self.models).index(model) + 1})


def _name(number: int) -> str:
    return f"answers-{number:05d}.jsonl"


def answer(writer: Writer, name: str, model: Artifact, questions: Sequence[Question], batch: int) -> int:
    """Answer one chunk unless that is done; return how many questions did not fit the model."""
    if writer.committed(name) is None:
        answerer = _answerer(model)
        made = [{"id": a.id, "text": a.text, "error": a.error} for a in answerer.answers(questions, batch)]
        writer.commit(name, record.lines(made))
    return sum(bool(json.loads(line)["error"]) for line in writer.read(name).splitlines())


@lru_cache(maxsize=1)
def _answerer(model: Artifact) -> "Answerer":
    """Load a model in this process, forgetting the one before."""
    from vf_ray.eval.generate import Answerer

    with tempfile.TemporaryDirectory(prefix="vf-ray-model-") as scratch:
        return Answerer.of(model.download(Path(scratch), PREFIX))


def read_answers(artifact: Artifact) -> dict[str, str]:
    """Return the answers of an answers artifact; what could not be asked is left out."""
    found = {}
    for name in artifact.names():
        for line in artifact.read(name).decode().split("\n"):
            if line and not (said := json.loads(line))["error"]:
                found[said["id"]] = said["text"]
    return found


def _judge(plan: Plan, store: Store) -> Judge | None:
    """Return the recipe's judge; what it has said once is kept in the store."""
    asked = plan.recipe.evaluate
    return Remembered(HttpJudge(url=asked.judge, model=asked.judge_model), store) if asked.judge else None


def _score(
    plan: Plan,
    models: Mapping[str, Artifact],
    exams: Mapping[str, Exam],
    answered: Mapping[tuple[str, str], Artifact],
    writer: Writer,
) -> Mapping[str, Any]:
    scores: dict[str, dict[str, Score]] = {name: {} for name in exams}
    judge = _judge(plan, writer.store)
    for (name, model), artifact in answered.items():
        found = record.score(get(name), exams[name], read_answers(artifact), judge)
        scores[name][model] = found
        writer.commit(f"items/{name}/{model}.jsonl", record.lines(record.parsed(found.items)))
        if found.records:
            writer.commit(f"judged/{name}/{model}.jsonl", record.lines(found.records))
    trained = plan.stage_tasks("stage1") if plan.stage("stage1") else ()
    made = summary(scores, trained, {model: artifact.address for model, artifact in models.items()})
    made["answers"] = {f"{model}/{name}": a.address for (name, model), a in answered.items()}
    writer.commit("scores.json", (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode())
    return {"questions": {name: len(found.questions) for name, found in exams.items()}, **made["learned"]}
