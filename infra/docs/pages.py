"""Which pages the site has, each made from what it is about."""

import ast
import importlib.util
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer
from typer.cli import get_docs_for_click

from infra.docs.data_pages import benchmarks, catalogue, recipes, studies
from infra.docs.markdown import block, code, contents, page, prose, table, text
from infra.local.state import ROOT
from vf_ray.cli.schema import What, of
from vf_ray.store import Store

FRONT = ("example", "recipe", "recipes", "study", "studies", "commands", "api", "catalogue", "benchmarks",
         "packages", "contributing", "changes")  # fmt: skip
"""Below the README, in this order."""


def pages(store: Store | None = None) -> Mapping[str, str]:
    """Return every page as Markdown, by its name; ``store`` has studies whose findings are to be shown."""
    return {
        "index": (ROOT / "README.md").read_text() + "\n" + contents(FRONT, hidden=True),
        "contributing": (ROOT / "CONTRIBUTING.md").read_text(),
        "changes": (ROOT / "CHANGELOG.md").read_text(),
        "recipe": _keys("recipe", "What a recipe may say"),
        "study": _keys("study", "What a study may say"),
        "commands": _commands(),
        "example": _example(),
        "api": page("As a library", _module("vf_ray.api")),
        "packages": _packages(),
        **recipes(),
        **studies(store),
        **catalogue(),
        **benchmarks(),
    }


def _commands() -> str:
    from vf_ray.cli import app

    verbs = typer.main.get_command(app)
    return get_docs_for_click(obj=verbs, ctx=typer.Context(verbs), name="vf-ray", title="Commands")


def _example() -> str:
    """Return what the tests run, as it stands here: one recipe, and each step by itself."""
    recipe, steps = (
        block("python", (ROOT / "tests" / file).read_text(encoding="utf-8"))
        for file in ("flows/test_two_folders.py", "api/test_notebook.py")
    )
    whole = "From two public folders to a tuned tiny model and its report, by one recipe and one command."
    about = "Each step from raw files to a tuned tiny model and its scores, as a notebook takes it."
    return page("From raw files to scores", whole, recipe, about, steps)


def _module(name: str) -> str:
    """Return what lets Sphinx show a module's docstring and those of all it offers."""
    return f"```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n   :imported-members:\n```\n"


def _keys(what: What, title: str) -> str:
    """Return a table of keys for each kind of mapping that a YAML file may hold."""
    schema = of(what)
    kinds = {schema["title"]: schema, **schema["$defs"]}
    return page(title, *(part for kind in kinds.values() for part in _kind(kind)))


def _kind(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield a heading, what it is, and its keys."""
    yield f"## {schema['title']}"
    yield prose(schema["description"])
    needed = schema["required"]
    yield table(
        ("key", "value", "default", "meaning"),
        (
            (code(key), _spelled(value), _default(value, key in needed), prose(value.get("description", "")))
            for key, value in schema["properties"].items()
        ),
    )


def _default(value: Mapping[str, Any], needed: bool) -> str:
    if needed:
        return "must be given"
    if "$ref" in value:
        return "as below"
    return code(value["default"]) if value.get("default") not in (None, "", [], {}) else ""


def _spelled(value: Mapping[str, Any]) -> str:
    """Return a schema's kind of value in words, linked where it has a table of its own."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in value:
        return " or ".join(map(_spelled, value["anyOf"]))
    if "enum" in value:
        return ", ".join(map(code, value["enum"]))
    if value.get("type") == "array":
        return f"list of {_spelled(value['items'])}"
    if value.get("type") == "object":
        return f"mapping to {_spelled(value['additionalProperties'])}"
    kind = value.get("type", "any value")
    return text(kind if isinstance(kind, str) else kind[0])


def _packages() -> str:
    """Return the first lines of each package, and its modules with theirs."""
    import vf_ray

    names = [info.name for info in pkgutil.iter_modules(vf_ray.__path__, "vf_ray.") if info.ispkg]
    return page("Packages", *(part for name in ("flows", *names) for part in _package(name)))


def _package(name: str) -> Iterator[str]:
    package = importlib.import_module(name)
    yield f"## {name}"
    yield block("text", inspect.getdoc(package) or "")
    modules = [info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_")]
    yield table(
        ("module", "what it is"),
        ([code(module), prose(_first_line(f"{name}.{module}"))] for module in modules),
    )


def _first_line(name: str) -> str:
    """Return what a module says it is; it is read, not run."""
    spec = importlib.util.find_spec(name)
    assert spec and spec.origin, f"{name} is a file"
    return (ast.get_docstring(ast.parse(Path(spec.origin).read_text())) or "").partition("\n")[0]
