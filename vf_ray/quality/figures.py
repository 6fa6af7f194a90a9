"""The figures of one task."""

from collections.abc import Mapping
from dataclasses import dataclass

from vf_ray.quality.measures import Measured


@dataclass(frozen=True, kw_only=True)
class TaskQuality:
    """One task's figures."""

    task: str
    source: str
    group: str
    category: str
    train: int
    held_out: int
    cap: int
    """Instances the recipe would take."""
    examined: int
    """Records the task was shown."""
    rejected: Mapping[str, int]
    """Of them, by reason."""
    ceiling: float
    """Largest share that may be rejected, as the task states it."""
    measured: Measured
    repeated_elsewhere: int
    """Distinct picture, question and answer that another task has too."""
    plain: int
    equal_elsewhere: int
    near_within: int
    near_elsewhere: int
    leaked: int
    """These five: as ``Duplicates`` has them."""

    @property
    def instances(self) -> int:
        return self.measured.instances

    @property
    def images(self) -> int:
        """Return the number of distinct pictures."""
        return len(self.measured.images.ids)

    @property
    def held_out_images(self) -> int:
        """Return how many of the pictures are kept from training."""
        return int(self.measured.images.held_out.sum())

    @property
    def reject_share(self) -> float:
        return sum(self.rejected.values()) / self.examined if self.examined else 0.0
