"""What every source and benchmark promises, to be tried on those of others as on ours.

In: a source and its miniature raw files, or a benchmark and what writes its miniature files. Out: nothing,
or an AssertionError that says which promise is broken, for what. A test of one's own is one call:
``check_source(ZEBRAS, miniature(), tmp_path)`` or ``check_benchmark(STRIPES, write, tmp_path)``.

Read in this order: sources.py, hostile.py (fields of another kind), benchmarks.py, files.py (miniatures).
"""

from pathlib import Path
from types import ModuleType

from vf_ray.extensions.found import package_at
from vf_ray.testing.benchmarks import check_benchmark
from vf_ray.testing.files import Miniature, json_lines, picture, pictures, write
from vf_ray.testing.sources import check_source

__all__ = [
    "Miniature", "check_benchmark", "check_source", "extension_module", "json_lines", "picture", "pictures",
    "write",
]  # fmt: skip


def extension_module(test: str, name: str) -> ModuleType:
    """Import ``name`` (``sources.zebras``) of the folder whose ``tests/`` hold the file ``test``."""
    import importlib

    package = package_at(Path(test).resolve().parents[1], test)
    return importlib.import_module(f"{package.name}.{name}")
