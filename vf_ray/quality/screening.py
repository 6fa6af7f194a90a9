"""Keeps benchmarks' pictures out of training: what ``prepare.decontaminate`` asks for, as units of work.

First the pictures of each benchmark are hashed, then the images of each source held against them; instances
that show what was found are rejected as they are written. Hashes are artifacts, so nothing is hashed twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from vf_ray import artifacts
from vf_ray.artifacts import Spec, Writer
from vf_ray.errors import MissingError, UserError, require
from vf_ray.eval import question_sets
from vf_ray.eval.benchmarks import get
from vf_ray.plan.evaluation import Questions
from vf_ray.plan.plan import Plan
from vf_ray.quality import looks
from vf_ray.quality.alike import Groups
from vf_ray.quality.hamming import between
from vf_ray.quality.looks import Ids, Seen, of_equal_content
from vf_ray.quality.perceptual import RADIUS, Looks, of_one_colour
from vf_ray.quality.prepared import image_id
from vf_ray.quality.sought import Sought, sought
from vf_ray.shards.schema import from_parquet, to_parquet
from vf_ray.shards.screened import SCHEMA, SCREENED
from vf_ray.shards.write import INDEX
from vf_ray.store import Store
from vf_ray.work import Line, Unit

HASHED = "looks.parquet"
EQUAL = -1
"""In the place of a number of bits: equal content."""


def units(store: Store, plan: Plan, *, force: bool = False) -> Sequence[Sequence[Unit]]:
    """Return what is to be done once all images are stored, one sequence after the other.

    Raises:
        UserError: if a benchmark is not known, or nothing says where its files lie.
    """
    screening, questions = plan.data.screening, plan.questions
    for name in screening.hashed:
        there = get(name).name in questions.raw_files.benchmarks or questions.asked.data
        require(bool(there), f"prepare.decontaminate: {name} has no files; set evaluate.data")
    return (
        [HashBenchmark(store, spec, questions, force) for spec in screening.hashed.values()],
        [ScreenSource(store, spec, tuple(screening.hashed), force) for spec in screening.matched.values()],
    )


@dataclass(frozen=True)
class HashBenchmark:
    """The pictures of one benchmark."""

    store: Store
    spec: Spec
    questions: Questions
    force: bool

    def name(self) -> str:
        """Return what this is called."""
        return f"{self.spec.name} pictures"

    def done(self) -> bool:
        """Tell whether there is nothing to do."""
        return not self.force and artifacts.find(self.store, self.spec) is not None

    def run(self) -> Line:
        """Hash them.

        Raises:
            MissingError: if the benchmark's files are missing, or all its pictures.
        """
        name, side = self.spec.name, self.spec.config["largest_side"]

        def make(writer: Writer) -> dict[str, Any]:
            known = sought({name: question_sets.tree(self.store, self.questions, name)}, side)
            _require_pictures(name, known)
            writer.commit(HASHED, to_parquet(_table(known)))
            return {"images": len(known.shown), "unread": dict(known.unread.get(name, {}))}

        stats = artifacts.build(self.store, self.spec, make, force=self.force).stats
        return {"unit": self.name(), "images": stats["images"]}


def _require_pictures(name: str, known: Sought) -> None:
    """Refuse to keep nothing out in silence."""
    if name in known.absent:
        raise MissingError(f"prepare.decontaminate: {name}: {known.absent[name]}")
    if not known.shown:
        unread = ", ".join(f"{n} {why}" for why, n in known.unread.get(name, {}).items()) or "it shows none"
        raise UserError(
            f"prepare.decontaminate: not one picture of {name} can be read ({unread}); put them into its "
            "folder, or leave it out"
        )


def _table(known: Sought) -> pa.Table:
    """Return each picture's name, the first question about it, its ids and its looks."""
    first = dict(zip(known.image[::-1].tolist(), [q.id for q in known.questions][::-1], strict=True))
    return pa.table(
        {
            "image": [image.name for image in known.shown],
            "question": [first[place] for place in range(len(known.shown))],
            "content": known.ids[:, 0],
            "stored": known.ids[:, 1],
            **looks.columns(known.looks),
        }
    )


@dataclass(frozen=True)
class ScreenSource:
    """The stored images of one source."""

    store: Store
    spec: Spec
    benchmarks: tuple[str, ...]
    force: bool

    def name(self) -> str:
        """Return what this is called."""
        return f"{self.spec.name} screening"

    def done(self) -> bool:
        """Tell whether there is nothing to do."""
        return not self.force and artifacts.find(self.store, self.spec) is not None

    def run(self) -> Line:
        """Hold them against the pictures of all benchmarks; of several the closest counts."""

        def make(writer: Writer) -> dict[str, Any]:
            images = artifacts.load(self.store, self.spec.inputs["images"])
            trained = looks.seen({self.spec.name: images})
            closest: dict[int, tuple[int, str, str, str]] = {}
            for name in self.benchmarks:
                table = from_parquet(artifacts.load(self.store, self.spec.inputs[name]).read(HASHED))
                words = list(zip(table["image"].to_pylist(), table["question"].to_pylist(), strict=True))
                for place, row, bits in matches(ids_of(table), looks.of_table(table), trained):
                    match = (bits, name, *words[place])
                    closest[row] = min(match, closest.get(row, match))
            known = {image_id(one): one for one in from_parquet(images.read(INDEX))["sha256"].to_pylist()}
            rows = [
                {"sha256": known[int(trained.ids[row])], "benchmark": name, "image": image,
                 "question": question, "bits": bits}
                for row, (bits, name, image, question) in sorted(closest.items())
            ]  # fmt: skip
            writer.commit(SCREENED, to_parquet(pa.Table.from_pylist(rows, SCHEMA)))
            return {"images": len(trained.ids), "screened": len(rows)}

        stats = artifacts.build(self.store, self.spec, make, force=self.force).stats
        return {"unit": self.name(), "screened": stats["screened"]}


def ids_of(table: pa.Table) -> Ids:
    """Return the ids of each picture, as it comes and as it would be stored; shape (pictures, 2)."""
    return np.stack([table["content"].to_numpy(), table["stored"].to_numpy()], axis=1)


def matches(ids: Ids, known: Looks, trained: Seen) -> Iterator[tuple[int, int, int]]:
    """Yield the places of a benchmark's picture and of a stored image that equals or resembles it.

    The third number is in how many bits their hashes differ, or ``EQUAL``. ``ids`` has shape (pictures, 2).
    """
    for place, row in of_equal_content(ids, trained.ids):
        yield place, row, EQUAL
    mine, theirs = (np.flatnonzero(one.telling) for one in (known, trained.looks))
    groups = Groups.of(trained.looks.take(theirs), np.zeros(len(theirs), np.int64))
    for pairs in between(known.hashes[mine], groups.looks.hashes, RADIUS):
        places = mine[pairs.first]
        alike = of_one_colour(known.take(places), groups.looks.take(pairs.second))
        for place, group, bits in zip(places[alike], pairs.second[alike], pairs.bits[alike], strict=True):
            members: npt.NDArray[np.int64] = theirs[groups.images_of(np.array([group]))]
            yield from ((int(place), row, int(bits)) for row in members.tolist())
