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
