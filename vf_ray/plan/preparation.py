"""What the prepare step makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vf_ray.artifacts import Spec
from vf_ray.plan.origins import RawFiles


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

    def specs(self) -> list[Spec]:
        """Return all of it, in the order of making."""
        return [*self.images.values(), *self.instances.values()]
