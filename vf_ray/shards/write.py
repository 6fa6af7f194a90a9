"""The second phase of preparing a source: verify, draw and store one shard of its pictures."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc

from vf_ray.artifacts import WORK, Writer
from vf_ray.errors import UserError
from vf_ray.instances.chance import SPAN
from vf_ray.instances.refs import image_of
from vf_ray.instances.sample import chance_of
from vf_ray.shards.decode import BadImageError, StoredImage, sha256
from vf_ray.shards.drawing import image
from vf_ray.shards.earlier import Lender, Lent
from vf_ray.shards.gather import gathered
from vf_ray.shards.schema import ALL_VERDICTS, IMAGES, VERDICTS, GroupedWriter, from_parquet, to_parquet
from vf_ray.store.scratch import scratch
from vf_ray.types import Tree

INDEX = "index.parquet"


def shard_name(shard: int) -> str:
    """Return the name of a shard's verdicts, which are committed last."""
    return f"{WORK}verdicts-{shard:05d}.parquet"


def write_shard(
    tree: Tree, refs: Sequence[str], writer: Writer, *, shard: int, largest_side: int,
    lent: Mapping[str, Lent] = {},
) -> Mapping[str, int]:  # fmt: skip
    """Look at each picture once, unless it is ``lent``; store the usable ones back to back.

    Returns:
        A line of statistics.

    Raises:
        RuntimeError: if an earlier attempt, with other library versions, stored other bytes.
    """
    # the bytes
    name = f"pictures-{shard:05d}.bin"
    with writer.store.part() as local:
        with local.open("wb") as sink:
            shard_file = _ShardFile(sink, name, Lender(writer.store, lent))
            verdicts = list(_stored(tree, refs, shard_file, largest_side, lent))
            checksum = shard_file.checksum
        if size := checksum["bytes"]:  # an empty file cannot be mapped
            writer.commit(name, local, checksum)
            _refuse_other(writer, name, checksum)
    # what became of each reference
    writer.commit(shard_name(shard), to_parquet(pa.Table.from_pylist(verdicts, VERDICTS)))
    bad = sum(bool(verdict["reason"]) for verdict in verdicts)
    return {"images": len(verdicts) - bad, "rejected": bad, "bytes": size, "lent": len(lent)}


def _stored(
    tree: Tree, refs: Sequence[str], file: "_ShardFile", largest_side: int, lent: Mapping[str, Lent]
) -> Iterator[Mapping[str, Any]]:
    with gathered(tree, [ref for ref in refs if ref not in lent]) as read:
        for ref in refs:
            if ref in lent:
                yield file.copied(lent[ref])
                continue
            # a bad image is a verdict, anything else a fault of ours
            try:
                stored = image(image_of(ref), read, largest_side)
            except BadImageError as error:
                yield _verdict(ref, reason=error.reason, detail=error.detail)
                continue
            except Exception as error:
                error.add_note(f"while reading the picture {ref} of {tree}")
                raise
            yield _good(ref, stored, file.name, file.place(stored.sha256, stored.data))


@dataclass(frozen=True)
class _ShardFile:
    """The file of a shard's pictures; each content once."""

    sink: IO[bytes]
    name: str
    lender: Lender
    _places: dict[str, int] = field(default_factory=dict)
    _digest: Any = field(default_factory=hashlib.sha256)

    @property
    def checksum(self) -> Mapping[str, Any]:
        """Return {sha256, bytes} of what has been written."""
        return {"sha256": self._digest.hexdigest(), "bytes": self.sink.tell()}

    def place(self, digest: str, data: bytes) -> int:
        """Return where a content lies, writing it if it is new."""
        if digest not in self._places:
            self._places[digest] = self.sink.tell()
            self.sink.write(data)
            self._digest.update(data)
        return self._places[digest]

    def copied(self, lent: Lent) -> Mapping[str, Any]:
        """Return the verdict that was lent, its picture copied here.

        Raises:
            UserError: if the picture is not the one that was stored.
        """
        verdict = lent.verdict
        if verdict["reason"]:
            return verdict
        data = self.lender.data(lent)
        if (actual := sha256(data)) != verdict["sha256"]:
            raise UserError(
                f"{lent.address}/{verdict['file']}: the picture at {verdict['offset']} was altered since it "
                f"was published; expected {verdict['sha256']}, found {actual}; build it again with force"
            )
        return {**verdict, "file": self.name, "offset": self.place(verdict["sha256"], data)}


def _good(ref: str, stored: StoredImage, name: str, offset: int) -> Mapping[str, Any]:
    return _verdict(
        ref,
        sha256=stored.sha256,
        chance=min(map(chance_of, stored.raws), default=SPAN - 1),  # nothing is never held out
        file=name,
        offset=offset,
        size=len(stored.data),
        width=stored.width,
        height=stored.height,
        format=stored.format,
    )


def _verdict(ref: str, **known: Any) -> Mapping[str, Any]:
    unknown = {field.name: "" if field.type == pa.string() else 0 for field in VERDICTS}
    return {**unknown, "ref": ref, **known}


def _refuse_other(writer: Writer, name: str, checksum: Mapping[str, Any]) -> None:
    """Make sure that the committed file is the one the verdicts speak of."""
    record = writer.committed(name)
    assert record is not None, f"{name} was just committed"
    if record["attempt"] != writer.attempt and record["sha256"] != checksum["sha256"]:
        raise UserError(
            f"{writer.address}/{name}: an earlier attempt stored other bytes; libraries have changed "
            "meanwhile. Build it anew with force."
        )


def write_index(writer: Writer, num_shards: int) -> Mapping[str, int]:
    """Merge the shards' verdicts, and list where each content lies; return the artifact's statistics."""
    seen: set[str] = set()
    counts: Counter[str] = Counter(images=0, images_rejected=0, bytes=0)
    with scratch() as below:
        verdicts, index = below / ALL_VERDICTS, below / INDEX
        with GroupedWriter(verdicts, VERDICTS) as every, GroupedWriter(index, IMAGES) as distinct:
            for shard in range(num_shards):
                table = from_parquet(writer.read(shard_name(shard)))
                # all verdicts; of each content the first place alone
                every.add(table)
                firsts = _firsts(table, seen)
                distinct.add(firsts)
                bad = pc.sum(pc.not_equal(table["reason"], "")).as_py()
                sizes = firsts["size"].to_pylist()
                counts.update(images=sum(map(bool, sizes)), bytes=sum(sizes), images_rejected=bad)
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
    return verdicts.take(pa.array(rows, pa.int64())).select(IMAGES.names)
