"""The address of a source's data moves with the code that makes them, and with nothing else."""

import ast
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe
from vf_ray.tasks import Catalogue, code, declared, sources
from vf_ray.tasks.code import syntax

MODULE = '''"""Emoji of our own."""
import csv
from vf_ray.sources import readers_of_ours
TABLE = "names.csv"

THINGS = Source(name="things", title="Things", read=readers_of_ours.read, raws=(Raw("r", obtain="Here."),))


@THINGS.task("name", group="generation", category="x", instruction="Name it.", ceiling=0.1)
def name(row):
    """Its name."""
    return row.name  # as published
'''
SAME: dict[str, Callable[[str], str]] = {
    "a comment": lambda text: text.replace("as published", "as we like it"),
    "a docstring": lambda text: text.replace("Its name.", "Its own name.").replace("Emoji of", "Things of"),
    "a docstring more": lambda text: text.replace('names.csv"\n', 'names.csv"\n"""A table."""\n'),
    "layout": lambda text: text.replace("return row.name", "return (\n        row.name\n    )"),
    "what is told": lambda text: text.replace('Things"', 'All things"').replace("Here.", "There."),
    "a group": lambda text: text.replace("generation", "classification"),
}
OTHER: dict[str, Callable[[str], str]] = {
    "a function": lambda text: text.replace("return row.name", "return row.name.lower()"),
    "a ceiling": lambda text: text.replace("0.1", "0.2"),
    "a constant": lambda text: text.replace("names.csv", "other.csv"),
    "a key of a call": lambda text: text.replace("def name(row)", "def name(row, title=1)"),
}


@pytest.mark.parametrize("edit", SAME)
def test_what_is_for_people_moves_nothing(edit: str) -> None:
    assert SAME[edit](MODULE) != MODULE
    assert syntax(ast.parse(SAME[edit](MODULE))) == syntax(ast.parse(MODULE))


@pytest.mark.parametrize("edit", OTHER)
def test_what_makes_rows_moves_it(edit: str) -> None:
    assert syntax(ast.parse(OTHER[edit](MODULE))) != syntax(ast.parse(MODULE))


def coded(root: Path, monkeypatch: pytest.MonkeyPatch, **changed: str) -> str:
    """Return the code of ``ours.things`` in a package where some files (``name__ending``) are changed."""
    files = {
        "__init__.py": "", "things.py": "from ours import reader\nTABLE = 'names.csv'", "other.py": "X = 1",
        "reader.py": "from ours.cells import C", "cells.py": "C = 1", "names.csv": "a", "unread.csv": "a",
    }  # fmt: skip
    files |= {name.replace("__", "."): text for name, text in changed.items()}
    (root / "ours").mkdir(parents=True)
    for name, text in files.items():
        (root / "ours" / name).write_text(text)
    for cached in (
        code._closure,
        code._imported,
        code.is_module,
        code._parsed,
        code._fingerprint,
    ):
        cached.cache_clear()
    with monkeypatch.context() as patch:
        for module in [name for name in sys.modules if name.partition(".")[0] == "ours"]:
            patch.delitem(sys.modules, module)
        patch.syspath_prepend(str(root))
        return code.module_code("ours.things")


def test_the_readers_and_tables_that_a_module_uses_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = coded(tmp_path / "usual", monkeypatch)
    for name in ("things__py", "reader__py", "cells__py", "names__csv"):
        text = "C = 2"
        assert coded(tmp_path / name, monkeypatch, **{name: text}) != usual, name
    for name in ("other__py", "unread__csv"):
        assert coded(tmp_path / name, monkeypatch, **{name: "X = 2"}) == usual, name


def test_every_source_has_a_code_of_its_own() -> None:
    codes = {name: declared().code_of(name) for name in sources()}
    assert len(set(codes.values())) == len(codes)


def test_an_edited_task_moves_the_address_of_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe.from_mapping({"name": "x", "prepare": {"tasks": ["okvqa/*", "gqa/*"]}, "base": {}})
    before = Plan(recipe, "raw").images
    code_of = Catalogue.code_of
    monkeypatch.setattr(
        Catalogue, "code_of", lambda self, name: "edited" if name == "okvqa" else code_of(self, name)
    )
    after = Plan(recipe, "raw").images
    assert after["okvqa"].address != before["okvqa"].address
    assert after["gqa"].address == before["gqa"].address
