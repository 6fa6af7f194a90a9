"""Steps, rows and rates."""

import math
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import get_cosine_schedule_with_warmup

from tests.train.inputs import Listed, stage
from vf_ray.train.schedule import num_steps, rate, rows_of_step


@given(st.integers(1, 40), st.integers(1, 70), st.floats(0.1, 3))
def test_steps_hold_exactly_the_batch_and_epochs_round_up(size: int, batch: int, epochs: float) -> None:
    samples, chosen = Listed.of(size), stage(batch=batch, steps=None, epochs=epochs)
    steps = num_steps(chosen, size)
    taken = [rows_of_step(samples, seed=1, step=s + 1, batch=batch) for s in range(steps)]
    assert {len(rows) for rows in taken} == {batch}
    assert steps * batch >= epochs * size > (steps - 1) * batch or steps == 1
    counts = Counter(row for rows in taken for row in rows)
    assert max(counts.values()) - min(counts.get(row, 0) for row in range(size)) <= 1


def test_rates_rise_from_above_zero_and_fall_to_almost_zero() -> None:
    chosen = stage(lr=1.0 / 2, warmup=0.1)
    rates = [rate(chosen, step, 100) for step in range(1, 101)]
    assert rates[:10] == pytest.approx([0.05 * s for s in range(1, 11)])
    assert max(rates) == rates[9] == rates[10] == 0.5
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0 < rates[-1] < 0.001
    constant = stage(lr=0.5, warmup=0.0, schedule="constant")
    assert {rate(constant, step, 100) for step in range(1, 101)} == {0.5}


@pytest.mark.parametrize(("steps", "warmup"), [(100, 0.03), (7, 0.5), (12_995, 0.03), (10, 0.0)])
def test_rates_from_zero_are_those_of_hugging_faces_schedule(steps: int, warmup: float) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=2e-5)
    theirs = get_cosine_schedule_with_warmup(optimizer, math.ceil(warmup * steps), steps)
    chosen = stage(lr=2e-5, warmup=warmup, warmup_from_zero=True)
    for step in (1, 2, 3, 4, 5, steps // 2, steps - 1, steps):
        assert rate(chosen, step, steps) == pytest.approx(2e-5 * theirs.lr_lambdas[0](step - 1), abs=1e-20)


def test_nothing_to_train_on_is_an_error() -> None:
    with pytest.raises(ValueError, match="0 samples"):
        num_steps(stage(), 0)
