"""What holds for every benchmark, whatever it is."""

import re

import pytest

from vf_ray.eval.benchmarks import catalogue, get
from vf_ray.eval.types import Benchmark

PAPER = {"mmbench", "mme", "mmmu", "mm-vet", "llava-bench", "pope", "cf"}
HALLUCINATION = {"chair", "amber", "hallusionbench"}


def test_the_papers_benchmarks_and_those_on_hallucination_are_there() -> None:
    assert PAPER | HALLUCINATION | {"seed-bench", "scienceqa", "textocr", "tasks"} == set(catalogue())


@pytest.mark.parametrize("benchmark", catalogue().values(), ids=catalogue())
def test_each_says_what_it_needs_and_where_its_rule_is_from(benchmark: Benchmark) -> None:
    assert re.fullmatch(r"[a-z-]+", benchmark.name)
    assert benchmark.files
    assert benchmark.title


def test_an_unknown_name_gets_its_neighbours() -> None:
    with pytest.raises(ValueError, match=r"did you mean 'mmbench'"):
        get("mmbnch")
