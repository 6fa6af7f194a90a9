"""An invented source: small pictures in memory, some of them bad, and tasks of every kind."""

import hashlib
import io
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from vf_ray.types import Boxed, Crop, Example, Grid, Made, Pool, Raw, Reject, Row, Source, Terms

LABELS = ("ant", "bee", "cat", "dog", "elk", "fox")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing(Row):
    """An invented record."""

    label: str
    number: int


@dataclass(frozen=True)
class Memory:
    """A raw tree of a few files."""

    files: Mapping[str, bytes]

    def read(self, path: str) -> bytes:
        if path not in self.files:
            raise FileNotFoundError(f"no file {path!r}")
        return self.files[path]

    def open(self, path: str) -> io.BytesIO:
        return io.BytesIO(self.read(path))

    def exists(self, path: str) -> bool:
        return path in self.files

    def glob(self, pattern: str) -> Sequence[str]:
        return sorted(path for path in self.files if fnmatchcase(path, pattern))


@dataclass(frozen=True)
class Here:
    """A source and its raw files, in this process."""

    made: Source[Thing]
    files: Memory

    def source(self) -> Source[Thing]:
        return self.made

    def tree(self) -> Memory:
        return self.files


def ppm(number: int, side: int = 12) -> bytes:
    """Return a picture that only its number decides, with any version of any library."""
    pixels = hashlib.shake_256(str(number).encode()).digest(3 * side * side)
    return f"P6\n{side} {side}\n255\n".encode() + pixels


def rows(count: int, *, images: int, split: str = "train") -> list[Thing]:
    """Return records over fewer pictures; every seventh is of another split."""
    return [
        Thing(
            key=f"list.csv:{n}",
            split="val" if n % 7 == 3 else split,
            image=f"pictures/{n * 31 % images}.ppm",
            label=LABELS[n * n % len(LABELS)],
            number=n,
        )
        for n in range(count)
    ]


def files(images: int, bad: Sequence[int] = (), twins: Mapping[int, int] = {}) -> Memory:
    """Return pictures by number: ``bad`` ones are cut off, ``twins`` have another one's bytes."""
    found = {f"pictures/{n}.ppm": ppm(twins.get(n, n)) for n in range(images)}
    for n in bad:
        found[f"pictures/{n}.ppm"] = found[f"pictures/{n}.ppm"][:60]
    return Memory(found)


def here(
    records: Sequence[Thing | Reject], tree: Memory, *, ceiling: float = 0.9, shuffle: int | None = None
) -> Here:
    """Return an invented source with tasks of every kind; ``shuffle`` changes the order of its records."""
    order = list(records)
    if shuffle is not None:
        random.Random(shuffle).shuffle(order)

    def read(tree: Any) -> Iterator[Thing | Reject]:
        return iter(order)

    source: Source[Thing] = Source(
        name="invented",
        title="Invented",
        url="https://example.invalid",
        terms=Terms(),
        raws=(Raw(name="invented", obtain="Invent it."),),
        read=read,
    )
    _declare(source, ceiling)
    return Here(source, tree)


def _declare(source: Source[Thing], ceiling: float) -> None:
    kind: dict[str, Any] = {"group": "classification", "category": "invented", "ceiling": ceiling}

    @source.task("choose", instruction="Which animal is it?", **kind)
    def choose(row: Thing) -> Example:
        return Example(image=row.image, options=LABELS, answer=row.label)

    @source.task("odd", instruction="Is the number odd? Answer yes or no.", **kind)
    def odd(row: Thing) -> Made:
        if row.number % 3 == 0:
            return None
        if row.number % 11 == 5:
            return Reject(key=row.key, reason="number illegible")
        return Example(image=row.image, answer="yes" if row.number % 2 else "no")

    def told(row: Thing) -> str:
        return f"{row.label} {row.image}"

    @source.task("pooled", instruction="Which one is it?", pool=told, **kind)
    def pooled(row: Thing, pool: Pool) -> Example:
        return Example(image=row.image, options=(told(row), *pool.draw(3)), answer=told(row))

    @source.task("drawn", instruction="What is seen?", **kind)
    def drawn(row: Thing) -> Example:
        one, another = row.image, f"pictures/{row.number % 5}.ppm"
        image = (Crop(one, (1, 1, 9, 9)), Boxed(one, ((2, 2, 8, 8),)), Grid((one, another), 2))[
            row.number % 3
        ]
        return Example(image=image, answer=row.label, further=("Are you sure?", "Yes.") * (row.number % 4))

    _declare_silent(source, kind)


def _declare_silent(source: Source[Thing], kind: dict[str, Any]) -> None:
    @source.task("silent", instruction="Name an animal.", **kind)
    def silent(row: Thing) -> Example:
        return Example(image=row.image if row.number % 4 else None, answer=row.label)
