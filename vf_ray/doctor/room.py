"""Room for a recipe: disk and memory of this machine, memory and hours of the GPUs it asks for."""

import math
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from vf_ray.doctor.check import Check
from vf_ray.errors import UserError
from vf_ray.model.families.family import Dimensions
from vf_ray.on_ray.dashboard import ClusterError, Dashboard
from vf_ray.plan.plan import Plan
from vf_ray.quality.published_sizes import most_instances
from vf_ray.recipe import Recipe, Stage
from vf_ray.store import STORE_URL, Store
from vf_ray.train import estimate

RAY_BYTES = 2 << 30
"""What Ray, its store and a preparing worker need beside the model."""
KEEP = 2
"""Checkpoints that stay in the store (``vf_ray.train.checkpoint``)."""


def space(recipe: Recipe, store: Store, model: Dimensions) -> Iterator[Check]:
    """Check the store's disk for every model and two checkpoints, and this machine's memory for a stage."""
    stages = recipe.tuned
    models = sum(estimate.model_bytes(model, stage) for stage in (None, *stages.values()))
    models += (len(recipe.stages) - len(stages)) * estimate.model_bytes(model, None)  # averages
    checkpoints = [_kept(stage) * estimate.checkpoint_bytes(model, stage) for stage in stages.values()]
    need = models + max(checkpoints, default=0) + (1 << 30)
    folder = store.local_path("")
    if folder is not None:
        yield enough("disk", disk_free(folder), need, f"free some in {folder}, or set {STORE_URL} elsewhere")
    yield from _scratch([estimate.scratch_bytes(model, s, copied=folder is None) for s in stages.values()])
    if Dashboard.from_environment() is None and not recipe.resources.gpus_per_worker:
        workers = recipe.resources.workers
        each = [estimate.memory(stage, model, workers) for stage in stages.values()]
        need = workers * max((one.together for one in each), default=0) + RAY_BYTES
        yield enough("memory", memory_free(), need, "close something, or use a smaller model or a cluster")


def blocks(recipe: Recipe, model: Dimensions) -> Iterator[Check]:
    """Check that the blocks are there which a stage tunes by a slice."""
    for name, stage in recipe.tuned.items():
        try:
            estimate.tuned(model.sizes, stage)
        except UserError as error:
            yield Check(f"{name} tune", False, str(error), "correct the slice, or name the module whole")


def _kept(stage: Stage) -> int:
    """Return how many checkpoints of a stage stay in the store: its best one, too, where it keeps that."""
    return KEEP + bool(stage.keep_best)


def _scratch(needs: Sequence[int]) -> Iterator[Check]:
    """Check the temporary folder, which every node has for itself."""
    if not needs:
        return
    if (remote := Dashboard.from_environment()) is None:
        here = Path(tempfile.gettempdir())
        yield enough("scratch", disk_free(here), max(needs), f"free some in {here}, or set TMPDIR elsewhere")
    else:
        yield _scratch_there(remote, max(needs))


def _scratch_there(remote: Dashboard, need: int) -> Check:
    """Compare with the nodes that a cluster has now; which of them will train, nobody can tell yet."""
    needed = f"about {shown(need)} needed in the temporary folder of every node that trains"
    try:
        free = remote.disk_free()
    except ClusterError:  # which the check of the cluster tells
        free = {}
    if not free:
        return Check("scratch", True, needed)
    tightest, roomiest = (choose(free, key=free.__getitem__) for choose in (min, max))
    needed += f"; free: {shown(free[tightest])} ({tightest}) to {shown(free[roomiest])} ({roomiest})"
    remedy = "give the nodes larger disks, or set TMPDIR there to a folder on another"
    return Check("scratch", free[roomiest] >= need, needed, remedy)


def enough(name: str, free: int, need: int, remedy: str) -> Check:
    """Check that ``free`` bytes are as many as ``need``."""
    return Check(name, free >= need, f"{shown(free)} free, about {shown(need)} needed", remedy)


def training(recipe: Recipe, model: Dimensions) -> Iterator[Check]:
    """Estimate each stage: the memory of a GPU, what would make it fit where it does not, and the time."""
    resources = recipe.resources
    for name, stage in recipe.tuned.items() if resources.gpus_per_worker else ():
        need, room = estimate.memory(stage, model, resources.workers), int(resources.gpu_gib * (1 << 30))
        parts = {
            "weights": need.parameters + need.gathered, "gradients": need.gradients,
            "optimizer": need.optimizer, "activations": need.activations, "logits": need.logits,
        }  # fmt: skip
        shares = ", ".join(f"{part} {shown(count)}" for part, count in parts.items())
        shares += f"; at the start {shown(need.whole)}" if need.whole > need.step else ""
        shares += f"; on the host at most {shown(need.on_host)} a worker"
        memory = f"about {shown(need.device)} of {resources.gpu_gib:g} GiB a GPU: {shares}"
        remedy = _remedy(name, stage, model, resources.workers, room)
        yield Check(f"{name} memory", need.device <= room, memory, remedy)
        yield Check(f"{name} time", True, _duration(recipe, model, name, stage))


def _remedy(name: str, stage: Stage, model: Dimensions, workers: int, room: int) -> str:
    """Say what makes a stage fit, the least costly first; where nothing does, what would."""
    if ways := [change for change, _ in estimate.remedies(stage, model, workers, room)]:
        return f"override {name}: {'; or '.join(ways)}"
    if more := estimate.more_workers(stage, model, workers, room):
        return f"override resources.workers={more[0]} and {name}: {more[1]}; or use stage.lora"
    return "use larger GPUs or stage.lora; no number of workers helps, for each loads all weights at first"


def most_samples(plan: Plan, name: str) -> int:
    """Return how many instances a stage has at best, by what is known of its tasks' sources."""
    stage = plan.stage(name)
    assert stage is not None, f"recipe {plan.recipe.name!r} has no {name}"
    most_of = partial(most_instances, cap=plan.recipe.prepare.cap, per_task=stage.per_task)
    left, most = set(plan.stage_tasks(name)), 0
    for pattern, limit in stage.limits.items():
        limited = {task for task in left if fnmatchcase(task, pattern)}
        most += min(limit, most_of(limited))
        left -= limited
    most += most_of(left)
    heaviest = max((1.0, *stage.weights.values()))
    most = math.ceil(most * heaviest / (1 - math.fsum(stage.replay.values())))
    return min(most, stage.sample or most)


def stage_hours(recipe: Recipe, model: Dimensions, name: str, stage: Stage) -> float:
    """Return how long a stage takes at most, all workers side by side, under the assumptions of doctor."""
    samples = _samples(recipe, name, stage)
    work = estimate.flops(stage, model, samples=samples, text_tokens=estimate.TEXT_TOKENS)
    workers, rate = recipe.resources.workers, recipe.resources.gpu_tflops
    return estimate.seconds(work, workers=workers, flops_per_s=rate * 1e12) / 3600


def _samples(recipe: Recipe, name: str, stage: Stage) -> int:
    steps = (stage.steps or 0) * stage.batch
    return steps or math.ceil((stage.epochs or 0) * most_samples(Plan(recipe, ""), name))


def _duration(recipe: Recipe, model: Dimensions, name: str, stage: Stage) -> str:
    """Say how long a stage takes, and what that rests on."""
    hours, samples = stage_hours(recipe, model, name, stage), _samples(recipe, name, stage)
    workers, rate = recipe.resources.workers, recipe.resources.gpu_tflops
    return (
        f"at most {hours:.1f} h for {samples:,} samples, if they have {estimate.TEXT_TOKENS} text tokens "
        f"each and {workers} x {rate:g} TFLOP/s are used to {estimate.UTILISATION:.0%}, which is assumed"
    )


def disk_free(folder: Path) -> int:
    """Return the bytes free where a folder is or will be."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(there).free


def memory_free() -> int:
    """Return the bytes that this machine, and the container it may be, can still give."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    info = Path("/proc/meminfo")
    if info.exists():
        values = dict(line.split(":") for line in info.read_text().splitlines())
        pages = int(values["MemAvailable"].split()[0]) * 1024
    limit, used = (_number(Path("/sys/fs/cgroup") / f"memory.{name}") for name in ("max", "current"))
    return int(min(pages, limit - used)) if math.isfinite(limit) else pages


def _number(path: Path) -> float:
    text = path.read_text().strip() if path.exists() else "max"
    return math.inf if text == "max" else float(text)


def shown(count: float) -> str:
    """Return bytes for a person."""
    return f"{count / (1 << 30):.1f} GiB" if count >= 1 << 28 else f"{count / (1 << 20):.0f} MiB"
