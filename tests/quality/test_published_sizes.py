import json

import pytest
from typer.testing import CliRunner

from vf_ray.cli import app
from vf_ray.quality.published_sizes import CAP, PAPER_INSTANCES, Size, compared, estimate, published
from vf_ray.tasks import catalogue, declared

UPSTREAM = sorted(task.id for task in catalogue().values() if task.upstream)


def test_every_published_task_has_a_line_and_nothing_else_has() -> None:
    assert sorted(published()) == UPSTREAM
    assert len(declared().in_paper) == 188


def test_every_number_says_what_it_counts_and_where_it_stands() -> None:
    for size in published().values():
        if size.published is None:
            assert not (size.bound or size.counts or size.origin), size.task
        else:
            assert size.published > 0 and size.counts and size.origin, size.task
            assert size.bound in ("equal", "about", "at most", "at least"), size.task
            assert size.origin.startswith("https://") or ": " in size.origin, size.task


def test_a_number_of_one_split_is_of_the_split_that_the_task_takes() -> None:
    """Tasks whose split is not train are counted over what they take."""
    for size in published().values():
        if size.published and catalogue()[size.task].split in ("test", "val"):
            assert "training" not in size.counts, size.task


@pytest.mark.parametrize(
    ("published_size", "bound", "under", "least", "most"),
    [
        (7_000, "equal", 7_000, 7_000, 7_000),
        (70_000, "equal", 10_000, 10_000, 10_000),
        (7_000, "at most", 7_000, 0, 7_000),
        (7_000, "at least", 7_000, 7_000, 10_000),
        (None, "", None, 0, 10_000),
    ],
)
def test_bounds(published_size: int | None, bound: str, under: int | None, least: int, most: int) -> None:
    size = Size(task="any", published=published_size, bound=bound)  # type: ignore[arg-type]
    assert (size.under(CAP), size.least(CAP), size.most(CAP)) == (under, least, most)


def test_the_sum_is_that_of_its_tasks_and_lies_between_its_bounds() -> None:
    found = estimate(UPSTREAM)
    assert found.known == sum(min(CAP, s.published) for s in found.sizes if s.published)
    assert found.least <= found.known <= found.most
    assert found.most == found.cap * len(found.sizes) - sum(found.cap - s.most(CAP) for s in found.short)


def test_a_smaller_cap_gives_a_smaller_sum_and_a_task_of_ours_has_no_size() -> None:
    assert estimate(["stl10/object", "fairface/age"], 1_000).known == 2_000
    assert estimate(["demo_digits/name"]).unknown == ["demo_digits/name"]


def test_the_paper_has_more_than_the_counts_allow() -> None:
    found = estimate(declared().in_paper)
    assert found.most < PAPER_INSTANCES
    told = compared(found)
    assert f"{len(found.unknown)} tasks have none" in told[1]
    assert f"{PAPER_INSTANCES - found.most:,} more" in told[-1]


def test_the_command_line_adds_up_the_papers_tasks_and_a_recipes() -> None:
    whole = json.loads(CliRunner().invoke(app, ["estimate", "--json"]).stdout)
    assert len(whole["tasks"]) == 188 and whole["known"] == estimate(declared().in_paper).known
    shown = CliRunner().invoke(app, ["estimate"]).stdout
    assert "1,664,261" in shown and "unknown" in shown


def test_a_recipes_estimate_says_what_is_built(tmp_path: object) -> None:
    found = json.loads(
        CliRunner().invoke(app, ["estimate", "smoke", "--store", str(tmp_path), "--json"]).stdout
    )
    assert found["cap"] == 96
    assert all(task["built"] is None for task in found["tasks"])
