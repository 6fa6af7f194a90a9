"""A seeded campaign: kill somebody at a random moment, fifty times, and compare with a run left alone."""

import os
import random
import time
from pathlib import Path

import pytest

from tests.flows.smoke import TASK, TRAINER, Kill, end, finish, outcome, start, strike
from vf_ray.store import Store

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]

VICTIMS = ((), (), TASK, TRAINER)
"""The driver twice as often as a worker of either kind."""


def test_fifty_kills_change_nothing(tmp_path: Path) -> None:
    kills, seed = int(os.environ.get("VF_RAY_KILLS", "50")), int(os.environ.get("VF_RAY_SEED", "0"))
    whole = Store.open(str(tmp_path / "whole"))
    begun = time.monotonic()
    finish(start(whole, tmp_path / "log"), tmp_path / "log")
    length_s, done, rounds = time.monotonic() - begun, 0, 0
    while done < kills:
        rounds += 1
        rng = random.Random(f"{seed}/{rounds}")
        struck = _round(tmp_path / f"round-{rounds}", rng, length_s, kills - done, whole)
        done += struck
        print(f"round {rounds}: {struck} kills, equal to the whole run; {done} of {kills}", flush=True)
    print(
        f"{done} kills in {rounds} rounds (seed {seed}): every round ended equal to the whole run, "
        f"which took {length_s:.0f} s"
    )


def _round(folder: Path, rng: random.Random, length_s: float, most: int, whole: Store) -> int:
    """Kill one run again and again, but for ever less of its time; return how often."""
    folder.mkdir()
    store, log = Store.open(str(folder / "store")), folder / "log"
    struck = 0
    run = start(store, log)
    try:
        while struck < most:
            moment = time.monotonic() + rng.uniform(1, length_s / 2)
            kill = Kill("at random", lambda _: time.monotonic() >= moment, rng.choice(VICTIMS))  # noqa: B023
            if not strike(run, store, kill):
                break
            struck += 1
            if run.poll() is not None:
                run = start(store, log)
        finish(run, log)
    finally:
        end(run)
    assert outcome(store) == outcome(whole), f"differs after {struck} kills; log in {log}"
    return struck
