"""Long vectors made short so that inner products stay as they are but for noise: CountSketch, by seed.

Each coordinate goes, with a sign, into one of ``size`` places, both drawn by hash (Charikar, Chen and
Farach-Colton 2002). The inner product of two sketches is that of the vectors in expectation, with a
variance of at most 2 |x|^2 |y|^2 / size (Weinberger et al. 2009): what a dense matrix of random signs
gives, at the cost of one addition for each coordinate.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

MIXED = (-0x61C8864680B583EB, -0x40A7B892E31B1A47, -0x6B2FB644ECCEEE15)
"""SplitMix64's constants (Steele, Lea and Flood 2014), as int64 has them."""


class Sketch:
    """Adds up parts of one vector, such as the gradients of a model's parameters in their order."""

    def __init__(self, size: int, seed: int) -> None:
        self.size, self._seed = size, seed
        self._places: dict[tuple[int, int], Tensor] = {}

    def of(self, parts: Iterable[Tensor]) -> Tensor:
        """Return (size,) fp32 of a vector that comes in parts, always the same ones."""
        out, start = None, 0
        for part in parts:
            flat = part.detach().float().flatten()
            out = torch.zeros(self.size, device=flat.device) if out is None else out
            coded = self._coded(start, len(flat), flat.device)
            out.index_add_(0, coded >> 1, flat * (1 - 2 * (coded & 1)))
            start += len(flat)
        assert out is not None, "a vector without parts has no sketch"
        return out

    def _coded(self, start: int, length: int, device: torch.device) -> Tensor:
        """Return (length,) int32: twice the place of each coordinate, and one more where its sign turns."""
        key = start, length
        if key not in self._places:
            mixed = _mixed(torch.arange(start, start + length, device=device) + (self._seed << 40))
            places = (mixed >> 1 & (1 << 62) - 1) % self.size
            self._places[key] = (places * 2 + (mixed & 1)).to(torch.int32)
        return self._places[key]


def _mixed(numbers: Tensor) -> Tensor:
    """Return SplitMix64 of int64 numbers, which wrap around as its unsigned ones do."""
    words = numbers * MIXED[0]
    words = (words ^ _shifted(words, 30)) * MIXED[1]
    words = (words ^ _shifted(words, 27)) * MIXED[2]
    return words ^ _shifted(words, 31)


def _shifted(words: Tensor, bits: int) -> Tensor:
    """Return them shifted right with zeros coming in from the left."""
    return words >> bits & (1 << 64 - bits) - 1
