"""Which instances of a stage's mixture it trains on: a keep-list, or how to make one."""

from dataclasses import dataclass
from typing import Literal

from vf_ray.errors import require


@dataclass(frozen=True, kw_only=True)
class Select:
    """A method and its share, or a list that is there already."""

    method: Literal["random", "icons", "presel", "coincide", "xmas", "list"]
    """``random`` is the baseline; see ``vf_ray/select`` for what the others look at."""
    share: float = 1.0
    """Of the stage's instances."""
    keep: str = ""
    """Of ``list``: the address of a keep-list in the store, or a Parquet file with columns task and key."""
    seed: int = 0
    """Decides what chance decides, so that a selection is repeated with another one on the same data."""
    targets: tuple[str, ...] = ("*",)
    """Of ``icons``: the tasks that vote, each by its held-out instances."""
    per_target: int = 32
    """Held-out instances of each."""
    warmup: int = 500
    """Steps of the short tuning of adapters that ``icons``, ``presel`` and ``xmas`` ask a model after."""
    warmup_lr: float = 2e-4
    rank: int = 128
    """Of those adapters."""
    checkpoints: int = 5
    """Of ``xmas``: states of the model, evenly over those steps, that attention is followed over."""
    clusters: int = 0
    """Of ``coincide`` and ``xmas``; 0: one for 200 instances, at most 2,500 and 1,000."""
    size: int = 5120
    """Numbers that a gradient or a hidden state is sketched to."""

    def __post_init__(self) -> None:
        require(0 < self.share <= 1, f"select.share is {self.share}; a share lies in (0, 1]")
        matches = bool(self.keep) == (self.method == "list")
        named = f"select.method is {self.method!r}, select.keep {self.keep!r}"
        require(matches, f"{named}; list names a keep-list, no other method does")
        require(bool(self.targets), "select.targets is empty; name the tasks that vote")
        for key in ("per_target", "warmup", "rank", "checkpoints", "size"):
            require(getattr(self, key) > 0, f"select.{key} is {getattr(self, key)}; it must be positive")
        require(0 < self.warmup_lr < 1, f"select.warmup_lr is {self.warmup_lr}; e.g. 2e-4")
        require(self.clusters >= 0, f"select.clusters is {self.clusters}; 0 leaves it to the method")
        require(self.checkpoints > 1, "select.checkpoints is 1; attention is followed over at least 2")
