"""Tables of runs: one recipe under several overrides, as data in ``experiments.yaml``.

``python -m flows.experiments`` lists them, ``python -m flows.experiments table4`` runs one after another;
what the store holds already is skipped, and ``--set`` overrides all runs alike. An override may name a model
that the same recipe has made, perhaps under other overrides.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import yaml

from flows.session import session
from vf_ray.artifacts import find
from vf_ray.cli.plans import setting
from vf_ray.errors import UserError
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe
from vf_ray.recipe.load import load_recipe
from vf_ray.recipe.strict import near, require
from vf_ray.store import Store


@dataclass(frozen=True)
class Comparison:
    """Runs that are to be compared."""

    recipe: str
    about: str
    runs: Mapping[str, Mapping[str, Any]]
    """Overrides of each run by its name."""

    def recipes(
        self, more: Mapping[str, Any], where: Callable[[Recipe, str], str] = lambda recipe, step: step
    ) -> dict[str, Recipe]:
        """Load every run's recipe; ``where`` gives the URL of the model that a step of another run makes.

        Raises:
            ValueError: for an override that does not fit the recipe.
        """
        return {run: load_recipe(self.recipe, self.overrides(run, more, where)) for run in self.runs}

    def overrides(
        self, run: str, more: Mapping[str, Any], where: Callable[[Recipe, str], str]
    ) -> dict[str, Any]:
        """Return a run's overrides, with URLs in place of models that are named by their making."""
        changes = {**self.runs[run], **more}
        models = {key: Model(**value) for key, value in changes.items() if _is_model(value)}
        urls = {
            key: where(load_recipe(self.recipe, {**model.under, **more}), model.model)
            for key, model in models.items()
        }
        return {**changes, **urls}


@dataclass(frozen=True)
class Model:
    """A model that a step of the table's recipe makes."""

    model: str
    """The step."""
    under: Mapping[str, Any] = field(default_factory=dict)
    """Overrides it is made under."""


def _is_model(value: Any) -> bool:
    return isinstance(value, dict) and "model" in value


def tables() -> dict[str, Comparison]:
    """Return the tables by name."""
    data = yaml.safe_load((files("flows") / "experiments.yaml").read_text(encoding="utf-8"))
    return {
        name: Comparison(data["recipe"], held["about"].strip(), held["runs"])
        for name, held in data["tables"].items()
    }


def main() -> None:
    """Run a table, or list them all."""
    parser = argparse.ArgumentParser(prog="python -m flows.experiments", description="run a table of runs")
    parser.add_argument("table", nargs="?")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override of all runs"
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of every error")
    asked = parser.parse_args()
    if asked.table is None:
        for name, table in tables().items():
            print(f"{name:<8} {len(table.runs)} runs of {table.recipe}: {table.about}")
        return
    with session(lambda: _sound(asked.table, asked.set), debug=asked.debug):
        _run(asked.table, asked.set)


def _sound(name: str, settings: Sequence[str]) -> None:
    """Raise UserError unless there is such a table and all its runs' recipes are sound."""
    require(name in tables(), f"no table is named {name!r}; {near(name, tables())}")
    tables()[name].recipes(dict(map(setting, settings)))


def _run(name: str, settings: Sequence[str]) -> None:
    from flows.visionflan import visionflan

    table, more = tables()[name], dict(map(setting, settings))
    flow = visionflan.with_options(log_prints=False)
    for run in table.runs:
        print(f"\n{name}: {run}", flush=True)
        flow(recipe=table.recipe, overrides=table.overrides(run, more, _url))


def _url(recipe: Recipe, step: str) -> str:
    """Return where a finished model of a recipe lies.

    Raises:
        UserError: if the store does not hold it, or its files come from two attempts.
    """
    store = Store.open()
    spec = Plan.of(recipe, store).tuned(step)
    if (artifact := find(store, spec)) is None:
        raise UserError(f"the store {store.url} holds no {spec.address}: run the tables that train it first")
    files = [name for name in artifact.names() if name.startswith("model/")]
    folders = {artifact.path(name).rpartition("/")[0] for name in files}
    require(len(folders) == 1, f"{store.at(spec.address)}: its model lies in {sorted(folders)}; publish it")
    return store.at(folders.pop())


if __name__ == "__main__":
    main()
