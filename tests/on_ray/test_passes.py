"""Many sources, some of whose passes are shared out, come out of a cluster as of one process."""

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.shards.test_prepare import contents, prepare
from tests.tasks.tree import write
from tests.tasks.trees import TREES
from vf_ray.artifacts import find
from vf_ray.on_ray.ray_pool import RayPool
from vf_ray.plan.plan import Plan
from vf_ray.raw.passages import LEAST
from vf_ray.recipe import Recipe
from vf_ray.store import Store
from vf_ray.tasks import sources
from vf_ray.work import Line, LocalPool, Unit, WorkPool

pytestmark = [pytest.mark.chain, pytest.mark.usefixtures("ray_cluster")]
WIT = "wit/wit_v1.train.all-00000-of-00010.tsv"
"""A file of lines, which is cut where it is large."""


class Noting(RayPool):
    """Notes what it is given to do."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def run(self, units: Sequence[Unit]) -> Iterator[Line]:
        self.names += [unit.name() for unit in units]
        return super().run(units)


def _raw(root: Path, count: int) -> list[str]:
    """Write the miniature trees of so many sources, the divisible ones among them, one file of them large."""
    divisible = [name for name, source in sources().items() if source.divisible and name in TREES]
    others = [name for name in sorted(TREES) if name not in divisible]
    names = [*divisible, *others[:: len(others) // (count - len(divisible))]][:count]
    for name in names:
        write(root, TREES[name]())
    packed = root / f"{WIT}.gz"
    header, *lines = gzip.decompress(packed.read_bytes()).decode().splitlines()
    packed.unlink()
    foreign = lines[0].replace("en\t", "de\t", 1) + " It is high." * 1000
    padding = [foreign.replace("https://", f"https://{n}.") for n in range(2 * LEAST // len(foreign) + 9)]
    half = len(padding) // 2
    (root / WIT).write_text("\n".join([header, *padding[:half], *lines, *padding[half:]]) + "\n")
    return names


def _prepared(store: Store, plan: Plan, pool: WorkPool) -> str:
    """Prepare what can be; return what is said of the rest."""
    try:
        prepare(store, plan, pool)
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("count", [11, pytest.param(32, marks=pytest.mark.soak)])
def test_sources_come_out_of_a_cluster_as_of_one_process(count: int, tmp_path: Path) -> None:
    names = _raw(tmp_path / "raw", count)
    asked = {
        "tasks": [f"{name}/*" for name in names],
        "raw": str(tmp_path / "raw"),
        "cap": 20,
        "held_out": 0.2,
    }
    stage = {"tasks": ["*"], "lr": 1e-3, "batch": 4, "steps": 1}
    recipe = Recipe.from_mapping({"name": "many", "prepare": asked, "base": {}, "stage1": stage})
    here, there = (Store.open(str(tmp_path / name)) for name in ("here", "there"))
    plan, cluster = Plan.of(recipe, here), Noting()
    assert _prepared(here, plan, LocalPool()) == _prepared(there, plan, cluster)
    specs = [*plan.images.values(), *plan.instances.values()]
    alone, shared = ([find(store, spec) for spec in specs] for store in (here, there))
    assert [a and contents(a) for a in alone] == [a and contents(a) for a in shared]
    assert sum(artifact is not None for artifact in alone) > count
    assert sum(name.startswith("wit annotations") for name in cluster.names) > 2
