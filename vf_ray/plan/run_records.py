"""Who ran what: one create-once record per run, the readable name for a set of versions."""

import json
import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import count
from typing import Any

from vf_ray.artifacts import provenance
from vf_ray.artifacts import prune as pruning
from vf_ray.artifacts.lease import STALE_S
from vf_ray.artifacts.paths import COMPLETE
from vf_ray.artifacts.prune import Removal
from vf_ray.errors import MissingError, UserError, near
from vf_ray.plan.inputs import rule
from vf_ray.plan.versions import CODE
from vf_ray.recipe import Recipe
from vf_ray.recipe.strict import build
from vf_ray.store import Store

FOLDER = "runs"
STUDY = "study"
"""Kind of what a study's flow makes."""
LASTING = (STUDY, "ratings")
"""Kinds that no run makes and none names: pages that tell of several runs, people's ratings."""
SILENT = ("resources", "about", "name")
"""Keys of a recipe that never change a result."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run, as ``runs/<id>.json`` keeps it."""

    id: str
    when: str
    """When it began, in UTC."""
    who: str = ""
    recipe: str
    """Name of the recipe."""
    commit: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, tuple[str, ...]]
    """Addresses of what each step makes."""
    config: Mapping[str, Any]
    """The recipe, its stages as keys beside the others."""
    raw: str
    """Fingerprint, or address, of the raw files."""
    code: Mapping[str, Any]
    """Number of the code of each kind of artifact; ``rules``: fingerprint of each benchmark's code."""

    @property
    def addresses(self) -> Iterator[str]:
        """Yield the addresses of everything that the run makes."""
        return (address for addresses in self.versions.values() for address in addresses)


def record(
    store: Store, recipe: Recipe, raw: str, versions: Mapping[str, Sequence[str]], run_id: str = ""
) -> str:
    """Write down that a run begins; return its id.

    A repeated ``run_id``, of a run that is tried again, keeps its record, unless other files or other code
    have given it other versions: those have a record of their own.

    Args:
        store: where the run builds.
        recipe: what it builds.
        raw: fingerprint, or address, of its raw files.
        versions: addresses of what each step makes.
        run_id: how it is called; empty: by its time and its recipe.
    """
    begun = provenance.now()
    known = run_id or f"{begun[:19].replace(':', '')}-{recipe.name}-{uuid.uuid4().hex[:6]}"
    names = (known if number == 1 else f"{known}-{number}" for number in count(1))
    steps = {step: tuple(addresses) for step, addresses in versions.items()}
    return next(name for name in names if _holds(store, _record(name, begun, recipe, raw, steps)))


def _record(
    run_id: str, begun: str, recipe: Recipe, raw: str, versions: Mapping[str, tuple[str, ...]]
) -> RunRecord:
    return RunRecord(
        id=run_id,
        when=begun,
        who=provenance.who(),
        recipe=recipe.name,
        commit=provenance.commit(),
        libraries=provenance.libraries(),
        versions=versions,
        config=recipe.flat,
        raw=raw,
        code=_code(recipe),
    )


def _holds(store: Store, run: RunRecord) -> bool:
    """Keep a record under its id; tell whether the one that is there has the same versions."""
    created = store.create(_file(run.id), (json.dumps(asdict(run), indent=1) + "\n").encode())
    return created or _read(store, run.id).versions == run.versions


def listed(store: Store) -> list[RunRecord]:
    """Return the records of all runs, newest first; one that is damaged is told of and left out."""
    records = filter(None, store.many(partial(_sound, store), ids(store)))
    return sorted(records, key=lambda run: (run.when, run.id), reverse=True)


def show(store: Store, run_id: str) -> RunRecord:
    """Return one run's record.

    Raises:
        ValueError: if there is none; names the nearest ids.
    """
    try:
        return _read(store, run_id)
    except FileNotFoundError:
        raise UserError(f"{store.url} has no run {run_id!r}; {near(run_id, ids(store))}") from None


def changes(store: Store, recipe: Recipe, raw: str) -> list[str]:
    """Return, as ``key: old -> new``, what differs from the recipe's last run; empty if it never ran."""
    last = next((run for run in listed(store) if run.recipe == recipe.name), None)
    return _differences(_deciding(last), _settings(recipe.flat, raw, _code(recipe))) if last else []


def of_other_seeds(store: Store, recipe: Recipe, raw: str) -> dict[str, int]:
    """Return the scores of runs that differ from a recipe's by their run seed alone: address and seed."""
    mine = _but_seed(_settings(recipe.flat, raw, _code(recipe)))
    same = [run for run in listed(store) if "evaluate" in run.versions and _but_seed(_deciding(run)) == mine]
    seeds = {run.versions["evaluate"][0]: run.config.get("run_seed") for run in same}
    return {address: recipe.seed if seed is None else int(seed) for address, seed in seeds.items()}


def _but_seed(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key != "run_seed"}


def drift(store: Store, run_id: str) -> list[str]:
    """Return what differs between a run and the one of the same recipe before it."""
    run, runs = show(store, run_id), listed(store)
    older = runs[[r.id for r in runs].index(run_id) + 1 :]
    before = next((r for r in older if r.recipe == run.recipe), None)
    return _differences(_deciding(before), _deciding(run)) if before else []


def prune(store: Store, *, dry_run: bool, stale_s: float = STALE_S) -> list[Removal]:
    """Remove dead attempts and versions that no run names; return what went (or would go)."""
    removals = pruning.removals(store, _named(store), stale_s=stale_s)
    if dry_run:
        return removals
    store.sweep()
    named = _named(store)  # again: a run may have begun while others were watched
    return [removal for removal in removals if removal.path not in named and pruning.remove(store, removal)]


def _named(store: Store) -> set[str]:
    """Return the addresses that runs name, and those that nothing names and somebody wanted.

    Raises:
        UserError: if a record is damaged: nobody can tell then what may go.
    """
    runs = store.many(partial(_read, store), ids(store))
    marks = (path for kind in LASTING for path in store.list(kind) if path.endswith(f"/{COMPLETE}"))
    lasting = (path.removesuffix(f"/{COMPLETE}") for path in marks)
    return {*(address for run in runs for address in run.addresses), *lasting}


def ids(store: Store) -> list[str]:
    names = [path.removeprefix(f"{FOLDER}/") for path in store.list(FOLDER)]
    return [name.removesuffix(".json") for name in names if name.endswith(".json") and "/" not in name]


def _file(run_id: str) -> str:
    return f"{FOLDER}/{run_id}.json"


def _read(store: Store, run_id: str) -> RunRecord:
    where = store.at(_file(run_id))
    try:
        values = store.read_json(_file(run_id))
    except UserError as error:
        raise UserError(f"{error}; look at it, and take it away") from error
    try:
        return build(RunRecord, values, "run.", lenient=True)
    except UserError as error:
        raise UserError(f"{where} is no record of a run ({error}); look at it, and take it away") from None


def _sound(store: Store, run_id: str) -> RunRecord | None:
    try:
        return _read(store, run_id)
    except (UserError, MissingError) as error:
        log.warning("%s", error)
        return None


def _code(recipe: Recipe) -> dict[str, Any]:
    """Return the code numbers, and the fingerprint of each benchmark's code, by which results go."""
    return {**CODE, "rules": {name: rule(name) for name in recipe.evaluate.benchmarks}}


def _deciding(run: RunRecord) -> dict[str, Any]:
    return _settings(run.config, run.raw, run.code)


def _settings(config: Mapping[str, Any], raw: str, code: Mapping[str, Any]) -> dict[str, Any]:
    """Return dotted keys and values, as JSON has them, of what decides a run's results."""
    deciding = {key: value for key, value in config.items() if key not in SILENT}
    leaves = [*_leaves("", deciding), ("raw", raw), *_leaves("code.", code)]
    return dict(json.loads(json.dumps(leaves)))


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return [f"{key}: {_change(old.get(key), new.get(key))}" for key in keys]


def _leaves(prefix: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(f"{prefix}{key}.", value)
        else:
            yield f"{prefix}{key}", value


def _change(old: Any, new: Any) -> str:
    if not (isinstance(old, Sequence) and isinstance(new, Sequence)) or isinstance(old, str):
        return f"{old!r} -> {new!r}"
    gone = [f"-{item}" for item in old if item not in new]
    come = [f"+{item}" for item in new if item not in old]
    return ", ".join(gone + come) or "another order"
