"""Raw files to instances, prepared once; a stage's mixture of them; what other tools read."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from vf_ray.artifacts import Artifact
from vf_ray.recipe import Recipe
from vf_ray.recipe.load import load_recipe as named_recipe
from vf_ray.recipe.own_table import OwnTable, source_name, table_task
from vf_ray.store import Store
from vf_ray.types import Instance, Reject, Task

if TYPE_CHECKING:
    from vf_ray.exchange.census import Census


def tasks(pattern: str = "*") -> dict[str, Task[Any]]:
    """Return the tasks of the catalogue whose id matches, such as ``okvqa/*``, by id.

    Raises:
        ValueError: if none does; the message names the nearest ids.
    """
    from vf_ray.tasks import catalogue, matching

    return {task: catalogue()[task] for task in matching([pattern])}


def instances(
    task: str, raw: str, *, seed: int = 0, splits: Sequence[str] | None = None, images: bool = True,
    tables: Mapping[str, OwnTable] = MappingProxyType({}),
) -> Iterator[Instance | Reject]:  # fmt: skip
    """Yield what a task, or every task of a source, makes of raw files, in the order of the files.

    ``task`` is our id, the published one, or a source's name; ``raw`` a folder or URL. With ``images`` every
    picture is opened, and one that does not decode is a reject. ``splits=None``: all of them. ``tables`` are
    a recipe's own (``recipe.prepare.tables``).

    Raises:
        ValueError: for an unknown task.
        FileNotFoundError: if a raw file is missing; says what to obtain.
    """
    from vf_ray.instances.sample import examine
    from vf_ray.plan.origins import Catalogued, Origin
    from vf_ray.plan.own_tables import Tabled
    from vf_ray.shards.checked import ImageCheck
    from vf_ray.tasks import declared

    chosen = declared().with_tables(tables).find(task)

    def of_source(name: str) -> Iterator[Instance | Reject]:
        own = {table_task(table): Tabled(table, tables[table], raw) for table in tables}
        origin: Origin = own[name] if name in own else Catalogued(name, raw)
        source, tree = origin.source(), origin.tree()
        mine = [each for each in source.tasks if each.id in {one.id for one in chosen}]
        outcomes = examine(source, tree, mine, seed=seed, splits=splits)
        return map(ImageCheck(tree).checked, outcomes) if images else outcomes

    return chain.from_iterable(map(of_source, dict.fromkeys(source_name(each.id) for each in chosen)))


def load_recipe(what: str | Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Return a recipe by its name, by the path of a YAML file, or of its keys as a mapping.

    Raises:
        ValueError: for an unknown key, a wrong value, or an impossible combination.
    """
    return named_recipe(what, overrides) if isinstance(what, str) else Recipe.from_mapping(what, overrides)


def open_store(url: str | None = None) -> Store:
    """Return the store at a folder or bucket; None: ``VF_RAY_STORE``, else ``.vf-ray/store`` here."""
    return Store.open(url)


def prepare(recipe: Recipe, store: Store) -> dict[str, Artifact]:
    """Return the finished instances of each task of a recipe with raw files of its own, building what is not.

    Raises:
        ValueError: if a task yields nothing, or loses more records than its ceiling allows.
        FileNotFoundError: if a raw file is missing; says what to obtain.
    """
    from vf_ray.plan.plan import Plan
    from vf_ray.quality.screening import units
    from vf_ray.shards import prepare as step
    from vf_ray.work import LocalPool

    plan = Plan.of(recipe, store)
    return step.prepare(store, plan.preparation, LocalPool(), screening=units(store, plan))


def mixture(recipe: Recipe, store: Store, stage: str) -> Artifact:
    """Return the index of what a stage of a prepared recipe trains on; it copies nothing.

    Raises:
        FileNotFoundError: if one of its tasks is not prepared.
        ValueError: if nothing is left to train on.
    """
    from vf_ray.plan.handing import mixing
    from vf_ray.plan.plan import Plan
    from vf_ray.recipe.graph import teachers
    from vf_ray.shards.mixture import mixture as indexed

    plan = Plan.of(recipe, store)
    if plan.selections.of(stage):
        from vf_ray.select.selecting import selected
        from vf_ray.work import LocalPool

        selected(store, plan, stage, LocalPool())
    if teachers(plan.recipe.stages, stage):
        from vf_ray.relabel.relabelling import relabelled
        from vf_ray.work import LocalPool

        relabelled(store, plan, stage, LocalPool())
    return indexed(store, mixing(plan, stage))


def export(
    recipe: Recipe, store: Store, to: str, form: str = "parquet", *, any_licence: bool = False
) -> "Census":
    """Write a prepared recipe into a new folder or bucket with a dataset card; return what went out.

    ``form`` is ``parquet`` or ``llava``. Without ``any_licence`` only pictures that may be passed on go out.

    Raises:
        FileNotFoundError: if one of its tasks is not prepared.
        ValueError: if ``to`` is not empty, or there is nothing to export.
    """
    from vf_ray.exchange import export as exchange
    from vf_ray.plan.plan import Plan

    plan = Plan.of(recipe, store)
    return exchange.export(
        plan.instances, store, Store.open(to), form, name=recipe.name, about=recipe.about,
        any_licence=any_licence, catalogue=plan.catalogue,
    )  # fmt: skip
