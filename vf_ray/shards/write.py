"""The second phase of preparing a source: verify, draw and store one shard of its pictures."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vf_ray.artifacts import WORK, Writer
from vf_ray.artifacts.writer import digest_of
from vf_ray.errors import UserError
from vf_ray.instances.chance import SPAN
from vf_ray.instances.refs import image_of
from vf_ray.instances.sample import chance_of
from vf_ray.shards.drawing import picture
from vf_ray.shards.gather import gathered
from vf_ray.shards.images import BadPictureError, Picture, sha256
from vf_ray.shards.schema import PICTURES, VERDICTS, GroupedWriter, from_parquet, to_parquet
from vf_ray.types import Tree

INDEX = "index.parquet"
ALL_VERDICTS = "verdicts.parquet"


def shard_name(shard: int) -> str:
    """Return the name of a shard's verdicts, which are committed last."""
    return f"{WORK}verdicts-{shard:05d}.parquet"


def write_shard(
    tree: Tree, refs: Sequence[str], writer: Writer, *, shard: int, largest_side: int
) -> Mapping[str, int]:
    """Look at each picture once, store the usable ones back to back; return a line of statistics.

    Raises:
        RuntimeError: if an earlier attempt, with other library versions, stored other bytes.
    """
    name = f"pictures-{shard:05d}.bin"
    with tempfile.TemporaryDirectory(prefix="vf-ray-") as scratch:
        local = Path(scratch) / "pictures.bin"
        verdicts = list(_stored(tree, refs, local, name, largest_side))
        size = local.stat().st_size
        if size:  # an empty file cannot be mapped
            writer.commit(name, local)
            _refuse_other(writer, name, local)
    writer.commit(shard_name(shard), to_parquet(pa.Table.from_pylist(verdicts, VERDICTS)))
    bad = sum(bool(verdict["reason"]) for verdict in verdicts)
    return {"pictures": len(verdicts) - bad, "rejected": bad, "bytes": size}


def _stored(
    tree: Tree, refs: Sequence[str], local: Path, name: str, largest_side: int
) -> Iterator[Mapping[str, Any]]:
    places: dict[str, int] = {}
    with local.open("wb") as sink, gathered(tree, refs) as read:
        for ref in refs:
            try:
                found = picture(image_of(ref), read, largest_side)
            except BadPictureError as error:
                yield _verdict(ref, reason=error.reason, detail=error.detail)
                continue
            except Exception as error:
                error.add_note(f"while reading the picture {ref} of {tree}")
                raise
            digest = sha256(found.data)
            if digest not in places:
                places[digest] = sink.tell()
                sink.write(found.data)
            yield _good(ref, digest, found, name, places[digest])


def _good(ref: str, digest: str, found: Picture, name: str, offset: int) -> Mapping[str, Any]:
    return _verdict(
        ref,
        sha256=digest,
        chance=min(map(chance_of, found.raws), default=SPAN - 1),  # nothing is never held out
        file=name,
        offset=offset,
        size=len(found.data),
        width=found.width,
        height=found.height,
        format=found.format,
    )


def _verdict(ref: str, **known: Any) -> Mapping[str, Any]:
    unknown = {field.name: "" if field.type == pa.string() else 0 for field in VERDICTS}
    return {**unknown, "ref": ref, **known}


def _refuse_other(writer: Writer, name: str, local: Path) -> None:
    """Make sure that the committed file is the one the verdicts speak of."""
    record = writer.committed(name)
    assert record is not None, f"{name} was just committed"
    if record["attempt"] != writer.attempt and record["sha256"] != digest_of(local)["sha256"]:
        raise UserError(
            f"{writer.address}/{name}: an earlier attempt stored other bytes; libraries have changed "
            "meanwhile. Build it anew with force."
        )


def write_index(writer: Writer, num_shards: int) -> Mapping[str, int]:
    """Merge the shards' verdicts, and list where each content lies; return the artifact's statistics."""
    seen: set[str] = set()
    counts: Counter[str] = Counter(pictures=0, pictures_rejected=0, bytes=0)
    with tempfile.TemporaryDirectory(prefix="vf-ray-") as scratch:
        verdicts, index = Path(scratch) / ALL_VERDICTS, Path(scratch) / INDEX
        with GroupedWriter(verdicts, VERDICTS) as every, GroupedWriter(index, PICTURES) as distinct:
            for shard in range(num_shards):
                table = from_parquet(writer.read(shard_name(shard)))
                every.add(table)
                firsts = _firsts(table, seen)
                distinct.add(firsts)
                bad = pc.sum(pc.not_equal(table["reason"], "")).as_py()
                sizes = firsts["size"].to_pylist()
                counts.update(pictures=sum(map(bool, sizes)), bytes=sum(sizes), pictures_rejected=bad)
        writer.commit(ALL_VERDICTS, verdicts)
        writer.commit(INDEX, index)
    return dict(counts)


def _firsts(verdicts: pa.Table, seen: set[str]) -> pa.Table:
    """Return the places of contents that no earlier verdict has placed, and note them."""
    rows = []
    for row, digest in enumerate(verdicts["sha256"].to_pylist()):
        if digest and digest not in seen:
            seen.add(digest)
            rows.append(row)
    return verdicts.take(pa.array(rows, pa.int64())).select(PICTURES.names)
