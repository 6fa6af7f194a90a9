"""The prepare step: the units of ``shards.build``, spread over a cluster by Ray Data.

A unit commits what it makes to the store and returns a line of statistics, so no row ever travels
through Ray. A killed unit is repeated; finished ones are found.
"""

import logging
import pickle
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import ray.data
from ray.util.metrics import Counter

from vf_ray import artifacts
from vf_ray.artifacts import Artifact
from vf_ray.artifacts.board import Board, shown
from vf_ray.errors import MendableError, UserError
from vf_ray.on_ray.cluster import without_gpus
from vf_ray.plan.plan import Plan, finished
from vf_ray.raw.tree import RawTree
from vf_ray.shards.build import Catalogued, Finish, Line, Origin, Unit, build_images
from vf_ray.store import Store
from vf_ray.tasks import source_of, sources
from vf_ray.types import Source, Tree

SOURCES_AT_ONCE = 8
"""Sources whose units are planned side by side; Ray decides what runs."""


@dataclass(frozen=True)
class Fetched:
    """A demo source, whose raw files the fetch step left in the store; copied to each node once."""

    name: str
    raw: Artifact

    def source(self) -> Source[Any]:
        return sources()[self.name]

    def tree(self) -> Tree:
        local = Path(tempfile.gettempdir()) / "vf-ray-raw" / self.raw.address.replace("/", "-")
        for raw in self.source().raws:
            self.raw.download(local, f"raw/{raw.name}")
        return RawTree.of(str(local / "raw"), self.source().raws)


def prepare(store: Store, plan: Plan, *, force: bool = False) -> dict[str, Artifact]:
    """Return the instances artifact of every task of the recipe.

    Raises:
        ValueError: if tasks yield nothing, or rejects exceed their ceilings; the others are finished.
        FileNotFoundError: if a raw file is missing; says what to obtain.
    """
    _configure()
    with shown(store, plan.addresses("prepare")) as board:
        board.begin("sources", list(plan.images))
        with ThreadPoolExecutor(SOURCES_AT_ONCE) as pool:
            list(pool.map(partial(_images, store, plan, force, board), plan.largest_first))
        board.begin("tasks", list(plan.instances))
        _instances(store, plan, force, board)
    return finished(store, plan.instances)


def _instances(store: Store, plan: Plan, force: bool, board: Board) -> None:
    units = [
        Finish(_origin(store, plan, source_of(task).name), store, spec, force)
        for task, spec in plan.instances.items()
    ]
    refused, left = [], [unit for unit in units if not unit.done()]
    for unit in (unit for unit in units if unit not in left):
        board.end(unit.spec.name)
    for line in run_units(left):
        board.end(line["task"])
        _count("vf_ray_rows_built", "Instances written.", line["task"], line["built"])
        _count("vf_ray_rows_rejected", "Records rejected.", line["task"], line["rejected"])
        refused += [line["refused"]] if line["refused"] else []
    if refused:
        raise UserError("\n".join(sorted(refused)))


def _images(store: Store, plan: Plan, force: bool, board: Board, source: str) -> None:
    origin, tell = _origin(store, plan, source), board.of(source)
    build_images(store, plan.images[source], origin, run_units, force=force, tell=tell)
    board.end(source)


def _origin(store: Store, plan: Plan, source: str) -> Origin:
    if plan.is_packaged:
        return Fetched(source, artifacts.load(store, plan.raw))
    return Catalogued.of(store, plan, source)


def run_units(units: Sequence[Unit]) -> Iterator[Line]:
    """Run units as one Ray Data execution, one block each; yield their lines as they end.

    Raises:
        Exception: what a unit raised, without Ray's wrapping.
    """
    if not units:
        return
    items = [{"unit": pickle.dumps(unit)} for unit in units]
    dataset = ray.data.from_items(items, override_num_blocks=len(items))
    dataset.set_name(units[0].name().replace(" ", "_").replace("/", "_"))
    for done in dataset.map(_run).iter_rows():
        if done["error"]:
            raise pickle.loads(done["error"])
        yield pickle.loads(done["line"])


def _run(item: Mapping[str, Any]) -> dict[str, bytes]:
    """Do a unit; return its line or its error, which Ray Data would wrap until nothing is left of it."""
    unit: Unit = pickle.loads(item["unit"])
    try:
        return {"line": pickle.dumps({"unit": unit.name(), **unit.run()}), "error": b""}
    except Exception as error:
        return {"line": b"", "error": _packed(error, unit.name())}


def _packed(error: Exception, unit: str) -> bytes:
    if not isinstance(error, MendableError):
        error.add_note(f"in the unit {unit!r}:\n{''.join(traceback.format_exception(error))}")
    try:
        packed = pickle.dumps(error)
        pickle.loads(packed)  # some errors can be packed but not unpacked
    except Exception:
        plain = RuntimeError(f"{type(error).__name__}: {error}")
        plain.__notes__ = error.__notes__
        return pickle.dumps(plain)
    return packed


def _count(name: str, about: str, task: str, number: int) -> None:
    if number:
        Counter(name, description=about, tag_keys=("task",)).inc(number, tags={"task": task})


def _configure() -> None:
    """Leave the telling to our own progress, and nodes with GPUs to others."""
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.execution_options.label_selector = without_gpus() or None
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
