"""Drawn tokens: as often as their chances say, by the question and the place alone."""

import torch

from vf_ray.eval.drawn import TokenDraw

CHANCES = torch.tensor([0.5, 0.3, 0.15, 0.05])
NAMES = [(f"question {n}", 0) for n in range(4000)]


def drawn(temperature: float, seed: int = 0) -> torch.Tensor:
    return TokenDraw(temperature, seed).tokens(CHANCES.log().expand(len(NAMES), -1), NAMES)


def test_tokens_come_as_often_as_they_are_likely() -> None:
    for temperature in (1.0, 0.5):
        expected = CHANCES ** (1 / temperature)
        expected /= expected.sum()
        shares = torch.bincount(drawn(temperature), minlength=4) / len(NAMES)
        assert (shares - expected).abs().max() < 4 * (0.25 / len(NAMES)) ** 0.5  # 4 standard errors
    assert drawn(1e-3).max() == 0


def test_a_draw_knows_neither_its_batch_nor_its_place_there() -> None:
    logits_BV, drawing = torch.randn(64, 32, generator=torch.Generator().manual_seed(0)), TokenDraw(1.0, 7)
    names = [(f"question {n // 4}", n % 4) for n in range(64)]
    together = drawing.tokens(logits_BV, names)
    alone = [int(drawing.tokens(logits_BV[n : n + 1], names[n : n + 1])) for n in range(64)]
    assert together.tolist() == alone
    assert not torch.equal(drawn(1.0), drawn(1.0, seed=1))
