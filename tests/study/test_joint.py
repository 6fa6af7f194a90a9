import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from vf_ray.artifacts import Spec, Writer, build, load
from vf_ray.cli import app
from vf_ray.errors import UserError
from vf_ray.eval.benchmark import Item
from vf_ray.eval.item_lines import to_lines
from vf_ray.store import Store
from vf_ray.study.joint import values_of


def scores(store: Store, name: str, seed: int, accuracy: float) -> str:
    """Return the address of one run's scores on 400 questions."""
    chance = np.random.default_rng(seed)

    def make(writer: Writer) -> Mapping[str, Any]:
        right = chance.random(400) < accuracy
        items = [
            Item(id=f"q{n}", answer="x", parsed="x", gold="x", value=float(value), category=f"s/{n % 2}")
            for n, value in enumerate(right)
        ]
        writer.commit("items/pope/stage1.jsonl", to_lines(items))
        return {}

    return build(store, Spec(kind="scores", name=name, config={"seed": seed}, code=1), make).address


def run(store: Store, *words: str) -> Result:
    return CliRunner().invoke(app, ["compare", "pope", "--model", "stage1", "--store", store.url, *words])


def test_variants_are_compared_over_seeds_and_items(local_store: Store) -> None:
    plain = ",".join(scores(local_store, "plain", seed, 0.5) for seed in range(3))
    same = ",".join(scores(local_store, "same", seed, 0.5) for seed in range(10, 13))
    better = ",".join(scores(local_store, "better", seed, 0.7) for seed in range(20, 23))
    words = ("--run", f"plain={plain}", "--run", f"same={same}", "--run", f"better={better}")
    found = json.loads(run(local_store, *words, "--json").stdout)
    assert found["baseline"] == "plain"
    assert found["corrected"]["better"] < 0.01 < 0.05 < found["corrected"]["same"]
    assert found["comparisons"]["better"]["low"] < 0.2 < found["comparisons"]["better"]["high"]
    told = run(local_store, *words).stdout
    assert "no difference shown" in told and "better" in told and "baseline" in told


def test_one_seed_is_told_to_know_nothing_of_noise(local_store: Store) -> None:
    words = (
        "--run",
        f"a={scores(local_store, 'a', 1, 0.5)}",
        "--run",
        f"b={scores(local_store, 'b', 2, 0.5)}",
    )
    assert "run-to-run noise is not known" in run(local_store, *words).stdout


def test_what_cannot_be_compared_is_refused(local_store: Store) -> None:
    address = scores(local_store, "a", 1, 0.5)
    assert "expected NAME=" in run(local_store, "--run", "a").stderr
    assert "at least twice" in run(local_store, "--run", f"a={address}").stderr
    wrong = CliRunner().invoke(
        app, ["compare", "pope", "--model", "stage3", "--store", local_store.url,
              "--run", f"a={address}", "--run", f"b={address}"],
    )  # fmt: skip
    assert "did you mean 'pope/stage1'" in wrong.stderr


def test_a_part_of_a_benchmark_counts_alone(local_store: Store) -> None:
    stored = load(local_store, scores(local_store, "plain", 0, 0.5))
    every, odd = values_of(stored, "pope", "stage1"), values_of(stored, "pope", "stage1", ["s/1"])
    assert odd == {name: value for name, value in every.items() if int(name[1:]) % 2}
    assert values_of(stored, "pope", "stage1", ["s/1", "s/*"]) == every
    with pytest.raises(UserError, match=r"no question of pope is of t/1; did you mean 's/1'|known: s/0, s/1"):
        values_of(stored, "pope", "stage1", ["t/1"])
