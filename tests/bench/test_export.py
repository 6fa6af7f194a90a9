"""What exporting costs: against copying the same pictures by a plain loop, and in memory."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.bench.exporting import ready
from tests.bench.timing import Ratio, both
from vf_ray.exchange.export import export
from vf_ray.store import Store

pytestmark = pytest.mark.bench
COUNT, FEW = 2_000, 250
ROUNDS = 5
MOST_MB, MORE_MB = 250, 50
"""Above imports, and more for eight times the instances."""
LEAST = {"llava": 0.8, "llava-tar": 0.8, "parquet": 0.6}
"""Of a plain loop that ends with what it wrote on the disk for good, in CPU: seconds swing with the disk."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exported")


def plain_llava(raw: Path, out: Path) -> None:
    """Copy the pictures and write the records: what a script would do."""
    (out / "images").mkdir(parents=True)
    records = json.loads((raw / "all.json").read_text())
    for record in records:
        (out / "images" / record["image"]).write_bytes((raw / record["image"]).read_bytes())
    (out / "train.json").write_text(json.dumps(records))


def plain_parquet(raw: Path, out: Path) -> None:
    """Put all records with their pictures into one table and write it."""
    out.mkdir()
    records = json.loads((raw / "all.json").read_text())
    rows = [{**r, "image": {"bytes": (raw / r["image"]).read_bytes(), "path": r["image"]}} for r in records]
    pq.write_table(pa.Table.from_pylist(rows), out / "train.parquet", compression="zstd")


PLAIN: dict[str, Callable[[Path, Path], None]] = {
    "llava": plain_llava,
    "llava-tar": plain_llava,
    "parquet": plain_parquet,
}


@pytest.mark.parametrize("form", PLAIN)
def test_throughput(root: Path, tmp_path: Path, form: str) -> None:
    plan, store, size = ready(root / str(COUNT), COUNT)
    raw = root / str(COUNT) / "raw" / "llava_json"
    out = tmp_path / "out"

    def ours() -> None:
        export(plan.instances, store, Store.open(str(out)), form, name="bench", any_licence=True)

    def plainly() -> None:
        PLAIN[form](raw, out)
        os.sync()

    spent = both({"ours": ours, "plain": plainly}, ROUNDS, lambda: shutil.rmtree(out))
    rate = spent["ours"].ratios(spent["plain"])
    print(f"\n{form}, {COUNT} pictures of {size / COUNT / 1e3:.0f} kB: {rate} x a plain loop")
    assert Ratio.of(spent["plain"].cpu, spent["ours"].cpu).median > LEAST[form]


@pytest.mark.parametrize("form", PLAIN)
def test_memory_is_flat(root: Path, tmp_path: Path, form: str) -> None:
    grown = {count: _grown(root / str(count), count, form, tmp_path / str(count)) for count in (FEW, COUNT)}
    print(
        f"\n{form}: "
        + ", ".join(f"{count} instances {mb:.0f} MB above imports" for count, mb in grown.items())
    )
    assert grown[COUNT] < MOST_MB and grown[COUNT] - grown[FEW] < MORE_MB


def _grown(root: Path, count: int, form: str, out: Path) -> float:
    ready(root, count)
    command = [sys.executable, "-m", "tests.bench.exporting", str(root), str(count), form, str(out)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
