"""How far apart two models' weights are: Pearson's r and a relative distance, tensor by tensor and over all.

r tells whether large weights stay large; that it is near 1 after tuning says that a part moved little beside
what it was, not that it does the same. Two models that were drawn apart have an r near 0.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vf_ray.errors import UserError
from vf_ray.model.stored_weights import Numbers, StoredTensor, StoredWeights
from vf_ray.model.tensors import few

ALL = "all"
"""What the tensors of a module together are called."""


@dataclass(frozen=True, slots=True)
class PairedMoments:
    """Sums over pairs of values, of which any number can be put together.

    Source: Chan, Golub and LeVeque, Updating Formulae and a Pairwise Algorithm for Computing Sample
    Variances (1979).
    """

    n: int = 0
    first: float = 0.0
    second: float = 0.0
    """Means."""
    squares: tuple[float, float] = (0.0, 0.0)
    product: float = 0.0
    """About the means."""
    length: float = 0.0
    apart: float = 0.0
    """Squares of the first's values, and of what the second adds to them."""

    @classmethod
    def of(cls, first: Numbers, second: Numbers) -> "PairedMoments":
        """Return the sums over the pairs of two arrays of one shape."""
        means = float(first.mean()), float(second.mean())
        a, b, apart = first - means[0], second - means[1], second - first
        return cls(
            first.size, *means, (float(a @ a), float(b @ b)), float(a @ b), float(first @ first),
            float(apart @ apart),
        )  # fmt: skip

    def __add__(self, other: "PairedMoments") -> "PairedMoments":
        n = self.n + other.n
        if not self.n or not other.n:
            return self if self.n else other
        shifts = other.first - self.first, other.second - self.second
        share, weight = other.n / n, self.n * other.n / n
        return PairedMoments(
            n, self.first + share * shifts[0], self.second + share * shifts[1],
            (self.squares[0] + other.squares[0] + weight * shifts[0] ** 2,
             self.squares[1] + other.squares[1] + weight * shifts[1] ** 2),
            self.product + other.product + weight * shifts[0] * shifts[1],
            self.length + other.length, self.apart + other.apart,
        )  # fmt: skip

    @property
    def pearson(self) -> float | None:
        """Return r; None where one side is the same everywhere, as fresh biases are."""
        spread = math.sqrt(self.squares[0]) * math.sqrt(self.squares[1])
        return min(1.0, max(-1.0, self.product / spread)) if spread else None

    @property
    def distance(self) -> float | None:
        """Return the Euclidean distance of the two over the length of the first; None where that is 0."""
        return math.sqrt(self.apart / self.length) if self.length else None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightChange:
    """How far apart two models are in some weights."""

    values: int
    pearson: float | None
    """None where one of the two is the same everywhere."""
    distance: float | None
    """|second - first| / |first|; None where the first is 0 everywhere."""


def weight_changes(first: StoredWeights, second: StoredWeights, module: str) -> dict[str, WeightChange]:
    """Compare a module of two models: ``all`` of it, then each tensor by its name.

    Raises:
        UserError: if the two are not of one family and size.
    """
    mine, theirs = first.tensors(module), second.tensors(module)
    _require_alike(first, second, mine, theirs)
    sums = {
        name: sum(
            map(PairedMoments.of, first.values(tensor), second.values(theirs[name])), start=PairedMoments()
        )
        for name, tensor in mine.items()
    }
    whole = sum(sums.values(), start=PairedMoments())
    return {name: _change(one) for name, one in {ALL: whole, **sums}.items()}


def _change(sums: PairedMoments) -> WeightChange:
    return WeightChange(values=sums.n, pearson=sums.pearson, distance=sums.distance)


def _require_alike(
    first: StoredWeights, second: StoredWeights, mine: Mapping[str, StoredTensor],
    theirs: Mapping[str, StoredTensor],
) -> None:  # fmt: skip
    names: Iterable[str] = mine.keys() | theirs.keys()
    odd = [name for name in names if name not in mine or name not in theirs or _shape(mine, theirs, name)]
    if odd:
        raise UserError(
            f"{first.where} and {second.where} differ in shape, or one lacks {few(odd)}; only models of one "
            "family and size can be compared weight by weight"
        )


def _shape(mine: Mapping[str, StoredTensor], theirs: Mapping[str, StoredTensor], name: str) -> bool:
    return mine[name].shape != theirs[name].shape
