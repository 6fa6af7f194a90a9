"""The evaluate step: workers answer chunks of questions, a judge reads them, then everything is scored.

Answers and a judge's replies are artifacts of their own: what is answered or judged once is never asked
again, whichever recipe asks; a killed run loses the chunks that were under way.
"""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from vf_ray import artifacts
from vf_ray.artifacts import RUN, Artifact, Spec, Writer
from vf_ray.artifacts.cost import GPUS
from vf_ray.eval import record
from vf_ray.eval.asking import CHUNK, answer, answered, chunks
from vf_ray.eval.benchmark import Answered, Exam, Judge, Question, Score
from vf_ray.eval.benchmarks import get
from vf_ray.eval.chat import Chat
from vf_ray.eval.exams import exam, fingerprint
from vf_ray.eval.judges import replies as kept
from vf_ray.eval.judges.http import HttpJudge
from vf_ray.eval.judges.judging import asked_of
from vf_ray.eval.scores import summary
from vf_ray.eval.served import NOTE, ServedModel
from vf_ray.on_ray.workers import RayJudge, Workers
from vf_ray.plan.plan import Plan, finished
from vf_ray.store import Store

SERVED = "served"
"""What a model served elsewhere is called among the models of a run."""
SERVED_CHUNKS = 2
"""Chunks that a served model is asked at a time, so that it has work while the last of one are answered."""
JUDGE_AT_ONCE = 4
"""Requests of one chunk to a judge; ``kept.AT_ONCE`` chunks are under way."""


def evaluate(store: Store, plan: Plan, *, force: bool = False) -> Artifact:
    """Return the scores of every model on every benchmark of a recipe.

    ``force`` scores again; answers that are there are kept, and so are a judge's replies.

    Raises:
        FileNotFoundError: if a model, an instances artifact or a benchmark's file is missing.
        ValueError: for a benchmark whose files cannot be scored.
        Unserved: if a served model or judge cannot be asked.
    """
    models = finished(store, plan.models)

    def make(writer: Writer) -> Mapping[str, Any]:
        exams = {name: exam(store, plan, name) for name in plan.recipe.evaluate.benchmarks}
        largest = max(len(found.questions) for found in exams.values())
        asked = plan.recipe.resources
        with Workers(asked.gpus_per_worker, -(-largest // CHUNK), asked.workers) as workers:
            scored = _Evaluation(store, plan, models, exams, workers, writer).scored()
            return {**scored, RUN: {GPUS: workers.gpus}}

    return artifacts.build(store, plan.scores, make, force=force)


@dataclass
class _Evaluation:
    """One run of the step."""

    store: Store
    plan: Plan
    models: Mapping[str, Artifact]
    exams: Mapping[str, Exam]
    workers: Workers
    writer: Writer
    _done: int = 0
    _judged: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Return the models that answer."""
        return [*self.models, *([SERVED] if self.plan.served else [])]

    def scored(self) -> Mapping[str, Any]:
        """Ask, judge and score everything; write what was found and return statistics."""
        asked = {(name, model): self.answers(model, name) for model in self.names for name in self.exams}
        scores: dict[str, dict[str, Score]] = {name: {} for name in self.exams}
        for (name, model), (spec, artifact) in asked.items():
            scores[name][model] = found = self._score(name, model, spec, answered(artifact))
            self.writer.commit(f"items/{name}/{model}.jsonl", record.lines(record.parsed(found.items)))
            if found.records:
                self.writer.commit(f"judged/{name}/{model}.jsonl", record.lines(found.records))
        trained = self.plan.stage_tasks("stage1") if self.plan.stage("stage1") else ()
        made = summary(scores, trained, self._known_by())
        made["answers"] = {f"{model}/{name}": a.address for (name, model), (_, a) in asked.items()}
        made["judged"] = self._judged
        self.writer.commit("scores.json", (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode())
        return {"questions": {name: len(e.questions) for name, e in self.exams.items()}, **made["learned"]}

    def _known_by(self) -> dict[str, str]:
        """Return each model's address, of a served one its name and version."""
        found = {model: artifact.address for model, artifact in self.models.items()}
        served = " ".join(part for part in self.plan.served.values() if part)
        return {**found, SERVED: served} if served else found

    def answers(self, model: str, name: str) -> tuple[Spec, Artifact]:
        """Return a model's answers to a benchmark, asking what has no answer yet."""
        spec = self.plan.answers(model, name, fingerprint(self.exams[name]))
        if artifacts.find(self.store, spec) is not None:
            self._tell(len(self.exams[name].questions), model)
        return spec, artifacts.build(self.store, spec, lambda writer: self._ask(writer, model, name))

    def _ask(self, writer: Writer, model: str, name: str) -> Mapping[str, Any]:
        parts = dict(chunks(self.exams[name].questions))
        with ThreadPoolExecutor(SERVED_CHUNKS, thread_name_prefix=SERVED) as threads:
            ask = self._asker(writer, model, threads)
            waiting = {ask(file, questions): questions for file, questions in parts.items()}
            unanswered = 0
            try:
                for ready in as_completed(waiting):
                    unanswered += ready.result()
                    self._tell(len(waiting[ready]), model)
            finally:
                for future in waiting:
                    future.cancel()
        return {"questions": sum(map(len, parts.values())), "unanswered": unanswered}

    def _asker(
        self, writer: Writer, model: str, threads: ThreadPoolExecutor
    ) -> Callable[[str, list[Question]], "Future[int]"]:
        """Return what starts a chunk: on a worker, or in a thread here that only waits for a server."""
        batch = self.plan.recipe.evaluate.batch
        if model in self.models:
            artifact = self.models[model]
            return lambda file, asked: self.workers.submit("answer", writer, file, artifact, asked, batch)
        served = self.plan.recipe.evaluate.served
        assert served is not None, f"{model!r} is none of the models of this run"
        half = replace(served, at_once=-(-served.at_once // SERVED_CHUNKS))
        engine = partial(ServedModel.of, half)
        return lambda file, asked: threads.submit(answer, writer, file, engine, asked, CHUNK)

    def _tell(self, count: int, model: str) -> None:
        self._done += count
        total = len(self.names) * sum(len(found.questions) for found in self.exams.values())
        self.writer.progress(self._done, total, "answers", {"model": self.names.index(model) + 1})

    def _score(self, name: str, model: str, spec: Spec, said: list[Answered]) -> Score:
        """Score answers; what could not be asked is missing."""
        answers = {found.id: found.text for found in said if not found.error}
        judge = self._judge(name, model, spec, answers)
        made = record.score(get(name), self.exams[name], answers, judge)
        return replace(made, notes=(*made.notes, *self._notes(model, [a for a in said if a.error])))

    def _notes(self, model: str, failed: list[Answered]) -> list[str]:
        notes = [NOTE.format(self.plan.served["model"])] if model == SERVED else []
        if failed:
            notes.append(
                f"{len(failed):,} questions could not be asked, such as {failed[0].id}: {failed[0].error}"
            )
        return notes

    def _judge(self, name: str, model: str, answers: Spec, said: Mapping[str, str]) -> Judge | None:
        """Return the recipe's judge for a benchmark that wants one, with all its replies at hand."""
        benchmark, found = get(name), self.exams[name]
        if not (self.plan.judge and benchmark.judged):
            return None
        judge = self._live_judge()
        if not (requests := asked_of(benchmark, found, said)):
            return kept.Kept(judge.name, {})
        spec = self.plan.judged(model, name, requests, answers)
        before = artifacts.find(self.store, spec)
        known = kept.good(before) if before else {}

        def make(writer: Writer) -> Mapping[str, Any]:
            keeping = kept.Keeping(judge, writer, known)
            benchmark.score(found, said, keeping)
            return {"asked": keeping.asked, "failed": keeping.failed}

        again = before is not None and before.stats["failed"] > 0
        made = artifacts.build(self.store, spec, make, force=again)
        self._judged[f"{model}/{name}"] = made.address
        return kept.Kept(judge.name, kept.said(made))

    def _live_judge(self) -> Judge:
        asked = self.plan.recipe.evaluate
        if "checkpoint" in self.plan.judge:
            return RayJudge(self.workers, asked.judge)
        return HttpJudge(Chat(url=asked.judge, model=asked.judge_model, at_once=JUDGE_AT_ONCE))
