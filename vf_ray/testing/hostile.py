"""A field of another kind costs its record and no other; a missing value never becomes a word.

Every field of the first records of every miniature file (JSON, tables) becomes in turn null, a number, true,
a list, an object, NaN and empty.
"""

import csv
import io
import json
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vf_ray.errors import UserError
from vf_ray.instances.refs import paths_of
from vf_ray.instances.sample import examine
from vf_ray.raw.tree import RawTree
from vf_ray.testing.files import Miniature, content, write
from vf_ray.types import Instance, Reject, Source, Tree

FieldPath = tuple[str | int, ...]
NUMBER = "7000003"
VALUES: tuple[Any, ...] = (None, int(NUMBER), True, ["x"], {"a": 1}, float("nan"), [], "")
WORDS = re.compile(r"\b(None|nan|NaN|null|True|False)\b|\{'|\['")
"""What a value of another kind looks like once somebody has made a text of it."""
LINES, TABLES = (".jsonl", ".odgt"), {".csv": ",", ".tsv": "\t"}
WRAPPERS = ("data", "in")
"""Names of objects that hold arrays of records, not fields."""


@dataclass(frozen=True, eq=False)
class AlteredTree:
    """A tree in which one file holds something else, under whichever of its paths it is asked for."""

    tree: Tree
    usual: bytes
    data: bytes

    def read(self, path: str) -> bytes:
        data = self.tree.read(path)
        return self.data if data == self.usual else data

    def open(self, path: str) -> Any:
        return io.BytesIO(self.read(path))

    def exists(self, path: str) -> bool:
        return self.tree.exists(path)

    def glob(self, pattern: str) -> Sequence[str]:
        return self.tree.glob(pattern)


def places(value: Any, at: FieldPath = ()) -> Iterator[tuple[FieldPath, FieldPath]]:
    """Yield the place of a record and of each value in it, itself first, for the first records of a file."""
    if isinstance(value, list) or (isinstance(value, dict) and _of_records(value)):
        named: dict[str | int, Any] = value if isinstance(value, dict) else dict(enumerate(value))
        for name, record in list(named.items())[:1]:
            yield from (((*at, name), place) for place in _inside(record, (*at, name)))
    elif isinstance(value, dict):
        for name, inner in value.items():
            scalar = not isinstance(inner, list | dict)
            yield from [((), (*at, name))] if scalar else places(inner, (*at, name))


def _of_records(value: Mapping[str, Any]) -> bool:
    return bool(value) and all(isinstance(v, dict) and k not in WRAPPERS for k, v in value.items())


def _inside(value: Any, at: FieldPath) -> Iterator[FieldPath]:
    yield at
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _inside(inner, (*at, name))
    elif isinstance(value, list) and value:
        yield from _inside(value[0], (*at, 0))


def put(value: Any, place: FieldPath, new: Any) -> Any:
    """Return JSON with another value at one place."""
    changed = json.loads(json.dumps(value))  # a copy that shares nothing, unlike deepcopy's
    inside = changed
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = new
    return changed


def alterations(path: str, value: Any) -> Iterator[tuple[str, bytes, bytes | None]]:
    """Yield name of a field, the file with another value in it, and the file without its record."""
    end = Path(path).suffix
    if isinstance(value, list | dict):
        for record, place in places(value):
            without = content(put(value, record, None)) if record else None
            for new in VALUES:
                yield _name(place[len(record) :]), content(put(value, place, new)), without
    elif end in LINES:
        first, *others = value.splitlines()
        for record, place in places([json.loads(first)]):
            for new in VALUES:
                line = json.dumps(put([json.loads(first)], place, new)[0])
                with_it, without_it = ("\n".join(lines).encode() for lines in ([line, *others], others))
                yield _name(place[len(record) :]), with_it, without_it
    elif end in TABLES and isinstance(value, str):
        yield from _cells(value, TABLES[end])


def _cells(text: str, separator: str) -> Iterator[tuple[str, bytes, bytes | None]]:
    end: list[list[str]] = [[]]  # so that a table of one record has others
    head, first, *others = [*csv.reader(io.StringIO(text), delimiter=separator), *end]

    def table(*rows: list[str]) -> bytes:
        with io.StringIO() as out:
            csv.writer(out, delimiter=separator, lineterminator="\n").writerows([head, *rows, *others[:-1]])
            return out.getvalue().encode()

    for column, name in enumerate(head):
        for new in ("", NUMBER, "\u00a0"):
            yield name, table([*first[:column], new, *first[column + 1 :]]), table()


def _name(place: FieldPath) -> str:
    return ".".join(str(step) for step in place if isinstance(step, str))


InstancesByKey = Mapping[tuple[str, str], Instance]
"""By task and key."""
Verdicts = tuple[InstancesByKey, list[Reject]]


def verdicts(source: Source[Any], tree: Tree) -> Verdicts:
    outcomes = list(examine(source, tree, source.tasks, seed=7))
    instances = [one for one in outcomes if isinstance(one, Instance)]
    return {(v.task, v.key): v for v in instances}, [v for v in outcomes if isinstance(v, Reject)]


def left(source: Source[Any], tree: Tree, held: bytes, without: bytes) -> InstancesByKey:
    """Return what comes of a source without a record; nothing where that was all that its file holds."""
    try:
        return verdicts(source, AlteredTree(tree, held, without))[0]
    except UserError as error:
        assert "holds no record" in str(error)
        return {}


def all_said(instance: Instance) -> str:
    return "\n".join((*instance.texts, *paths_of(instance.image), instance.key))


def _rows_lost(usual: InstancesByKey, instances: InstancesByKey, drawn: Container[str]) -> set[str]:
    """Return the keys of the rows of which an instance is gone or changed, but for what a pool decides."""
    return {
        key for task, key in usual if usual[task, key] != instances.get((task, key)) and task not in drawn
    }


def field_faults(source: Source[Any], files: Miniature, root: Path) -> tuple[set[str], set[str]]:
    """Put values of other kinds into every field of every file, below ``root``.

    Returns the fields of which some value makes a record vanish uncounted, and those whose numbers are said.

    Raises:
        AssertionError: if a value costs another record, or a missing one becomes a word.
    """
    tree = RawTree.of(str(write(root, files)), source.raws)
    usual, rejects = verdicts(source, tree)
    drawn = {task.id for task in source.tasks if task.pool}
    silent, written = set[str](), set[str]()
    for path, value in files.items():
        held, lost_without = content(value), dict[bytes, set[str]]()
        for field, data, without in alterations(path, value):
            instances, refused = verdicts(source, AlteredTree(tree, held, data))
            new = [one for key, one in instances.items() if usual.get(key) != one]
            invented = [words for one in new if WORDS.search(words := all_said(one))]
            assert not invented, f"{path}, field {field!r}: {data[:200]!r} is said as {invented[0]!r}"
            lost = _rows_lost(usual, instances, drawn)
            if without is not None:
                if without not in lost_without:
                    lost_without[without] = _rows_lost(usual, left(source, tree, held, without), set())
                more = lost - lost_without[without]
                assert not more, f"{path}, field {field!r}: {data[:200]!r} costs other records: {more}"
            silent |= {field} if len(instances) < len(usual) and len(refused) <= len(rejects) else set()
            written |= {field} if any(NUMBER in text for one in new for text in one.texts) else set()
    return silent, written
