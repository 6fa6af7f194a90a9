"""The answers of a model in place of a stage's own: asked chunk by chunk, kept, one artifact a task.

What is drawn follows from the seed, the instance and the token's place alone, and chunks are cut by the
instances' order, so a killed and resumed run gives what an uninterrupted one gives.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vf_ray import artifacts
from vf_ray.artifacts import RUN, WORK, Artifact, Writer
from vf_ray.artifacts.cost import GPUS
from vf_ray.errors import require
from vf_ray.eval.asking import CHUNK
from vf_ray.eval.held_out import HeldOut
from vf_ray.instances.sample import Tally
from vf_ray.plan.handing import unanswered
from vf_ray.plan.plan import Plan
from vf_ray.plan.relabelling import Relabelling
from vf_ray.recipe import Resources
from vf_ray.recipe.own_table import source_name
from vf_ray.relabel.author import Author
from vf_ray.relabel.conversation import AuthoredAnswers, InstanceDialogue
from vf_ray.shards.finish import TRAIN
from vf_ray.shards.mixture import NAME, mixture
from vf_ray.shards.schema import INSTANCES, from_parquet, said_bytes, to_parquet
from vf_ray.store import Store
from vf_ray.work import Workers, WorkPool

AHEAD = 8
"""Tasks under way at a time: workers that one no longer needs have the next's work."""


def relabelled(
    store: Store, plan: Plan, stage: str, pool: WorkPool, *, force: bool = False
) -> Mapping[str, Artifact]:
    """Return, by task, what a stage trains on in place of its instances, if a model answers them.

    What it replays of other stages comes to be, too.

    Raises:
        FileNotFoundError: if the model or the instances of a task are not finished.
        UserError: if a task loses more answers than ``answers_by.ceiling`` allows.
    """
    chosen, wanted = plan.stage(stage), plan.relabellings.of(stage)
    for other in chosen.replay if chosen else ():
        relabelled(store, plan, other, pool)
    if wanted is None:
        return {}
    specs = wanted.relabelled
    if not force and all(artifacts.find(store, spec) for spec in specs.values()):
        return artifacts.load_all(store, specs)
    mixture(store, unanswered(plan, stage))
    return relabel(store, wanted, pool, resources=plan.recipe.resources, force=force)


def relabel(
    store: Store, wanted: Relabelling, pool: WorkPool, *, resources: Resources, force: bool = False
) -> Mapping[str, Artifact]:
    """Return the instances of each task with a model's answers; those of the pool alone are asked."""
    size = artifacts.load(store, wanted.pool.address).stats["instances"]
    most, gpus = -(-size // CHUNK), resources.gpus_per_worker
    with pool.workers(Author, gpus=gpus, most=most, asked=resources.workers) as workers:
        work = Relabeller(store, wanted, workers, force)
        with ThreadPoolExecutor(AHEAD, thread_name_prefix="relabel") as threads:
            futures = {
                task: threads.submit(copy_context().run, work.artifact, task) for task in wanted.relabelled
            }
            try:
                done, _ = wait(futures.values(), return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                workers.stop()
                raise
        return {task: future.result() for task, future in futures.items()}


@dataclass(frozen=True)
class Relabeller:
    """Has tasks answered, one by one."""

    store: Store
    wanted: Relabelling
    workers: Workers
    force: bool

    def artifact(self, task: str) -> Artifact:
        """Return the instances of a task, answered."""

        def make(writer: Writer) -> Mapping[str, Any]:
            table = self._asked(task)
            conversations = self._conversations(task, table)
            answers = self._answers(writer, task, conversations)
            stats = _written(writer, table, conversations, answers, self.wanted.asked.ceiling)
            return {**stats, RUN: {GPUS: self.workers.gpus / min(AHEAD, len(self.wanted.relabelled))}}

        return artifacts.build(self.store, self.wanted.relabelled[task], make, force=self.force)

    def _asked(self, task: str) -> pa.Table:
        """Return the instances of the pool."""
        index = from_parquet(artifacts.load(self.store, self.wanted.pool.address).read(NAME))
        rows = index.filter(pc.equal(index["task"].cast(pa.string()), task))["row"]
        instances = artifacts.load(self.store, self.wanted.instances[task].address)
        return from_parquet(instances.read(TRAIN)).take(rows)

    def _conversations(self, task: str, table: pa.Table) -> list[InstanceDialogue]:
        spec = self.wanted.relabelled[task]
        instances, images = (artifacts.load(self.store, spec.inputs[key]) for key in ("instances", "images"))
        tree = HeldOut({task: instances}, {source_name(task): images})
        return [InstanceDialogue.of(place, row, tree) for place, row in enumerate(table.to_pylist())]

    def _answers(
        self, writer: Writer, task: str, asked: Sequence[InstanceDialogue]
    ) -> Iterator[AuthoredAnswers]:
        """Yield what the model says in each conversation, in order."""
        model, by, seed = artifacts.load(self.store, self.wanted.model), self.wanted.asked, self.wanted.seed
        place = list(self.wanted.relabelled).index(task)
        parts = [
            self.workers.submit(
                "answer", writer, f"{WORK}answers-{start // CHUNK:05d}.jsonl", model, by, seed,
                asked[start : start + CHUNK], place=place,
            )
            for start in range(0, len(asked), CHUNK)
        ]  # fmt: skip
        for number, part in enumerate(parts, 1):
            yield from part.result()
            writer.progress(number, len(parts), "parts")


def _written(
    writer: Writer,
    table: pa.Table,
    asked: Sequence[InstanceDialogue],
    answers: Iterable[AuthoredAnswers],
    ceiling: float,
) -> Mapping[str, Any]:
    """Write what can be used, and why the rest cannot; return statistics."""
    every = list(answers)
    usable = [one for one in every if not one.reason]
    tally = Tally(len(every), Counter(one.reason for one in every if one.reason))
    writer.reject("answers", [one.reject(asked[one.row]) for one in every if one.reason])
    _require_few(writer, tally, ceiling)
    relabelled = _replaced(table, asked, usable)
    writer.commit(TRAIN, to_parquet(relabelled))
    text, answer = (pc.sum(sizes).as_py() or 0 for sizes in said_bytes(relabelled))
    counts = {"asked": len(every), "train": len(usable), "rejected": dict(tally.rejected)}
    return {**counts, "text_bytes": text, "answer_bytes": answer}


def _replaced(
    table: pa.Table, asked: Sequence[InstanceDialogue], usable: Sequence[AuthoredAnswers]
) -> pa.Table:
    """Return the instances that have answers, with these in the place of their own."""
    first = [one.turns[0] for one in usable]
    later = [
        [words for both in zip(asked[one.row].prompts[1:], one.turns[1:], strict=True) for words in both]
        for one in usable
    ]
    columns = {"answer": first, "response": first, "further": later}
    chosen = table.take(pa.array([one.row for one in usable], pa.int64()))
    for name, values in columns.items():
        field = INSTANCES.field(name)
        chosen = chosen.set_column(INSTANCES.get_field_index(name), field, pa.array(values, field.type))
    return chosen


def _require_few(writer: Writer, tally: Tally, ceiling: float) -> None:
    reasons = ", ".join(f"{reason!r} {count}" for reason, count in tally.rejected.most_common(3))
    require(
        not tally.exceeds(ceiling),
        f"{writer.address}: {tally.rejected.total()} of {tally.examined} answers cannot be used "
        f"({tally.share:.1%}; answers_by.ceiling is {ceiling:.1%}): {reasons}. Each is listed in its "
        "rejected/; let the answers be longer, or raise the ceiling",
    )
