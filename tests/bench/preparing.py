"""Sources to measure with: photographs in a folder, and as many tiny pictures as wanted."""

import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vf_ray.artifacts import Artifact, Spec
from vf_ray.plan.origins import Origin
from vf_ray.shards.build import build_images, build_instances
from vf_ray.store import Store
from vf_ray.types import Example, Row, Source, Terms, Tree
from vf_ray.work import LocalPool, WorkPool

LABELS = ("ant", "bee", "cat", "dog", "elk", "fox")


@dataclass(frozen=True)
class Photographs:
    """A folder of JPEG files."""

    folder: str

    def source(self) -> Source[Row]:
        return _source(lambda tree: (_row(path, n) for n, path in enumerate(tree.glob("*.jpg"))))

    def tree(self) -> Tree:
        return _Folder(Path(self.folder))


@dataclass(frozen=True)
class Generated:
    """Tiny pictures, made when they are read: none lies in memory or on a disk."""

    count: int

    def source(self) -> Source[Row]:
        return _source(lambda tree: (_row(f"list/{n}.pgm", n) for n in range(self.count)))

    def tree(self) -> Tree:
        return _Made()


@dataclass(frozen=True)
class _Folder:
    root: Path

    def read(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def open(self, path: str) -> io.BytesIO:
        return io.BytesIO(self.read(path))

    def exists(self, path: str) -> bool:
        return (self.root / path).is_file()

    def glob(self, pattern: str) -> Sequence[str]:
        return sorted(path.name for path in self.root.glob(pattern))


class _Made:
    def read(self, path: str) -> bytes:
        number = int(path.removeprefix("list/").removesuffix(".pgm"))
        return b"P5\n8 8\n255\n" + number.to_bytes(8, "big") * 8

    def open(self, path: str) -> io.BytesIO:
        return io.BytesIO(self.read(path))

    def exists(self, path: str) -> bool:
        return path.startswith("list/")

    def glob(self, pattern: str) -> Sequence[str]:
        return ()


def _row(path: str, number: int) -> Row:
    return Row(key=f"{path}:{number}", split="train", image=path)


def _source(read: Any) -> Source[Row]:
    source: Source[Row] = Source(
        name="bench", title="Bench", url="https://example.invalid", terms=Terms(), raws=(), read=read
    )

    @source.task("choose", group="classification", category="bench", instruction="Which animal is it?")
    def choose(row: Row) -> Example:
        return Example(image=row.image, options=LABELS, answer=LABELS[len(row.key) % len(LABELS)])

    return source


def write_photographs(folder: Path, count: int) -> int:
    """Write ``count`` pictures of about the size and detail of COCO's; return their bytes."""
    rng, total = np.random.default_rng(0), 0
    for number in range(count):
        noise = Image.fromarray(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8))
        noise.resize((640, 480), Image.Resampling.BICUBIC).save(folder / f"{number:06d}.jpg", quality=90)
        total += (folder / f"{number:06d}.jpg").stat().st_size
    return total


HERE = LocalPool()


def prepare(store: Store, origin: Origin, cap: int, pool: WorkPool = HERE) -> Artifact:
    """Prepare the one task of a source."""
    config = {"seed": 0, "cap": cap, "largest_side": 1024, "tasks": ["bench/choose"]}
    images = build_images(store, Spec(kind="images", name="bench", config=config), origin, pool)
    spec = Spec(
        kind="instances", name="bench/choose", config={"cap": cap, "held_out": 0.01},
        inputs={"images": images.address},
    )  # fmt: skip
    return build_instances(store, spec, images, origin)


def main() -> None:
    """Prepare tiny pictures and print by how many MB the process grew beyond its imports."""
    count, folder = int(sys.argv[1]), sys.argv[2]
    before = peak_mb()
    made = prepare(Store.open(folder), Generated(count), cap=count)
    assert made.stats["train"] + made.stats["held_out"] == count
    print(round(peak_mb() - before, 1))


def peak_mb() -> float:
    """Return the largest resident size in MB; ``ru_maxrss`` would count the parent's before exec."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
