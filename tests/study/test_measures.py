"""What answers say, measured: their lengths, their words, what they invent."""

from statistics import fmean, stdev

import numpy as np
import pytest

from vf_ray.errors import UserError
from vf_ray.eval.benchmark import Item
from vf_ray.study.measures import measured
from vf_ray.study.spread import spread
from vf_ray.study.study import StudyOutcome


def items(*answers: str | None, gold: str = "It is red.") -> list[Item]:
    said = enumerate(answers)
    return [Item(id=f"q{n}", answer=text, parsed="", gold=gold, value=0.0) for n, text in said]


def test_figures_of_all_answers_are_the_means_of_their_items() -> None:
    asked = items("It is red.", "it is red", "It is a grey, well-worn dog!", None, "Nothing")
    figures = {
        name: fmean(measured(asked, name, ()).values()) for name in ("words", "words_sd", "vocabulary")
    }
    lengths = [3, 3, 6, 0, 1]
    assert figures == pytest.approx(
        {"words": fmean(lengths), "words_sd": stdev(lengths), "vocabulary": 8}
    )  # it is red a grey well-worn dog nothing
    assert fmean(measured(asked, "distinct", ()).values()) == pytest.approx(
        4
    )  # letters and points do not count


def test_their_interval_is_that_of_the_jackknife() -> None:
    chance = np.random.default_rng(0)
    asked = items(*(" ".join(chance.choice(list("abcdefgh"), size=n)) for n in chance.integers(1, 9, 40)))
    lengths = [len((item.answer or "").split()) for item in asked]
    left = [stdev(lengths[:n] + lengths[n + 1 :]) for n in range(40)]
    error = (39 / 40 * sum((one - fmean(left)) ** 2 for one in left)) ** 0.5
    found = spread([measured(asked, "words_sd", ())])
    low, high = found.item_interval
    assert (high - low) / 2 == pytest.approx(2.0227 * error, rel=1e-3)  # t of 39 degrees of freedom


def test_what_is_named_and_not_shown_is_invented() -> None:
    names = ("red", "blue", "number four")
    asked = items("a red cell", "a blue cell", "The number four, blue", "bluer, number forty", "")
    assert list(measured(asked, "invented", names).values()) == [0.0, 1.0, 1.0, 0.0, 0.0]
    for wrong in ({"measure": "invented"}, {"names": ("red",)}):
        with pytest.raises(UserError, match="invented needs names, alone"):
            StudyOutcome(benchmark="tasks", **wrong)  # type: ignore[arg-type]
    assert StudyOutcome(benchmark="tasks", measure="words").name == "tasks, words, last model"
