"""The prepare step: every source's pictures, then every task's instances, as units that a pool does.

A unit commits what it makes to the store and returns a line of statistics, so no row ever travels
through the pool. A killed unit is repeated; finished ones are found.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from vf_ray.artifacts import Artifact, load_all
from vf_ray.artifacts.board import Board, shown
from vf_ray.errors import UserError
from vf_ray.plan.preparation import Preparation
from vf_ray.recipe.own_table import source_name
from vf_ray.shards.build import Finish, build_images
from vf_ray.shards.passes import OPEN
from vf_ray.store import Store
from vf_ray.work import Line, Unit, WorkPool

FEWEST_SOURCES = 8
"""Sources whose units are planned side by side on a small pool; the pool decides what runs."""


def prepare(
    store: Store, wanted: Preparation, pool: WorkPool, *, force: bool = False,
    count: Callable[[Line], None] = lambda line: None,
    screening: Sequence[Sequence[Unit]] = (),
) -> dict[str, Artifact]:  # fmt: skip
    """Return the instances artifact of every task; ``count`` is given each task's line as it ends.

    ``screening`` is done between images and instances, one sequence of units after the other: it makes what
    ``wanted.screening`` names.

    Raises:
        ValueError: if tasks yield nothing, or rejects exceed their ceilings; the others are finished.
        FileNotFoundError: if a raw file is missing; says what to obtain.
    """
    with shown(store, [spec.address for spec in wanted.specs()]) as board:
        board.begin("sources", list(wanted.images))
        with ThreadPoolExecutor(side_by_side(pool)) as threads:
            list(threads.map(partial(_images, store, wanted, pool, force, board), wanted.order))
        for units in screening:
            _done(pool, units, board)
        board.begin("tasks", list(wanted.instances))
        _instances(store, wanted, pool, force, board, count)
    return load_all(store, wanted.instances)


def _done(pool: WorkPool, units: Sequence[Unit], board: Board) -> None:
    left = [unit for unit in units if not unit.done()]
    board.begin("screening", [unit.name() for unit in left])
    for line in pool.run(left) if left else ():
        board.end(line["unit"])


def side_by_side(pool: WorkPool) -> int:
    """Return how many sources are prepared at once: one for two units that a pool does, if so many stay open.

    Some are always at a stage that few units share.
    """
    return min(OPEN, max(FEWEST_SOURCES, pool.at_once // 2))


def _images(
    store: Store, wanted: Preparation, pool: WorkPool, force: bool, board: Board, source: str
) -> None:
    origin, tell = wanted.raw_files.origin(store, source), board.of(source)
    build_images(store, wanted.images[source], origin, pool, force=force, tell=tell)
    board.end(source)


def _instances(
    store: Store, wanted: Preparation, pool: WorkPool, force: bool, board: Board,
    count: Callable[[Line], None],
) -> None:  # fmt: skip
    units = [
        Finish(wanted.raw_files.origin(store, source_name(task)), store, spec, force)
        for task, spec in wanted.instances.items()
    ]
    # what is finished only shows as finished
    refused, left = [], [unit for unit in units if not unit.done()]
    for unit in (unit for unit in units if unit not in left):
        board.end(unit.spec.name)
    # all go on when one is refused: a person mends several at once
    for line in pool.run(left):
        board.end(line["task"])
        count(line)
        refused += [line["refused"]] if line["refused"] else []
    if refused:
        raise UserError("\n".join(sorted(refused)))
