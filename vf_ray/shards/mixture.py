"""A mixture: which instances a stage may take, and where their text and pictures lie. It copies nothing."""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Writer, load_all
from vf_ray.errors import UserError
from vf_ray.instances.chance import rank
from vf_ray.plan.stages import Mixing
from vf_ray.shards.choice import RANK, Choice, amounts, below, lowest, replayed, taken
from vf_ray.shards.decode import NOTHING
from vf_ray.shards.finish import TRAIN
from vf_ray.shards.keep_list import kept_keys, only_kept, require_kept
from vf_ray.shards.schema import MIXTURE, STORED, from_parquet, said_bytes, to_parquet
from vf_ray.shards.write import INDEX
from vf_ray.store import Store

NAME = "index.parquet"
_NO_IMAGE = {"sha256": NOTHING, "file": "", "offset": 0, "size": 0, "width": 0, "height": 0}
_TEXT = ["key", "shown", "prompt", "response", "further"]


def mixture(store: Store, wanted: Mixing, *, force: bool = False) -> Artifact:
    """Return the index of what a stage trains on.

    Raises:
        FileNotFoundError: if the instances of one of its tasks, or its keep-list, are not finished.
        UserError: if that names instances that are not there.
    """
    instances = load_all(store, wanted.instances)
    choice = Choice(wanted.seed, **wanted.stage.choice, groups=wanted.groups)
    others = {name: mixture(store, other) for name, other in wanted.replayed.items()}

    def make(writer: Writer) -> Mapping[str, Any]:
        keep = artifacts.load(store, wanted.keep) if wanted.keep else None
        return write_mixture(instances, writer, choice, keep, others=others)

    return artifacts.build(store, wanted.spec, make, force=force)


def write_mixture(
    instances: Mapping[str, Artifact], writer: Writer, choice: Choice, keep: Artifact | None = None,
    others: Mapping[str, Artifact] = MappingProxyType({}),
) -> Mapping[str, Any]:  # fmt: skip
    """Index the instances that a stage may take; return how many each task gives.

    Where there is a keep-list, they are those that it names. ``others`` are the mixtures, by stage, that
    some rows are replayed from.

    Raises:
        ValueError: if nothing is left to train on, or the keep-list names what is not there.
    """
    # the lowest of each task, below the limits
    # limits first, by task and by pattern, then weights
    ranked = {task: _ranked(table, task, choice.seed) for task, table in _tables(instances, keep).items()}
    tables = {task: lowest(table, choice.per_task) for task, table in ranked.items()}
    for pattern, most in choice.limits.items():
        tables |= below({task: table for task, table in tables.items() if fnmatchcase(task, pattern)}, most)
    own = joined(_weighed(tables, choice).values())
    # room for what earlier stages give
    replay = replayed(choice.replay, len(own), choice.sample)
    own = lowest(own, choice.sample and choice.sample - sum(replay.values()))
    if not own.num_rows:
        raise UserError(
            f"{writer.address}: its tasks {', '.join(sorted(instances))} hold no training instance"
        )
    rest = [taken(_index_of(others[stage], choice.seed), amount) for stage, amount in replay.items()]
    # rows of other mixtures are copied: they name their artifacts
    chosen = joined([table.select(MIXTURE.names) for table in (own, *rest)])
    writer.commit(NAME, to_parquet(chosen))
    there = {task: len(table) for task, table in tables.items()}
    return {**_counted(chosen, sorted(instances)), **(_drawn(chosen, there, replay) if choice.weighs else {})}


def _weighed(tables: Mapping[str, pa.Table], choice: Choice) -> Mapping[str, pa.Table]:
    """Return each task's rows as often as weights and temperature say."""
    if not (choice.weights or choice.temperature):
        return tables
    wanted = amounts({task: len(table) for task, table in tables.items()}, choice)
    return {task: taken(table, wanted[task]) for task, table in tables.items()}


def _index_of(mixture: Artifact, seed: int) -> pa.Table:
    """Return the rows of another stage's mixture, ranked for being replayed."""
    table = from_parquet(mixture.read(NAME))
    rows = zip(table["task"].to_pylist(), table["row"].to_pylist(), strict=True)
    ranks = [rank("replay", str(seed), task, str(row)) for task, row in rows]
    return table.append_column(RANK, pa.array(ranks, pa.uint64()))


def _counted(chosen: pa.Table, tasks: Iterable[str]) -> dict[str, Any]:
    counts = {row["values"]: row["counts"] for row in pc.value_counts(chosen["task"]).to_pylist()}
    named = {**dict.fromkeys(tasks, 0), **counts}
    return {"instances": chosen.num_rows, "tasks": {task: named[task] for task in sorted(named)}}


def _drawn(chosen: pa.Table, there: Mapping[str, int], replay: Mapping[str, int]) -> dict[str, Any]:
    """Return what a mixture that repeats, thins or replays says of itself."""
    different = chosen.group_by(["task", "row"]).aggregate([]).num_rows
    return {"there": dict(there), "repeated": chosen.num_rows - different, "replayed": dict(replay)}


def _tables(instances: Mapping[str, Artifact], keep: Artifact | None) -> dict[str, pa.Table]:
    """Return the rows of each task that may be taken."""
    tables = {task: table_of(instances[task], TRAIN) for task in sorted(instances)}
    if keep is None:
        return tables
    keys = kept_keys(keep)
    chosen = {task: only_kept(table, keys.get(task)) for task, table in tables.items()}
    require_kept(keep.address, keys, sum(map(len, chosen.values())))
    return chosen


def table_of(instances: Artifact, name: str) -> pa.Table:
    """Return the key and the columns of ``MIXTURE`` for each row of an instances file."""
    # the texts, and where their images lie
    spec = instances.manifest["spec"]
    images = artifacts.load(instances.store, spec["inputs"]["images"])
    index = _stored(images)
    text = from_parquet(instances.read(name), columns=_TEXT)
    shown = text["shown"].to_pylist()
    first = index.take(pc.index_in(_firsts(shown), value_set=index["sha256"]))
    # the columns
    prompt_bytes, response_bytes = said_bytes(text)
    columns = {
        "task": _constant(spec["name"], len(text)),
        "instances": _constant(instances.address, len(text)),
        "row": pa.array(range(len(text)), pa.int64()),
        "images": _constant(images.address, len(text)),
        **{field.name: first[field.name] for field in STORED},
        "file": pc.dictionary_encode(first["file"]),
        "later": _later(shown, index),
        "prompt_bytes": prompt_bytes,
        "response_bytes": response_bytes,
    }
    return pa.table({"key": text["key"], **columns}, schema=pa.schema([text.schema.field("key"), *MIXTURE]))


def _stored(images: Artifact) -> pa.Table:
    """Return sha256 and the columns of ``STORED`` of each stored image, and of nothing."""
    names = ["sha256", *(name for name in STORED.names if name != "digest")]
    index = from_parquet(images.read(INDEX), columns=names)
    if not pc.any(pc.equal(index["sha256"], NOTHING)).as_py():
        index = pa.concat_tables([index, pa.Table.from_pylist([_NO_IMAGE], index.schema)])
    digests = [int(digest[:16], 16) for digest in index["sha256"].to_pylist()]
    return index.append_column("digest", pa.array(digests, pa.uint64()))


def _firsts(shown: Sequence[Sequence[str]]) -> pa.Array:
    return pa.array([images[0] if images else NOTHING for images in shown], pa.string())


def _later(shown: Sequence[Sequence[str]], index: pa.Table) -> pa.Array:
    """Return what is stored of the images after each first; null where there is none."""
    later = {image for images in shown for image in images[1:]}
    rows = index.filter(pc.is_in(index["sha256"], value_set=pa.array(sorted(later), pa.string()))).to_pylist()
    of = {row.pop("sha256"): row for row in rows}
    values = [[of[image] for image in images[1:]] or None for images in shown]
    return pa.array(values, MIXTURE.field("later").type)


def _ranked(table: pa.Table, task: str, seed: int) -> pa.Table:
    ranks = [rank("mixture", str(seed), task, key) for key in table["key"].to_pylist()]
    return table.drop_columns(["key"]).append_column(RANK, pa.array(ranks, pa.uint64()))


def joined(tables: Iterable[pa.Table]) -> pa.Table:
    """Return tables as one, whose words are numbered alike."""
    return pa.concat_tables(list(tables)).unify_dictionaries().combine_chunks()


def _constant(value: str, count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), count), [value])
