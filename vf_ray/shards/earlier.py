"""Pictures that an earlier preparation of the same raw files has stored: copied, not looked at again.

Another wording, one task more or less, another cap or seed ask for other candidates, but what a raw
picture is stored as depends on none of them. So whatever finished artifact of the source has it lends
its bytes and its verdict, and the new artifact is the same, byte by byte, as if it had looked itself.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from vf_ray.artifacts import Artifact, Spec, find_versions
from vf_ray.shards.schema import ALL_VERDICTS, from_parquet
from vf_ray.store import Store

ASKED = ("seed", "cap", "tasks", "ceilings", "apart")
"""Keys of a pictures artifact's configuration that decide which pictures it has, not what they are."""
APART, AT_ONCE = 1 << 18, 16 << 20
"""Bytes between two pictures that are read in vain, and bytes of one read, at most."""


class Lent(NamedTuple):
    """A verdict of another artifact, and where its picture lies."""

    verdict: Mapping[str, Any]
    address: str


@dataclass(frozen=True)
class Earlier:
    """The finished artifacts of one source whose pictures are those of another, largest first."""

    artifacts: tuple[Artifact, ...] = ()

    @classmethod
    def of(cls, store: Store, spec: Spec) -> "Earlier":
        """Find them in a store: of the same raw files, source code and largest side."""
        others = [version for version in find_versions(store, spec) if version.address != spec.address]
        same = [version for version in others if _images(version.manifest["spec"]) == _images(spec.plain())]
        return cls(tuple(sorted(same, key=lambda version: (-version.stats["images"], version.address))))

    def lent(self, refs: Collection[str]) -> dict[str, Lent]:
        """Return what is known of these pictures."""
        known: dict[str, Lent] = {}
        for artifact in self.artifacts:
            if left := set(refs) - known.keys():
                table = from_parquet(artifact.read(ALL_VERDICTS))
                rows = table.filter(pc.is_in(table["ref"], value_set=pa.array(sorted(left), pa.string())))
                known |= {row["ref"]: Lent(row, artifact.address) for row in rows.to_pylist()}
        return known


def _images(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what decides what a source's pictures are stored as."""
    return {**spec, "config": {key: value for key, value in spec["config"].items() if key not in ASKED}}


class Lender:
    """Reads lent pictures, many at a time where they lie beside each other."""

    def __init__(self, store: Store, lent: Mapping[str, Lent]) -> None:
        self._store = store
        self._runs = list(_runs(sorted({_place(one) for one in lent.values() if one.verdict["size"]})))
        self._run_of = {place: number for number, run in enumerate(self._runs) for place in run}
        self._read = lru_cache(maxsize=2)(self._bytes)

    def data(self, lent: Lent) -> bytes:
        """Return a picture's bytes.

        Raises:
            ValueError: if they are not those that were stored.
        """
        if not lent.verdict["size"]:
            return b""
        number = self._run_of[_place(lent)]
        start = lent.verdict["offset"] - self._runs[number][0].offset
        return self._read(number)[start : start + lent.verdict["size"]]

    def _bytes(self, number: int) -> bytes:
        first, last = self._runs[number][0], self._runs[number][-1]
        artifact = Artifact(self._store, first.address)
        return artifact.read_range(first.file, first.offset, last.offset + last.size - first.offset)


class _Location(NamedTuple):
    address: str
    file: str
    offset: int
    size: int


def _place(lent: Lent) -> _Location:
    return _Location(lent.address, *(lent.verdict[name] for name in ("file", "offset", "size")))


def _runs(places: Sequence[_Location]) -> Iterator[list[_Location]]:
    """Cut places, sorted, into runs that one read fetches."""
    # one request for neighbours, unless too much between them would be read for nothing
    run: list[_Location] = []
    for place in places:
        if run and (
            place[:2] != run[0][:2]
            or place.offset - run[-1].offset - run[-1].size > APART
            or place.offset + place.size - run[0].offset > AT_ONCE
        ):
            yield run
            run = []
        run.append(place)
    if run:
        yield run
