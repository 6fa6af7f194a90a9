"""What a recipe's user gives, as fingerprints: the raw folder, and each benchmark's folder."""

from collections.abc import Mapping, Sequence

from vf_ray.errors import MissingError
from vf_ray.extensions import loaded
from vf_ray.raw.listing import WHOLE, fingerprints, listings
from vf_ray.recipe import Evaluate, Prepare
from vf_ray.tasks import sources
from vf_ray.tasks.code import is_module, module_code

INSTANCES = "tasks"
"""The benchmark that asks held-out instances, which has no folder of its own."""
BENCHMARKS = "vf_ray.eval.benchmarks"
"""Package that holds a module for each benchmark, by its name."""
RULES = ("vf_ray.eval.",)
"""Where the modules lie that are part of the benchmarks which use them."""


def raws(prepare: Prepare) -> tuple[str, Mapping[str, str], Mapping[str, int]]:
    """Return the fingerprint of the whole raw folder, and those and the bytes of each Raw in it by name.

    Raises:
        FileNotFoundError: if nothing is there, and nothing is to be fetched.
    """
    loose = {name: raw.name for source in sources().values() for raw in source.raws for name in raw.loose}
    listed = dict(listings(prepare.raw, loose))
    if not (listed or prepare.fetch):
        raise MissingError(f"no raw files below {prepare.raw}, which prepare.raw names")
    whole = listed.pop(WHOLE).fingerprint if listed else ""
    by_name = {name: listing.fingerprint for name, listing in listed.items()}
    return whole, by_name, {name: listing.bytes for name, listing in listed.items()}


def question_sets(evaluate: Evaluate, more: Sequence[str] = ()) -> Mapping[str, str]:
    """Return the fingerprint of each benchmark's folder, of ``more`` too; none where the demo's are asked.

    Raises:
        FileNotFoundError: if one of them is not there.
    """
    known = benchmark_folders(evaluate, more)
    if absent := [name for name, fingerprint in known.items() if not fingerprint]:
        raise MissingError(no_files(evaluate.data, absent[0]))
    return known


def benchmark_folders(evaluate: Evaluate, more: Sequence[str] = ()) -> Mapping[str, str]:
    """Return the same, but where nothing is there an empty one."""
    official = [name for name in (*evaluate.benchmarks, *more) if name != INSTANCES and evaluate.data]
    known = fingerprints(evaluate.data) if official else {}
    return {name: known.get(name, "") for name in official}


def no_files(data: str, benchmark: str) -> str:
    """Say that a benchmark's folder is not there, and what to do."""
    return (
        f"no files below {question_set_url(data, benchmark)}; put the official files of {benchmark} there, "
        "or leave it out of the recipe"
    )


def question_set_url(data: str, benchmark: str) -> str:
    """Return where the official files of a benchmark lie."""
    return f"{data.rstrip('/')}/{benchmark}"


def rule(benchmark: str) -> str:
    """Return the fingerprint of a benchmark's code: a change of one scores only its own runs anew."""
    name = benchmark.replace("-", "_")
    named = (module for module in loaded.names("benchmarks") if module.rpartition(".")[2] == name)
    module = next(named, f"{BENCHMARKS}.{name}")
    return module_code(module, RULES) if is_module(module) else ""
