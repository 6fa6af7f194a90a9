"""What the prepare step makes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vf_ray.artifacts import Spec
from vf_ray.plan.origins import RawFiles
from vf_ray.plan.screening import Screening
from vf_ray.types import Source


@dataclass(frozen=True)
class Preparation:
    """What a run prepares, and from which raw files."""

    images: Mapping[str, Spec]
    """By source."""
    instances: Mapping[str, Spec]
    """By task."""
    raw_files: RawFiles
    order: Sequence[str]
    """The sources, in the order in which they begin."""
    screening: Screening

    def specs(self) -> list[Spec]:
        """Return all of it, in the order of making."""
        screening = [*self.screening.hashed.values(), *self.screening.matched.values()]
        return [*self.images.values(), *screening, *self.instances.values()]


def largest_first(
    sources: Collection[Source[Any]], raw_files: RawFiles, sizes: Mapping[str, int]
) -> list[str]:
    """Return names of sources by the bytes of their raw files; ``sizes`` has those that are there."""
    fetched = {name: sum(file.size for file in raw.files) for name, (raw, _) in raw_files.public.items()}
    known = {**sizes, **fetched}
    totals = {source.name: sum(known.get(raw.name, 0) for raw in source.raws) for source in sources}
    return sorted(totals, key=lambda name: (-totals[name], name))
