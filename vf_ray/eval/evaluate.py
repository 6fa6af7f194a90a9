"""The evaluate step: workers answer chunks of questions, a judge reads them, then everything is scored.

Answers and a judge's replies are artifacts of their own: what is answered or judged once is never asked
again, whichever recipe asks; a killed run loses the chunks that were under way. What had an error is
counted, leaves its artifact unfinished, and is asked again by the next run.
"""

import queue
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Executor, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from typing import Any, TypeVar

from vf_ray import artifacts
from vf_ray.artifacts import RUN, Artifact, Writer
from vf_ray.artifacts.cost import GPUS
from vf_ray.eval.apart import apart, takes_several
from vf_ray.eval.asking import CHUNK, Incomplete, answer, answered, chunks
from vf_ray.eval.benchmark import Answered, Question, QuestionSet, Score
from vf_ray.eval.benchmarks import get
from vf_ray.eval.chat_model import ChatModel
from vf_ray.eval.judge import Judge
from vf_ray.eval.judges.http import HttpJudge
from vf_ray.eval.judges.judging import Paper, asked_of
from vf_ray.eval.judges.replies import RecordedJudge, judge_with_replies
from vf_ray.eval.question_sets import blind, fingerprint, question_set
from vf_ray.eval.scores import Scores, summary
from vf_ray.eval.scores import write as write_scores
from vf_ray.eval.scoring import score
from vf_ray.eval.served import NOTE, ServedModel
from vf_ray.eval.sitting import Judgement, Sitting, SittingAnswers
from vf_ray.eval.unusable import require_some, tally
from vf_ray.eval.worker import Worker, WorkersJudge
from vf_ray.plan.evaluation import Evaluation
from vf_ray.plan.settled import AGAIN, is_settled
from vf_ray.recipe import Resources, Served
from vf_ray.store import Store
from vf_ray.work import Workers, WorkPool

SERVED_CHUNKS = 2
"""Chunks that a served model is asked at a time, so that it has work while the last of one are answered."""
JUDGE_AT_ONCE = 4
"""Requests of one chunk to a judge at an address."""
JUDGE_CHUNKS = {False: 4, True: 64}
"""Chunks that a judge is asked at a time: at an address, and on workers, whose queue they fill."""
AHEAD = 8
"""Sittings under way at a time: workers that one no longer needs have the next's work."""
T = TypeVar("T")


def evaluate(
    store: Store, wanted: Evaluation, pool: WorkPool, *, trained: Sequence[str] = (),
    resources: Resources = Resources(),  # noqa: B008 - frozen
    force: bool = False,
) -> Artifact:  # fmt: skip
    """Return the scores of every model on every benchmark of a recipe.

    ``trained`` are the tasks of ``wanted.learner``, by which skills count as learned or kept out. Scores that
    rest on less than was asked are made anew. ``force`` scores again, too; answers that are there are kept,
    and so are a judge's replies.

    Raises:
        FileNotFoundError: if a model, an instances artifact or a benchmark's file is missing.
        ValueError: for a benchmark whose files cannot be scored.
        Unserved: if a served model or judge cannot be asked, or gives nothing that a figure could rest on.
    """
    models = {name: artifacts.load(store, address) for name, address in wanted.models.items()}
    spec = wanted.scores

    def make(writer: Writer) -> Mapping[str, Any]:
        questions = wanted.questions
        question_sets = {name: question_set(store, questions, name) for name in questions.asked.benchmarks}
        chunks_of_all = sum(-(-len(one.questions) // CHUNK) for one in question_sets.values())
        chunks_of_all *= 1 + questions.asked.blind
        most, asked = chunks_of_all * max(1, len(models)), resources.workers
        with pool.workers(Worker, gpus=resources.gpus_per_worker, most=most, asked=asked) as workers:
            run = EvaluationRun(store, wanted, trained, models, question_sets, workers, writer)
            return {**run.scored(), RUN: {GPUS: workers.gpus}}

    return artifacts.build(store, spec, make, force=force or not is_settled(store, spec))


@dataclass
class EvaluationRun:
    """One run of the step."""

    store: Store
    wanted: Evaluation
    trained: Sequence[str]
    models: Mapping[str, Artifact]
    question_sets: Mapping[str, QuestionSet]
    workers: Workers
    writer: Writer
    _done: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def names(self) -> list[str]:
        """Return the models that answer."""
        return [*self.models, *self.wanted.served]

    @cached_property
    def sittings(self) -> list[Sitting]:
        """Return everything that is asked, in order: model by model, so that workers seldom load another."""
        ways = (False, True) if self.wanted.questions.asked.blind else (False,)
        return [
            Sitting(model, name, way) for model in self.names for way in ways for name in self.question_sets
        ]

    def asked(self, sitting: Sitting) -> QuestionSet:
        """Return the questions as the model sees them."""
        question_set = self.question_sets[sitting.benchmark]
        if sitting.blind:
            return blind(question_set)
        return apart(question_set) if question_set.as_one and self._takes_several(sitting) else question_set

    def _takes_several(self, sitting: Sitting) -> bool:
        if sitting.model in self.models:
            return takes_several(self.models[sitting.model])
        return self._served(sitting).several_images

    def _served(self, sitting: Sitting) -> Served:
        (served,) = (one for one in self.wanted.questions.asked.served if one.name == sitting.model)
        return served

    def scored(self) -> Mapping[str, Any]:
        """Ask, judge and score everything; write what was found and return statistics."""
        with ThreadPoolExecutor(SERVED_CHUNKS, thread_name_prefix="served") as pool:
            answers = self._together(lambda sitting: self._answered(sitting, pool), pool)
        with ThreadPoolExecutor(JUDGE_CHUNKS[self._is_local], thread_name_prefix="judge") as pool:
            judged = self._together(lambda sitting: self._judged(sitting, answers[sitting], pool), pool)
        scores, unseen = (dict[str, dict[str, Score]]() for _ in range(2))
        for sitting, replies in answers.items():
            by_model = (unseen if sitting.blind else scores).setdefault(sitting.benchmark, {})
            by_model[sitting.model] = self._score(sitting, replies, judged[sitting].judge)
        record = self._record(scores, unseen, answers, judged)
        write_scores(self.writer, record, scores, unseen)
        again = sum(row.again for replies in answers.values() for row in replies.rows)
        again += sum(judgement.failed for judgement in judged.values())
        questions = {name: len(asked.questions) for name, asked in self.question_sets.items()}
        return {"questions": questions, AGAIN: again, **asdict(record.learned)}

    def _together(self, work: Callable[[Sitting], T], pool: Executor) -> dict[Sitting, T]:
        """Do work for several sittings at a time, in order; the first error ends all that is under way."""
        with ThreadPoolExecutor(AHEAD, thread_name_prefix="evaluate") as threads:
            futures = {
                sitting: threads.submit(copy_context().run, work, sitting) for sitting in self.sittings
            }
            try:
                done, _ = wait(futures.values(), return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
            except BaseException:
                for each in (threads, pool):
                    each.shutdown(wait=False, cancel_futures=True)
                self.workers.stop()
                raise
            return {sitting: future.result() for sitting, future in futures.items()}

    def _answered(self, sitting: Sitting, pool: Executor) -> SittingAnswers:
        """Return a model's answers to a benchmark, asking what has none yet."""
        asked = self.asked(sitting)
        questions = asked.questions
        spec = self.wanted.answers(sitting.model, sitting.benchmark, fingerprint(asked))
        rows: list[Answered] = []

        def make(writer: Writer) -> Mapping[str, Any]:
            rows.extend(self._ask(writer, sitting, pool))
            require_some(
                f"{sitting.model}, {sitting.benchmark}",
                [row.error for row in rows if row.error],
                len(questions),
            )
            if any(row.again for row in rows):
                raise Incomplete
            return {"questions": len(questions), "unanswered": sum(bool(row.error) for row in rows)}

        try:
            artifact = artifacts.build(self.store, spec, make)
        except Incomplete:
            return SittingAnswers(spec, rows)
        if not rows:
            self._tell(len(questions), sitting.model)
        return SittingAnswers(spec, answered(artifact))

    def _ask(self, writer: Writer, sitting: Sitting, pool: Executor) -> Iterator[Answered]:
        ask = self._asker(writer, sitting, pool)
        parts = [ask(file, asked) for file, asked in chunks(self.asked(sitting).questions)]
        for ready in _as_they_end(parts):
            rows = ready.result()
            yield from rows
            self._tell(len(rows), sitting.model)

    def _asker(
        self, writer: Writer, sitting: Sitting, pool: Executor
    ) -> Callable[[str, list[Question]], "Future[list[Answered]]"]:
        """Return what starts a chunk: on a worker, or in a thread here that only waits for a server."""
        model, batch = sitting.model, self.wanted.questions.asked.batch
        if model in self.models:
            held, place = self.models[model], self.sittings.index(sitting)
            return lambda file, asked: self.workers.submit(
                "answer", writer, file, held, asked, batch, place=place
            )
        served = self._served(sitting)
        half = replace(served, at_once=-(-served.at_once // SERVED_CHUNKS))
        engine = partial(ServedModel.of, half)
        return lambda file, asked: pool.submit(answer, writer, file, engine, asked, CHUNK)

    def _tell(self, count: int, model: str) -> None:
        with self._lock:
            self._done += count
            total = sum(len(self.question_sets[one.benchmark].questions) for one in self.sittings)
            self.writer.progress(self._done, total, "answers", {"model": self.names.index(model) + 1})

    def _judged(self, sitting: Sitting, answers: SittingAnswers, pool: Executor) -> Judgement:
        """Return the recipe's judge for a benchmark that wants one, with all its replies at hand."""
        model, name, _ = sitting
        paper, judge = Paper(get(name), self.question_sets[name], answers.texts), self._live_judge
        if judge is None or not paper.benchmark.judged:
            return Judgement()
        if not (requests := asked_of(paper)):
            return Judgement(RecordedJudge(judge.name, {}))
        spec = self.wanted.judged(model, name, requests, answers.spec)
        asked, failures = judge_with_replies(self.store, spec, judge, paper, pool)
        return Judgement(asked, spec.address, len(failures))

    @property
    def _is_local(self) -> bool:
        """Tell whether the judge is a checkpoint that the workers load."""
        return "checkpoint" in self.wanted.judge

    @cached_property
    def _live_judge(self) -> Judge | None:
        settings = self.wanted.questions.asked
        if not self.wanted.judge:
            return None
        if self._is_local:
            return WorkersJudge(self.workers, settings.judge, settings.judge_tokens)
        chat = ChatModel(
            url=settings.judge,
            model=settings.judge_model,
            at_once=JUDGE_AT_ONCE,
            timeout_s=settings.judge_timeout_s,
        )
        return HttpJudge(chat, settings.judge_tokens)

    def _score(self, sitting: Sitting, answers: SittingAnswers, judge: Judge | None) -> Score:
        model, name, _ = sitting
        questions = replace(self.question_sets[name], notes=self.asked(sitting).notes)
        scored = score(get(name), questions, answers.texts, judge)
        notes = [NOTE.format(self.wanted.served[model]["model"])] if model in self.wanted.served else []
        notes += [f"{how}: not greedy" for how in sorted({row.how for row in answers.rows if row.how})]
        failed = tally([row.error for row in answers.failed], len(answers.rows))
        unusable = {"answers": failed} if failed else {}
        return replace(scored, notes=(*scored.notes, *notes), unusable={**unusable, **scored.unusable})

    def _record(
        self,
        scores: Mapping[str, Mapping[str, Score]],
        unseen: Mapping[str, Mapping[str, Score]],
        answers: Mapping[Sitting, SittingAnswers],
        judged: Mapping[Sitting, Judgement],
    ) -> Scores:
        return summary(
            scores,
            self.trained,
            self._known_by(),
            unseen=unseen,
            learner=self.wanted.learner,
            answers={sitting.name: replies.spec.address for sitting, replies in answers.items()},
            judged={sitting.name: one.address for sitting, one in judged.items() if one.address},
        )

    def _known_by(self) -> dict[str, str]:
        """Return each model's address, of those that are served elsewhere name and version there."""
        addresses = {model: artifact.address for model, artifact in self.models.items()}
        served = {name: " ".join(filter(None, known.values())) for name, known in self.wanted.served.items()}
        return addresses | served


def _as_they_end(futures: Collection["Future[T]"]) -> Iterator["Future[T]"]:
    """Yield futures as they end, cancelled ones too, which ``as_completed`` would wait for."""
    ended: queue.SimpleQueue[Future[T]] = queue.SimpleQueue()
    for future in futures:
        future.add_done_callback(ended.put)
    for _ in futures:
        yield ended.get()
