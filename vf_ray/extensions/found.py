"""Which extensions there are, known without any of them being imported."""

import os
import pkgutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import ModuleSpec
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from vf_ray.errors import ExtensionError, UserError, require

KINDS = ("sources", "benchmarks", "families", "recipes", "studies")
VARIABLE = "VF_RAY_EXTENSIONS"
"""Names folders, or packages that can be imported, parted as in ``PATH``."""


@dataclass(frozen=True)
class Extension:
    """A package or module that holds extensions of one kind."""

    name: str
    """By which it is imported."""
    origin: str
    """Who named it, for messages."""

    def modules(self) -> Iterator[str]:
        """Yield the modules in it, or itself if it is one."""
        folders = self.spec.submodule_search_locations
        if folders is None:
            yield self.name
        for info in pkgutil.walk_packages(folders or [], f"{self.name}."):
            yield info.name

    def files(self, ending: str) -> Iterator[Path]:
        """Yield the files that lie in it, by their names."""
        for folder in self.spec.submodule_search_locations or []:
            yield from sorted(Path(folder).glob(f"*{ending}"))

    @property
    def spec(self) -> ModuleSpec:
        """Return where it lies.

        Raises:
            UserError: if nothing can be imported by its name.
            ExtensionError: if the package around it fails.
        """
        try:
            spec = find_spec(self.name)
        except ModuleNotFoundError:
            spec = None
        except Exception as error:
            raise ExtensionError(f"{self.name} ({self.origin}) cannot be imported: {error!r}") from error
        if spec is None:
            raise UserError(
                f"{self.origin} names {self.name}, which cannot be imported; install or correct it"
            )
        return spec


def extensions(kind: str) -> tuple[Extension, ...]:
    """Return those of one of ``KINDS``: of installed packages by name, then of folders in their order.

    Raises:
        UserError: if a folder is not there, holds none, or cannot be imported by its name.
    """
    installed = sorted(entry_points(group=f"vf_ray.{kind}"), key=lambda entry: (entry.value, entry.name))
    by_value = {
        entry.value: Extension(
            entry.value, f"entry point {entry.name} of {entry.dist.name if entry.dist else 'a package'}"
        )
        for entry in installed
    }
    folders = (package for package in packages() if (package.folder / kind).is_dir())
    return (*by_value.values(), *(Extension(f"{one.name}.{kind}", one.origin) for one in folders))


@dataclass(frozen=True)
class ExtensionFolder:
    """A folder of extensions, which is a package by its own name."""

    name: str
    folder: Path
    origin: str


def packages() -> tuple[ExtensionFolder, ...]:
    """Return what ``VF_RAY_EXTENSIONS`` names."""
    return _packages(os.environ.get(VARIABLE, ""))


@lru_cache(maxsize=8)
def _packages(named: str) -> tuple[ExtensionFolder, ...]:
    return tuple(_package(text) for text in named.split(os.pathsep) if text)


def _package(text: str) -> ExtensionFolder:
    origin = f"{VARIABLE} names {text}"
    is_folder = os.sep in text or Path(text).is_dir()
    return package_at(Path(text).absolute() if is_folder else _folder_of(text, origin), origin)


def package_at(folder: Path, origin: str) -> ExtensionFolder:
    """Return a folder of extensions, which can be imported by its name from now on.

    Raises:
        UserError: if it is not there, holds none, or its name is no word or another package's.
    """
    require(folder.is_dir(), f"{origin}, where no folder is")
    require(folder.name.isidentifier(), f"{origin}; a folder is imported by its name, so make that a word")
    holds = [kind for kind in KINDS if (folder / kind).is_dir()]
    require(bool(holds), f"{origin}, which holds none of the folders {', '.join(KINDS)}")
    if str(folder.parent) not in sys.path:
        sys.path.append(str(folder.parent))  # at the end: it hides nothing
    there = [Path(place).absolute() for place in _places(folder.name)]
    hidden = (
        f"{origin}, but {folder.name} is another package already ({', '.join(map(str, there))}); rename it"
    )
    require(folder in there, hidden)
    return ExtensionFolder(folder.name, folder, origin)


def _folder_of(package: str, origin: str) -> Path:
    places = list(_places(package))
    require(bool(places), f"{origin}, which is neither a folder nor a package that can be imported")
    return Path(places[0]).absolute()


def _places(package: str) -> Iterator[str]:
    spec = find_spec(package) if package.isidentifier() else None
    yield from (spec.submodule_search_locations or []) if spec else []
