"""The modules and YAML files of extensions, as our own catalogues take them."""

import importlib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import ModuleType

from vf_ray.errors import ExtensionError, MendableError, require
from vf_ray.extensions.found import extensions

YAML = ".yaml"


def names(kind: str) -> tuple[str, ...]:
    """Return the names of all modules of a kind; nothing but the packages around them is imported."""
    return tuple(name for extension in extensions(kind) for name in extension.modules())


def modules(kind: str) -> Iterator[ModuleType]:
    """Import and yield all modules of a kind.

    Raises:
        ExtensionError: if one fails; its own traceback comes first.
    """
    for extension in extensions(kind):
        for name in extension.modules():
            try:
                yield importlib.import_module(name)
            except MendableError:
                raise
            except Exception as error:
                raise ExtensionError(f"{name} ({extension.origin}) cannot be imported: {error!r}") from error


def named_files(kind: str) -> Mapping[str, Traversable]:
    """Return recipes or studies by name: those that come with vf-ray, and those of extensions.

    Raises:
        UserError: if two have one name; says where both lie.
    """
    ours = (entry for entry in (files("flows") / kind).iterdir() if entry.name.endswith(YAML))
    by_name: dict[str, Traversable] = {entry.name.removesuffix(YAML): entry for entry in ours}
    for extension in extensions(kind):
        for path in extension.files(YAML):
            twice = f"{by_name.get(path.stem)} and {path} have one name; rename yours"
            require(path.stem not in by_name, twice)
            by_name[path.stem] = path
    return dict(sorted(by_name.items()))
