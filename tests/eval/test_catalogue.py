"""What holds for every benchmark, whatever it is."""

import re

import pytest

from vf_ray.eval.benchmark import Benchmark
from vf_ray.eval.benchmarks import catalogue, get
from vf_ray.plan.plan import CODE

PAPER = {"mmbench", "mme", "mmmu", "mm-vet", "llava-bench", "pope", "cf"}
HALLUCINATION = {"chair", "amber", "hallusionbench"}
SCORED = 5, {
    "amber": 1, "cf": 2, "chair": 1, "hallusionbench": 3, "llava-bench": 1, "mm-vet": 1, "mmbench": 2,
    "mme": 2, "mmmu": 1, "pope": 1, "scienceqa": 1, "seed-bench": 2, "tasks": 2, "textocr": 1,
}  # fmt: skip
"""``CODE["scores"]``, and the code of each benchmark as it was then."""


def test_the_papers_benchmarks_and_those_on_hallucination_are_there() -> None:
    assert PAPER | HALLUCINATION | {"seed-bench", "scienceqa", "textocr", "tasks"} <= set(catalogue())


@pytest.mark.parametrize("benchmark", catalogue().values(), ids=catalogue())
def test_each_says_what_it_needs_and_where_its_rule_is_from(benchmark: Benchmark) -> None:
    assert re.fullmatch(r"[a-z0-9-]+", benchmark.name)
    assert benchmark.files
    assert benchmark.title


def test_a_changed_rule_scores_anew() -> None:
    scores, codes = SCORED
    changed = [name for name, code in codes.items() if catalogue()[name].code != code]
    told = f"{changed} score otherwise, but finished runs keep their scores: bump CODE['scores'], and SCORED"
    assert not changed or CODE["scores"] > scores, told


def test_an_unknown_name_gets_its_neighbours() -> None:
    with pytest.raises(ValueError, match=r"did you mean 'mmbench'"):
        get("mmbnch")
