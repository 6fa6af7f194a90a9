"""Tables of runs: one recipe under several overrides, as data in ``experiments.yaml``.

``python -m flows.experiments`` lists them, ``python -m flows.experiments table4`` runs one after another;
what the store holds already is skipped, and ``--set`` overrides all runs alike.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

from flows.session import session
from vf_ray.cli.plans import setting
from vf_ray.recipe import Recipe
from vf_ray.recipe.load import load_recipe
from vf_ray.recipe.strict import near, require


@dataclass(frozen=True)
class Table:
    """Runs that are to be compared."""

    recipe: str
    about: str
    runs: Mapping[str, Mapping[str, Any]]
    """Overrides of each run by its name."""

    def recipes(self, more: Mapping[str, Any]) -> dict[str, Recipe]:
        """Load every run's recipe.

        Raises:
            ValueError: for an override that does not fit the recipe.
        """
        return {name: load_recipe(self.recipe, {**changes, **more}) for name, changes in self.runs.items()}


def tables() -> dict[str, Table]:
    """Return the tables by name."""
    data = yaml.safe_load((files("flows") / "experiments.yaml").read_text(encoding="utf-8"))
    return {
        name: Table(data["recipe"], held["about"].strip(), held["runs"])
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
    for run, changes in table.runs.items():
        print(f"\n{name}: {run}", flush=True)
        visionflan.with_options(log_prints=False)(recipe=table.recipe, overrides={**changes, **more})


if __name__ == "__main__":
    main()
