"""The pass over a source's annotations, as units: one, or where it can be divided one for each passage.

What a pass finds does not depend on how it was divided, so a pool of one process makes it in one.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any
from uuid import uuid4

from vf_ray.artifacts import WORK, Writer
from vf_ray.instances.apart import apart
from vf_ray.instances.sample import AnyTask
from vf_ray.plan.origins import Origin
from vf_ray.raw.passages import Extent, Passage, divided, listed, numbered
from vf_ray.shards.candidates import examined_name, write_candidates
from vf_ray.shards.partial import (
    found_name,
    merge_passages,
    pool_name,
    read_pools,
    write_passage,
    write_pools,
)
from vf_ray.types import Source, Tree
from vf_ray.work import Line, Unit

OPEN = 32
"""Sources whose raw files a process keeps open: as many as are prepared side by side, so that none is
opened twice. The index of a large archive takes 100 MB, but few sources have one."""

DIVISION = f"{WORK}division.json"
"""Name of the file that holds each passage's extents."""


@dataclass(frozen=True)
class Raws:
    """The raw files of a source as the units of one preparation read them: opened once in each process.

    To open an archive of a hundred thousand pictures takes longer than to look at those of a unit. The
    next preparation opens them again, for they may have changed.
    """

    origin: Origin = field(compare=False)
    preparation: str = field(default_factory=lambda: uuid4().hex)

    def tree(self) -> Tree:
        """Return them, opened by whoever asks first."""
        return _opened(self)


@lru_cache(maxsize=OPEN)
def _opened(raws: Raws) -> Tree:
    return raws.origin.tree()


@dataclass(frozen=True)
class Examine:
    """One pass over a source's annotations, for all its tasks."""

    raws: Raws
    writer: Writer
    tasks: tuple[str, ...]
    seed: int
    cap: int
    slack: int
    turn: int
    apart: frozenset[str] = frozenset()
    """The tasks that show the pictures of their grids one by one."""

    def name(self) -> str:
        return f"{self.source().name} annotations"

    def done(self) -> bool:
        return self.writer.committed(examined_name(self.turn)) is not None

    def run(self) -> Line:
        return write_candidates(self.source(), self.raws.tree(), self.chosen(), self.writer, **self.sizes())

    def source(self) -> Source[Any]:
        """Return the source."""
        return self.raws.origin.source()

    def chosen(self) -> list[AnyTask]:
        """Return the tasks that are asked for."""
        chosen = tasks_of(self.source(), self.tasks)
        return [apart(task) if task.id in self.apart else task for task in chosen]

    def sizes(self) -> Mapping[str, int]:
        """Return what decides which candidates are kept."""
        return {name: getattr(self, name) for name in ("seed", "cap", "slack", "turn")}


@dataclass(frozen=True)
class Divide:
    """Find out into which passages a pass can be divided."""

    whole: Examine

    def name(self) -> str:
        return f"{self.whole.source().name} division"

    def done(self) -> bool:
        return self.whole.writer.committed(DIVISION) is not None

    def run(self) -> Line:
        passages = divided(self.whole.source(), self.whole.raws.tree())
        data = [[asdict(extent) for extent in extents] for extents in passages]
        self.whole.writer.commit(DIVISION, json.dumps(data).encode())
        return {"passages": len(passages)}


@dataclass(frozen=True)
class CountExtent:
    """Count the records of an extent that others of its file follow."""

    whole: Examine
    extent: Extent
    number: int

    def name(self) -> str:
        return f"{self.whole.source().name} records {self.number}"

    def done(self) -> bool:
        return self.whole.writer.committed(count_name(self.number)) is not None

    def run(self) -> Line:
        tree = self.whole.raws.tree()
        count = listed(self.whole.source(), tree)[self.extent.path]
        records = count(Passage(tree, (self.extent,)), self.extent.path) if count else 0
        self.whole.writer.commit(count_name(self.number), json.dumps(records).encode())
        return {"records": records}


@dataclass(frozen=True)
class FillPools:
    """Gather what a passage adds to the pools of negatives."""

    whole: Examine
    extents: tuple[Extent, ...]
    number: int

    def name(self) -> str:
        return f"{self.whole.source().name} pools {self.number}"

    def done(self) -> bool:
        return self.whole.writer.committed(pool_name(self.number)) is not None

    def run(self) -> Line:
        whole = self.whole
        tree = Passage(whole.raws.tree(), self.extents)
        return write_pools(
            whole.source(), tree, whole.chosen(), whole.writer, seed=whole.seed, number=self.number
        )


@dataclass(frozen=True)
class ExaminePassage:
    """One passage of a pass, for all tasks."""

    whole: Examine
    extents: tuple[Extent, ...]
    number: int
    passages: int

    def name(self) -> str:
        return f"{self.whole.source().name} annotations {self.number}"

    def done(self) -> bool:
        return self.whole.writer.committed(found_name(self.whole.turn, self.number)) is not None

    def run(self) -> Line:
        whole, tasks = self.whole, self.whole.chosen()
        tree = Passage(whole.raws.tree(), self.extents)
        pools = read_pools(tasks, whole.writer, seed=whole.seed, passages=self.passages)
        return write_passage(
            whole.source(), tree, tasks, whole.writer, number=self.number, pools=pools, **whole.sizes()
        )


@dataclass(frozen=True)
class Merge:
    """What all passages gave, as one pass would have found it."""

    whole: Examine
    passages: int

    def name(self) -> str:
        return f"{self.whole.source().name} candidates"

    def done(self) -> bool:
        return self.whole.done()

    def run(self) -> Line:
        whole = self.whole
        return merge_passages(whole.chosen(), whole.writer, passages=self.passages, **whole.sizes())


def stages(whole: Examine, *, alone: bool) -> Iterator[Sequence[Unit]]:
    """Yield the units of a pass, those of each stage once the stage before is done; ``alone`` in one."""
    passages = list[list[Extent]]()
    # records are counted first, so that every passage numbers its own as one pass would
    if whole.source().divisible and not alone and not whole.done():
        yield [Divide(whole)]
        extents = [[Extent(**one) for one in some] for some in json.loads(whole.writer.read(DIVISION))]
        yield (counts := _counts(whole, extents))
        passages = _numbered(whole, extents, counts)
    # one pass, where dividing is not possible or not worth it
    if not passages:
        yield [whole]
        return
    # pools need the whole source before any task is asked
    if any(task.pool for task in whole.chosen()):
        yield [FillPools(whole, tuple(some), number) for number, some in enumerate(passages)]
    yield [ExaminePassage(whole, tuple(s), number, len(passages)) for number, s in enumerate(passages)]
    yield [Merge(whole, len(passages))]


def count_name(number: int) -> str:
    """Return the name of the file that tells how many records an extent has."""
    return f"{WORK}count-{number:04d}.json"


def _counts(whole: Examine, passages: Sequence[Sequence[Extent]]) -> list[CountExtent]:
    """Return the units that count what must be counted: an extent that does not end with its file."""
    extents = enumerate(extent for some in passages for extent in some)
    return [CountExtent(whole, extent, number) for number, extent in extents if extent.stop is not None]


def _numbered(
    whole: Examine, passages: Sequence[Sequence[Extent]], counts: Sequence[CountExtent]
) -> list[list[Extent]]:
    known = {unit.number: int(json.loads(whole.writer.read(count_name(unit.number)))) for unit in counts}
    return numbered(passages, (known.get(number, 0) for number in range(sum(map(len, passages)))))


def tasks_of(source: Source[Any], ids: Collection[str], ceilings: Mapping[str, float] = {}) -> list[AnyTask]:
    """Return the source's tasks of these ids, in the source's order, with a recipe's ``ceilings``."""
    chosen = [task for task in source.tasks if task.id in ids]
    return [replace(task, ceiling=ceilings.get(task.id, task.ceiling)) for task in chosen]
