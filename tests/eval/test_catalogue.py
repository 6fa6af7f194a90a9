"""What holds for every benchmark, whatever it is."""

import re

import pytest

from tests.eval.miniatures import WRITERS
from vf_ray.eval.benchmark import Benchmark
from vf_ray.eval.benchmarks import catalogue, get
from vf_ray.plan.inputs import INSTANCES, rule

PAPER = {"mmbench", "mme", "mmmu", "mm-vet", "llava-bench", "pope", "cf"}
HALLUCINATION = {"chair", "amber", "hallusionbench"}


def test_the_papers_benchmarks_and_those_on_hallucination_are_there() -> None:
    assert set(catalogue()) >= PAPER | HALLUCINATION


def test_each_published_benchmark_has_its_miniature() -> None:
    for name in sorted(set(catalogue()) - {INSTANCES} - set(WRITERS)):
        pytest.fail(
            f"benchmark {name!r} has no miniature: add to WRITERS in tests/eval/miniature.py a function that "
            "writes its official files into a folder, as few questions as its rule needs"
        )


@pytest.mark.parametrize("benchmark", catalogue().values(), ids=catalogue())
def test_each_says_what_it_needs_and_where_its_rule_is_from(benchmark: Benchmark) -> None:
    assert re.fullmatch(r"[a-z0-9-]+", benchmark.name)
    assert benchmark.files
    assert benchmark.title


def test_a_changed_rule_scores_anew_the_runs_that_ask_it() -> None:
    rules = {name: rule(name) for name in catalogue()}
    assert all(rules.values())
    assert len(set(rules.values())) == len(rules)
    assert rule("nosuch") == ""


def test_an_unknown_name_gets_its_neighbours() -> None:
    with pytest.raises(ValueError, match=r"did you mean 'mmbench'"):
        get("mmbnch")
