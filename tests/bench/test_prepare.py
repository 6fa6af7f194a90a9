"""What preparing costs: against a plain loop, against reading and decoding, and in memory."""

import io
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest
from PIL import Image

from tests.bench.preparing import LABELS, Photographs, prepare, write_photographs
from tests.bench.timing import Ratio, Spent, both
from vf_ray.store import Store

pytestmark = pytest.mark.bench
COUNT = 2_048
ROUNDS = 5
MOST_MB = 300


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("photographs")
    size = write_photographs(folder, COUNT)
    print(f"\n{COUNT} JPEG pictures of 640 x 480, {size / COUNT / 1e3:.0f} kB each")
    for path in folder.iterdir():  # all timings find the files in the page cache
        path.read_bytes()
    yield folder
    shutil.rmtree(folder)


def plain_loop(folder: Path, out: Path) -> None:
    """Do the same work as one would without thinking of it: one process, files and JSON lines."""
    out.mkdir()
    with (out / "instances.jsonl").open("w") as lines:
        for number, path in enumerate(sorted(folder.iterdir())):
            data = path.read_bytes()
            Image.open(io.BytesIO(data)).load()
            (out / path.name).write_bytes(data)
            answer = LABELS[number % len(LABELS)]
            options = " ".join(f"({letter}) {label}" for letter, label in zip("abcdef", LABELS, strict=True))
            prompt = f"Which animal is it?\nOptions: {options}"
            lines.write(json.dumps({"image": path.name, "prompt": prompt, "response": answer}) + "\n")


def decode(paths: Iterable[Path]) -> None:
    for path in paths:
        Image.open(io.BytesIO(path.read_bytes())).load()


def limit(folder: Path) -> None:
    """Read and decode the same bytes on both cores, and do nothing else."""
    paths = sorted(folder.iterdir())
    with get_context("fork").Pool(2) as pool:
        pool.map(decode, [paths[start::8] for start in range(8)], chunksize=1)


def test_throughput(photographs: Path, tmp_path: Path, ray_cluster: None) -> None:
    from vf_ray.on_ray.ray_pool import RayPool

    origin = Photographs(str(photographs))
    work: dict[str, Callable[[Path], object]] = {
        "on Ray": lambda out: prepare(Store.open(str(out)), origin, COUNT, RayPool()),
        "in one process": lambda out: prepare(Store.open(str(out)), origin, COUNT),
        "plain loop": lambda out: plain_loop(photographs, out),
        "read and decode on 2 cores": lambda out: limit(photographs),
    }
    in_folder = {name: partial(one, tmp_path / "out") for name, one in work.items()}
    spent = both(in_folder, ROUNDS, lambda: shutil.rmtree(tmp_path / "out", ignore_errors=True))
    for name, times in spent.items():
        print(f"\n{name}: {COUNT / statistics.median(times.wall):,.0f}/s; others take {others(name, spent)}")
    assert Ratio.of(spent["plain loop"].cpu, spent["in one process"].cpu).median > 1


def others(name: str, spent: Mapping[str, Spent]) -> str:
    ratios = {other: spent[name].ratios(times) for other, times in spent.items() if other != name}
    return "; ".join(f"{other} {ratio}" for other, ratio in ratios.items())


@pytest.mark.parametrize("count", [10_000, 100_000])
def test_memory_is_flat(count: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.bench.preparing", str(count), str(tmp_path)]
    grown = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(f"\n{count} instances, every phase in one process: {grown:.0f} MB above imports")
    assert grown < MOST_MB
