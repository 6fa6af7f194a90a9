"""What exporting costs: against copying the same pictures by a plain loop, and in memory."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.bench.exporting import ready
from vf_ray.exchange.export import export
from vf_ray.store import Store

pytestmark = pytest.mark.bench
COUNT, FEW = 6_000, 750
ROUNDS = 2
MOST_MB, MORE_MB = 250, 50
"""Above imports, and more for eight times the instances."""
LEAST = {"llava": 0.2, "parquet": 0.6}
"""Of the rate of a plain loop that ends with what it wrote on the disk for good, as our store does with
every single picture."""


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


PLAIN: dict[str, Callable[[Path, Path], None]] = {"llava": plain_llava, "parquet": plain_parquet}


def seconds(work: Callable[[Path], object], out: Path) -> float:
    begun = time.perf_counter()
    work(out)
    took = time.perf_counter() - begun
    shutil.rmtree(out)
    return took


@pytest.mark.parametrize("form", PLAIN)
def test_throughput(root: Path, tmp_path: Path, form: str) -> None:
    plan, store, size = ready(root / str(COUNT), COUNT)
    raw = root / str(COUNT) / "raw" / "llava_json"
    work: dict[str, Callable[[Path], object]] = {
        "ours": lambda out: export(
            plan.instances, store, Store.open(str(out)), form, name="bench", any_licence=True
        ),
        "plain loop": lambda out: (PLAIN[form](raw, out), os.sync()),
    }
    best = {n: min(seconds(one, tmp_path / "out") for _ in range(ROUNDS)) for n, one in work.items()}
    rates = ", ".join(f"{name} {COUNT / s:,.0f}/s ({size / s / 1e6:,.0f} MB/s)" for name, s in best.items())
    ratio = best["plain loop"] / best["ours"]
    print(f"\n{form}: {rates}: {ratio:.2f} x the plain loop")
    assert ratio > LEAST[form]


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
