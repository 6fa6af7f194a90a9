"""What others than the run say of it."""

from dataclasses import replace

import pytest

from tests.report.findings import findings, question_sets
from vf_ray.eval.benchmark import Figure
from vf_ray.eval.scores import Scores
from vf_ray.page.document import Section
from vf_ray.page.tables import Table
from vf_ray.rate.tally import RatingFigures
from vf_ray.report import others
from vf_ray.report.findings import Findings


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return findings({"pope": question_sets(tmp_path_factory.mktemp("data"))["pope"]})


def moved(scores: Scores, by: float) -> Scores:
    """Return the scores of another seed: other figures, of models of its own but for the start."""
    pope = scores.benchmarks["pope"]
    models = {
        name: replace(
            figures,
            headline={key: replace(one, value=one.value + by) for key, one in figures.headline.items()},
        )
        for name, figures in pope.models.items()
    }
    addresses = {
        name: address if name == "base" else f"{address}{by}" for name, address in scores.models.items()
    }
    return replace(scores, models=addresses, benchmarks={"pope": replace(pope, models=models)})


def table(section: Section | None) -> Table:
    assert section is not None
    (one,) = [block for block in section.blocks if isinstance(block, Table)]
    return one


def test_the_spread_is_that_of_all_seeds(found: Findings) -> None:
    seeds = {1: moved(found.scores, -0.1), 2: moved(found.scores, -0.2)}
    told = others.seeds(replace(found, other_seeds=seeds))
    metric, mine = next(iter(found.figures("pope", "stage1").headline.items()))
    (row,) = [row for row in table(told).rows if row[1] == "BASE"]
    assert row == [f"pope: {metric}", "BASE", f"{mine.value:.3f}", f"{mine.value - 0.1:.3f}", "0.100", "3"]
    assert [row[1] for row in table(told).rows] == ["BASE", "CHAT"], "the start is one and the same"
    assert others.seeds(found) is None


def test_a_seed_without_the_model_or_the_benchmark_does_not_count(found: Findings) -> None:
    pope = found.scores.benchmarks["pope"]
    only, other = replace(pope, models={"stage1": pope.models["stage1"]}), moved(found.scores, -0.1)
    seeds = {1: replace(other, benchmarks={"pope": only}), 2: replace(other, benchmarks={})}
    told = table(others.seeds(replace(found, other_seeds=seeds)))
    assert [(row[1], row[5]) for row in told.rows] == [("BASE", "2")]


def test_people_are_told_of_with_their_doubt(found: Findings) -> None:
    share = Figure(value=0.75, low=0.5, high=0.9, n=12)
    rated = RatingFigures(
        wins={"stage1 over stage2": share}, alpha=0.61, retest=share, golds={"rater-1": share},
        strengths={"stage1": 0.7, "stage2": 0.3}, left_out=["rater-3"], counts={"raters": 2},
    )  # fmt: skip
    section = others.people(replace(found, ratings=[rated]))
    assert table(section).rows[0] == ["stage1 over stage2", "75 [50, 90]", "12"]
    assert section is not None
    words = " ".join(block.markdown() for block in section.blocks)
    assert "alpha 0.61" in words and "BASE 0.70" in words and "rater-3" in words
    assert others.people(found) is None
