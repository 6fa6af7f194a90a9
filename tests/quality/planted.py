"""Prepared artifacts with known contents, as the prepare step leaves them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from vf_ray import artifacts
from vf_ray.artifacts import Spec, Writer
from vf_ray.quality.prepared import Prepared
from vf_ray.shards.decode import sha256
from vf_ray.shards.finish import HELD_OUT, TRAIN
from vf_ray.shards.schema import IMAGES, INSTANCES, to_parquet
from vf_ray.shards.write import INDEX
from vf_ray.store import Store
from vf_ray.tasks import source_of


@dataclass(frozen=True, kw_only=True)
class Made:
    """One instance to plant."""

    image: bytes
    """No bytes where nothing is shown."""
    answer: str = "yes"
    question: str = ""
    options: Sequence[str] = ()
    held: bool = False
    words: str = "Look at the picture."
    """The instruction."""


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What a task's statistics say beside counts."""

    examined: int = 1_000
    rejected: Mapping[str, int] = field(default_factory=dict)
    cap: int = 10_000


def plant(store: Store, tasks: Mapping[str, Sequence[Made]], stated: Mapping[str, Stated] = {}) -> Prepared:
    """Store instances of real task ids, and the pictures they are about."""
    images: dict[str, dict[str, bytes]] = {}
    for task, made in tasks.items():
        images.setdefault(source_of(task).name, {}).update({sha256(m.image): m.image for m in made})
    stored = {name: _images(store, name, found) for name, found in images.items()}
    instances = {
        task: _instances(store, task, made, stored[source_of(task).name].address, stated.get(task, Stated()))
        for task, made in tasks.items()
    }
    return Prepared(instances, stored)


def _images(store: Store, name: str, found: Mapping[str, bytes]) -> artifacts.Artifact:
    """Store pictures in two files, as two shards would."""
    spec = Spec(kind="images", name=name, config={"contents": sorted(found)})

    def make(writer: Writer) -> Mapping[str, Any]:
        rows = []
        for shard in range(2):
            data = b""
            for digest in sorted(found)[shard::2]:
                place = {"file": f"pictures-{shard:05d}.bin", "offset": len(data), "size": len(found[digest])}
                rows.append(_filled(IMAGES, {"sha256": digest, **place}))
                data += found[digest]
            if data:
                writer.commit(f"pictures-{shard:05d}.bin", data)
        writer.commit(INDEX, to_parquet(pa.Table.from_pylist(rows, IMAGES)))
        return {"images": sum(row["size"] > 0 for row in rows)}

    return artifacts.build(store, spec, make)


def _instances(
    store: Store, task: str, made: Sequence[Made], images: str, stated: Stated
) -> artifacts.Artifact:
    rows = [(_row(task, number, one), one.held) for number, one in enumerate(made)]
    config = {"cap": stated.cap, "rows": [row for row, _ in rows]}
    spec = Spec(kind="instances", name=task, config=config, inputs={"images": images})

    def make(writer: Writer) -> Mapping[str, Any]:
        for name, held in ((TRAIN, False), (HELD_OUT, True)):
            chosen = [row for row, out in rows if out is held]
            writer.commit(name, to_parquet(pa.Table.from_pylist(chosen, INSTANCES)))
        kept = sum(held for _, held in rows)
        counts = {"train": len(rows) - kept, "held_out": kept}
        return {**counts, "examined": stated.examined, "rejected": dict(stated.rejected)}

    return artifacts.build(store, spec, make)


def _row(task: str, number: int, made: Made) -> dict[str, Any]:
    known = {
        "task": task,
        "key": f"list.csv:{number}",
        "shown": [sha256(made.image)] if made.image else [],
        "question": made.question,
        "options": list(made.options),
        "answer": made.answer,
        "prompt": " ".join(part for part in (made.words, made.question) if part),
        "response": made.answer,
    }
    return _filled(INSTANCES, known)


def _filled(schema: pa.Schema, known: Mapping[str, Any]) -> dict[str, Any]:
    empty = {f.name: "" if f.type == pa.string() else [] if pa.types.is_list(f.type) else 0 for f in schema}
    return {**empty, **known}
