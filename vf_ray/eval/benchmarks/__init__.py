"""The benchmarks, computed from the modules of this package and of extensions: one file each, no more."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType, ModuleType

from vf_ray.errors import UserError, near, require
from vf_ray.eval.benchmark import Benchmark
from vf_ray.extensions import loaded


@cache
def catalogue() -> Mapping[str, Benchmark]:
    """Return every declared benchmark by name."""
    by_name: dict[str, Benchmark] = {}
    modules: dict[str, str] = {}
    for module in _modules():
        for benchmark in (value for value in vars(module).values() if isinstance(value, Benchmark)):
            if by_name.get(benchmark.name) is benchmark:
                continue  # imported from where it is declared
            misnamed = f"{module.__name__} declares benchmark {benchmark.name!r}; name the module after it"
            require(module.__name__.rpartition(".")[2] == benchmark.name.replace("-", "_"), misnamed)
            first = modules.setdefault(benchmark.name, module.__name__)
            twice = f"benchmark {benchmark.name!r} is declared twice, in {first} and in {module.__name__}"
            require(by_name.setdefault(benchmark.name, benchmark) is benchmark, twice)
    return MappingProxyType(dict(sorted(by_name.items())))


def _modules() -> Iterator[ModuleType]:
    for info in pkgutil.iter_modules(__path__, f"{__name__}."):
        yield importlib.import_module(info.name)
    yield from loaded.modules("benchmarks")


def get(name: str) -> Benchmark:
    """Return the benchmark of this name.

    Raises:
        ValueError: if there is none; the message names the nearest ones.
    """
    if name not in catalogue():
        raise UserError(f"no benchmark is named {name!r}; {near(name, catalogue())}")
    return catalogue()[name]
