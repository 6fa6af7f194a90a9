"""Answers whose tokens are drawn as the model finds them likely, by hashes: the same whenever asked again."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vf_ray.eval.cached_reader import CachedReader
from vf_ray.eval.greedy import AskedRow, GreedyBatch
from vf_ray.instances.chance import rank

DIGITS = 53
"""Bits of a draw: as many as a double tells apart below 1."""


@dataclass(frozen=True)
class TokenDraw:
    """How tokens are drawn."""

    temperature: float
    """Logits are divided by it; above 0."""
    seed: int

    def tokens(self, logits_BV: Tensor, names: Sequence[tuple[str, int]]) -> Tensor:
        """Return (B,) the token of each row: the first at which the chances add up to more than its draw.

        ``names`` are the question and the place in its answer of each row, which alone decide its draw.
        """
        chances_BV = (logits_BV.double() / self.temperature).softmax(dim=-1).cumsum(dim=-1)
        draws = [self._draw(question, place) for question, place in names]
        draws_B1 = torch.tensor(draws, dtype=torch.float64, device=logits_BV.device)[:, None]
        tokens_B = torch.searchsorted(chances_BV, draws_B1 * chances_BV[:, -1:], right=True)[:, 0]
        return tokens_B.clamp(max=logits_BV.shape[-1] - 1)

    def _draw(self, question: str, place: int) -> float:
        number: int = rank("answer", str(self.seed), question, str(place)) >> (64 - DIGITS)
        return number / (1 << DIGITS)


class DrawnBatch(GreedyBatch):
    """The answers of one batch as they grow, drawn."""

    def __init__(self, reader: CachedReader, rows: Sequence[AskedRow], drawing: TokenDraw) -> None:
        super().__init__(reader, rows)
        self._drawing = drawing

    def chosen(self, logits_BV: Tensor) -> Tensor:
        """Return (B,) the next token of each row: as likely as the model finds it."""
        return self._drawing.tokens(logits_BV, [(row.id, len(self.said[row.place])) for row in self._rows])
