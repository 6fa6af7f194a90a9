"""Who ran what: one create-once record per run, the readable name for a set of versions."""

import json
import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any

from vf_ray.artifacts import provenance
from vf_ray.artifacts import prune as pruning
from vf_ray.artifacts.lease import STALE_S
from vf_ray.artifacts.prune import Removal
from vf_ray.errors import MissingError, UserError
from vf_ray.plan.inputs import rule
from vf_ray.plan.plan import Plan
from vf_ray.plan.versions import CODE
from vf_ray.recipe.strict import near, plain
from vf_ray.store import Store

FOLDER = "runs"
KEYS = ("id", "when", "recipe", "versions", "config", "raw", "code")
"""What every record has."""
SILENT = ("resources", "about", "name")
"""Keys of a recipe that never change a result."""

log = logging.getLogger(__name__)


def record(store: Store, plan: Plan, run_id: str = "") -> str:
    """Write down that a run begins; return its id.

    A repeated ``run_id``, of a run that is tried again, keeps its record, unless other files or other code
    have given it other versions: those have a record of their own.
    """
    known = run_id or f"{provenance.now()[:19].replace(':', '')}-{plan.recipe.name}-{uuid.uuid4().hex[:6]}"
    data = {
        "when": provenance.now(),
        "who": provenance.who(),
        "recipe": plan.recipe.name,
        "commit": provenance.commit(),
        "libraries": provenance.libraries(),
        "versions": {step: plan.addresses(step) for step in plan.steps},
        **_identity(plan),
    }
    names = (known if number == 1 else f"{known}-{number}" for number in count(1))
    return next(name for name in names if _holds(store, {"id": name, **data}))


def _holds(store: Store, record: Mapping[str, Any]) -> bool:
    """Keep a record under its id; tell whether the one that is there has the same versions."""
    text = json.dumps(record, indent=1) + "\n"
    made = store.create(_file(record["id"]), text.encode())
    return made or _read(store, record["id"])["versions"] == record["versions"]


def listed(store: Store) -> list[dict[str, Any]]:
    """Return the records of all runs, newest first; one that is damaged is told of and left out."""
    records = filter(None, store.many(partial(_sound, store), _ids(store)))
    return sorted(records, key=lambda run: (run["when"], run["id"]), reverse=True)


def show(store: Store, run_id: str) -> dict[str, Any]:
    """Return one run's record.

    Raises:
        ValueError: if there is none; names the nearest ids.
    """
    try:
        return _read(store, run_id)
    except FileNotFoundError:
        raise UserError(f"{store.url} has no run {run_id!r}; {near(run_id, _ids(store))}") from None


def changes(store: Store, plan: Plan) -> list[str]:
    """Return, as ``key: old -> new``, what differs from the recipe's last run; empty if it never ran."""
    last = next((run for run in listed(store) if run["recipe"] == plan.recipe.name), None)
    return _differences(last, json.loads(json.dumps(_identity(plan)))) if last else []


def drift(store: Store, run_id: str) -> list[str]:
    """Return what differs between a run and the one of the same recipe before it."""
    run, runs = show(store, run_id), listed(store)
    older = runs[[r["id"] for r in runs].index(run_id) + 1 :]
    before = next((r for r in older if r["recipe"] == run["recipe"]), None)
    return _differences(before, run) if before else []


def prune(store: Store, *, dry_run: bool, stale_s: float = STALE_S) -> list[Removal]:
    """Remove dead attempts and versions that no run names; return what went (or would go)."""
    found = pruning.removals(store, _named(store), stale_s=stale_s)
    if dry_run:
        return found
    store.sweep()
    named = _named(store)  # again: a run may have begun while others were watched
    return [removal for removal in found if removal.path not in named and pruning.remove(store, removal)]


def _named(store: Store) -> set[str]:
    """Return the addresses that runs name.

    Raises:
        UserError: if a record is damaged: nobody can tell then what may go.
    """
    runs = store.many(partial(_read, store), _ids(store))
    return {a for run in runs for addresses in run["versions"].values() for a in addresses}


def _ids(store: Store) -> list[str]:
    names = [path.removeprefix(f"{FOLDER}/") for path in store.list(FOLDER)]
    return [name.removesuffix(".json") for name in names if name.endswith(".json") and "/" not in name]


def _file(run_id: str) -> str:
    return f"{FOLDER}/{run_id}.json"


def _read(store: Store, run_id: str) -> dict[str, Any]:
    where = store.at(_file(run_id))
    try:
        found = store.read_json(_file(run_id))
    except UserError as error:
        raise UserError(f"{error}; look at it, and take it away") from error
    if not (isinstance(found, dict) and set(KEYS) <= found.keys()):
        raise UserError(f"{where} is no record of a run; look at it, and take it away")
    return found


def _sound(store: Store, run_id: str) -> dict[str, Any] | None:
    try:
        return _read(store, run_id)
    except (UserError, MissingError) as error:
        log.warning("%s", error)
        return None


def _identity(plan: Plan) -> dict[str, Any]:
    """Return what decides a run's results."""
    rules = {name: rule(name) for name in plan.recipe.evaluate.benchmarks}
    return {"config": plain(plan.recipe), "raw": plan.raw, "code": {**CODE, "rules": rules}}


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    before, after = dict(_flat(old)), dict(_flat(new))
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return [f"{key}: {_change(before.get(key), after.get(key))}" for key in keys]


def _flat(run: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield dotted keys and values of what decides a run's results."""
    config = {key: value for key, value in run["config"].items() if key not in SILENT}
    yield from _leaves("", config)
    yield "raw", run["raw"]
    yield from _leaves("code.", run["code"])


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
