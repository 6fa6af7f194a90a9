"""What every stored picture looks like: hashed once, kept in the store, gone on with after a kill.

Decoding is nearly all the work, and a million pictures take it for an hour of one core; so hashes
are an artifact of their own, one for each artifact of pictures, and ``vf-ray runs prune`` may take it.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec, Writer
from vf_ray.quality.perceptual import WORDS, Looks, joined, looks
from vf_ray.quality.prepared import image_id
from vf_ray.shards.schema import from_parquet, to_parquet
from vf_ray.shards.write import INDEX

CODE = 2
"""Bump when the hashes change."""
UNIT = 8_192
"""Pictures of one file of hashes: what a kill may cost."""
READ_BYTES, READ_IMAGES = 16 << 20, 512
"""What is fetched and decoded at once, at most."""
COLOURS = ("red", "green", "blue")
HASH = tuple(f"word{n}" for n in range(WORDS))
SCHEMA = pa.schema(
    [
        ("image", pa.uint64()),
        ("detail", pa.uint8()),
        *((name, pa.uint8()) for name in COLOURS),
        *((name, pa.uint64()) for name in HASH),
    ]
)

OnLooks = Callable[[int, int], None]
"""Is told how many pictures of how many are done."""
Ids = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Seen:
    """Pictures and their looks, ascending in id."""

    ids: Ids
    looks: Looks

    def of(self, ids: Ids) -> Looks:
        """Return the looks of these pictures, in their order; each must be known."""
        rows = np.searchsorted(self.ids, ids)
        assert np.array_equal(self.ids[rows], ids), "every stored picture is hashed"
        return self.looks.take(rows)


def of_equal_content(wanted: Ids, ids: Ids) -> Iterator[tuple[int, int]]:
    """Yield each row of ``wanted`` (rows, ways to store one) with the place of an equal one of ``ids``."""
    for column in wanted.T if len(ids) else ():
        places = np.searchsorted(ids, column).clip(max=len(ids) - 1)
        for row in np.flatnonzero(ids[places] == column).tolist():
            yield row, int(places[row])


def seen(images: Mapping[str, Artifact], on_looks: OnLooks = lambda done, total: None) -> Seen:
    """Return the looks of all pictures of some artifacts, hashing what is not hashed yet."""
    sizes = {name: artifact.stats["images"] for name, artifact in sorted(images.items())}
    tables: list[pa.Table] = []
    for name in sizes:
        before, total = sum(map(len, tables)), sum(sizes.values())
        hashed = build(images[name], partial(_in_all, on_looks, before, total))
        tables += [from_parquet(hashed.read(part)) for part in hashed.names()]
    return _merged(pa.concat_tables(tables) if tables else SCHEMA.empty_table())


def _in_all(on_looks: OnLooks, before: int, total: int, done: int) -> None:
    on_looks(before + done, total)


def build(images: Artifact, on_looks: Callable[[int], None]) -> Artifact:
    """Return the hashes of an artifact's pictures, making what is missing."""

    def make(writer: Writer) -> Mapping[str, Any]:
        index = from_parquet(images.read(INDEX), ["sha256", "file", "offset", "size"])
        index = index.filter(pc.greater(index["size"], 0)).sort_by(
            [("file", "ascending"), ("offset", "ascending")]
        )
        for number, start in enumerate(range(0, len(index), UNIT)):
            name = f"looks-{number:05d}.parquet"
            if writer.committed(name) is None:
                writer.commit(name, to_parquet(_hashed(images, index.slice(start, UNIT))))
            on_looks(min(start + UNIT, len(index)))
        return {"images": len(index)}

    return artifacts.build(images.store, _spec(images), make)


def hashed(images: Artifact) -> Seen | None:
    """Return the looks of an artifact's pictures, if somebody has had them hashed."""
    artifact = artifacts.find(images.store, _spec(images))
    if artifact is None:
        return None
    tables = [from_parquet(artifact.read(part)) for part in artifact.names()]
    return _merged(pa.concat_tables([SCHEMA.empty_table(), *tables]))


def _spec(images: Artifact) -> Spec:
    name = images.manifest["spec"]["name"]
    return Spec(kind="looks", name=name, config={}, inputs={"images": images.address}, code=CODE)


def _hashed(images: Artifact, index: pa.Table) -> pa.Table:
    """Return the hashes of some rows of an index; threads decode beside each other."""
    runs = list(_runs(index))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = list(pool.map(lambda run: looks(_read(images, run)), runs))
    ids = np.array([image_id(sha256) for sha256 in index["sha256"].to_pylist()], np.uint64)
    return pa.table({"image": ids, **columns(joined(parts))}, SCHEMA)


def columns(looks: Looks) -> dict[str, npt.NDArray[Any]]:
    """Return looks as columns of a table."""
    by_name = dict(zip((*COLOURS, *HASH), (*looks.colours.T, *looks.hashes.T), strict=True))
    return {"detail": looks.detail, **by_name}


def of_table(table: pa.Table) -> Looks:
    """Return the looks that a table holds."""
    hashes, colours = (_matrix(table, names) for names in (HASH, COLOURS))
    return Looks(hashes, table["detail"].to_numpy(), colours)


def _runs(index: pa.Table) -> Iterator[list[Mapping[str, Any]]]:
    """Cut rows, sorted by place, into runs that one read fetches."""
    run: list[Mapping[str, Any]] = []
    for row in index.to_pylist():
        ends = row["offset"] + row["size"]
        if run and (
            row["file"] != run[0]["file"] or ends - run[0]["offset"] > READ_BYTES or len(run) == READ_IMAGES
        ):
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _read(images: Artifact, run: list[Mapping[str, Any]]) -> list[bytes]:
    start = run[0]["offset"]
    data = images.read_range(run[0]["file"], start, run[-1]["offset"] + run[-1]["size"] - start)
    return [data[row["offset"] - start : row["offset"] - start + row["size"]] for row in run]


def _merged(table: pa.Table) -> Seen:
    """Return each content once; sources may share pictures."""
    ids, rows = np.unique(table["image"].to_numpy(), return_index=True)
    return Seen(ids, of_table(table).take(rows))


def _matrix(table: pa.Table, names: Sequence[str]) -> npt.NDArray[Any]:
    return np.stack([table[name].to_numpy() for name in names], axis=1)
