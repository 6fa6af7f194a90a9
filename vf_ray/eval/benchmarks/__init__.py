"""The benchmarks, computed from the modules of this package: one file each, nothing else to touch."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from vf_ray.errors import UserError, near
from vf_ray.eval.benchmark import Benchmark


@cache
def catalogue() -> Mapping[str, Benchmark]:
    """Return every declared benchmark by name."""
    by_name: dict[str, Benchmark] = {}
    for info in pkgutil.iter_modules(__path__, f"{__name__}."):
        module = importlib.import_module(info.name)
        for benchmark in (value for value in vars(module).values() if isinstance(value, Benchmark)):
            if info.name != f"{__name__}.{benchmark.name.replace('-', '_')}":
                raise ValueError(
                    f"{info.name} declares benchmark {benchmark.name!r}; name the module after it"
                )
            if by_name.setdefault(benchmark.name, benchmark) is not benchmark:
                raise ValueError(f"benchmark {benchmark.name!r} is declared twice, again in {info.name}")
    return MappingProxyType(dict(sorted(by_name.items())))


def get(name: str) -> Benchmark:
    """Return the benchmark of this name.

    Raises:
        ValueError: if there is none; the message names the nearest ones.
    """
    if name not in catalogue():
        raise UserError(f"no benchmark is named {name!r}; {near(name, catalogue())}")
    return catalogue()[name]
