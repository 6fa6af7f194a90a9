"""One name means one thing: no class, and no alias of a type, is defined twice."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent


def defined(module: Path) -> Iterator[str]:
    """Yield the names that a module gives to types: its classes, and what it assigns in CamelCase."""
    for node in ast.parse(module.read_text()).body:
        match node:
            case ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if name[0].isupper() and not name.isupper():
                    yield name


def test_no_type_has_another_s_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for package in ("vf_ray", "flows"):
        for module in sorted((ROOT / package).rglob("*.py")):
            for name in defined(module):
                places[name].append(str(module.relative_to(ROOT)))
    assert len(places) > 300  # what is looked at is there
    assert {name: modules for name, modules in places.items() if len(modules) > 1} == {}


VAGUE = {
    *("found", "told", "said", "made", "kept", "got", "thing", "things", "stuff", "res", "tmp", "obj"),
    *("bounds", "borders", "reads", "shows", "trunk", "feed", "habits", "exam", "picture", "pictures"),
}
"""What no local is called: words that do not tell what it holds, and those for which the field has a term."""


def variables(module: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each parameter and local of the module's functions."""
    for function in ast.walk(ast.parse(module.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for node in ast.walk(function):
                match node:
                    case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                        yield node.lineno, name


def test_a_local_is_named_for_what_it_holds() -> None:
    vague = {
        f"{module.relative_to(ROOT)}:{line}: {name}"
        for package in ("vf_ray", "flows")
        for module in (ROOT / package).rglob("*.py")
        for line, name in variables(module)
        if name in VAGUE
    }
    assert vague == set()
