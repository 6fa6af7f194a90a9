"""The house keeps its shape: contracts cover every module, heavy libraries stay where they belong."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vf_ray.eval.benchmarks import get as get_benchmark
from vf_ray.plan.plan import STEPS
from vf_ray.recipe.load import load_recipe, recipe_names
from vf_ray.tasks import matching

ROOT = Path(__file__).parent.parent
OUTSIDE_RAY = {"vf_ray.on_ray", "vf_ray.cli", "vf_ray.doctor"}
"""May reach Ray through the layers below them; only ``on_ray`` imports it."""


def contracts() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"][
        "importlinter"
    ]["contracts"]
    return found


def modules() -> set[str]:
    """Return every package and module directly below ``vf_ray``."""
    entries = (e for e in (ROOT / "vf_ray").iterdir() if not e.name.startswith("__"))
    return {f"vf_ray.{e.stem}" for e in entries if e.suffix == ".py" or (e / "__init__.py").exists()}


def imports(folder: str, library: str) -> Iterator[str]:
    """Yield the files below ``folder`` that import ``library``, lazily or not."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [str(node.module)]
            if any(name.split(".")[0] == library for name in names):
                yield path.relative_to(ROOT).as_posix()


def test_nothing_is_loose_at_the_root() -> None:
    loose = {path.stem for path in (ROOT / "vf_ray").glob("*.py")} - {"__init__"}
    assert loose <= {"types", "text", "errors"}


@pytest.mark.parametrize(
    "package", sorted(path.parent.name for path in (ROOT / "vf_ray").glob("*/__init__.py"))
)
def test_each_package_names_files_to_read_first_that_are_there(package: str) -> None:
    folder = ROOT / "vf_ray" / package
    opening = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    named = re.findall(r"(?<![\w/.])(\w+\.py)\b", opening)
    assert "Read in this order:" in opening and len(named) > 1
    assert [name for name in named if not (folder / name).exists()] == []


def test_every_module_is_named_in_the_layers() -> None:
    layers = next(c for c in contracts() if c["type"] == "layers")["layers"]
    named = {name.strip() for layer in layers for name in layer.split("|")}
    assert named - {"flows"} == modules()


def test_every_module_but_those_on_top_is_kept_from_ray() -> None:
    contract = next(c for c in contracts() if c.get("forbidden_modules") == ["ray"])
    assert set(contract["source_modules"]) == modules() - OUTSIDE_RAY


def test_only_on_ray_imports_ray() -> None:
    assert all(path.startswith("vf_ray/on_ray/") for path in imports("vf_ray", "ray"))
    assert list(imports("flows", "ray")) == []
    assert list(imports("infra", "ray")) == []


def test_only_flows_imports_prefect() -> None:
    assert list(imports("vf_ray", "prefect")) == []
    assert list(imports("infra", "prefect")) == []


@pytest.mark.parametrize("library", ["fsspec", "s3fs"])
def test_only_the_store_and_the_readers_know_file_systems(library: str) -> None:
    beside_store = ("vf_ray/store/", "vf_ray/raw/", "vf_ray/sources/")
    assert all(path.startswith(beside_store) for path in imports("vf_ray", library))


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_loads_and_names_real_tasks(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    prepared = set(matching(recipe.prepare.tasks))
    for stage in recipe.tuned.values():
        assert set(matching(stage.tasks)) <= prepared
    asked = recipe.evaluate
    assert asked.judge or not [one for one in asked.benchmarks if get_benchmark(one).needs_judge]


def test_the_recipes_that_everything_names_are_there() -> None:
    assert {"demo", "smoke"} <= set(recipe_names())


def test_listing_tasks_loads_nothing_heavy() -> None:
    heavy = "{'torch', 'transformers', 'ray', 'prefect', 'deepspeed', 'pandas', 'scipy'}"
    code = (
        f"import vf_ray.cli, vf_ray.tasks, sys; vf_ray.tasks.catalogue(); print({heavy} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_steps_are_the_deployments() -> None:
    import yaml

    declared = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    assert [d["name"] for d in declared] == ["full", *STEPS, "study"]
