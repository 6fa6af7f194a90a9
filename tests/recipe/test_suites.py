import pytest

from vf_ray.eval.benchmarks import catalogue
from vf_ray.recipe import Evaluate
from vf_ray.recipe.suites import SUITES


@pytest.mark.parametrize("suite", SUITES)
def test_every_member_of_a_suite_is_a_benchmark(suite: str) -> None:
    assert set(SUITES[suite]) <= set(catalogue())


def test_a_suite_stands_for_its_members_each_once() -> None:
    asked = Evaluate(benchmarks=("tasks", "pope", "@paper"))
    assert asked.benchmarks == ("tasks", "pope", "mmbench", "mme", "mmmu", "mm-vet", "llava-bench", "cf")


def test_an_unknown_suite_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"@papers.*did you mean '@paper'"):
        Evaluate(benchmarks=("@papers",))
