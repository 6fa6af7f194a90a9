"""Tasks that were planted alike are found, drawn together and taken out; a study tells what that cost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vf_ray.page.heat_map import colour, heat_map
from vf_ray.select.redundancy_page import Likeness, page, pairs, plain
from vf_ray.select.removal import ALL, AT_RANDOM, WITHOUT, at_random, removals
from vf_ray.select.task_matrices import FEWEST, TaskMatrix, answers, gradients, transfer
from vf_ray.select.task_tree import tree
from vf_ray.study.joint import joint

TASKS = ("a/one", "a/two", "b/one", "b/two", "c/one")


def planted() -> TaskMatrix:
    """Return answers of two groups of two, the second noisier, and a task that shares no item."""
    drawn = np.random.default_rng(0)
    first, second = drawn.random((2, 400)) < 0.5
    flipped = [first, first ^ (drawn.random(400) < 0.05), second, second ^ (drawn.random(400) < 0.15)]
    marks = {
        task: {f"image {n}": float(right) for n, right in enumerate(rights)}
        for task, rights in zip(TASKS, flipped, strict=False)
    }
    return answers({**marks, TASKS[-1]: {f"elsewhere {n}": float(n % 2) for n in range(50)}})


def test_phi_is_that_of_the_table_of_both_answers() -> None:
    """Of 50 both right, 10 and 20 one alone, 120 none it is (50 120 - 10 20) / sqrt(60 140 70 130)."""
    both = [(1, 1)] * 50 + [(1, 0)] * 10 + [(0, 1)] * 20 + [(0, 0)] * 120
    marks = {
        task: {str(n): float(pair[place]) for n, pair in enumerate(both)} for place, task in enumerate("xy")
    }
    found = answers(marks)
    assert found.values[0, 1] == pytest.approx(5800 / np.sqrt(60 * 140 * 70 * 130))
    assert found.items[0, 1] == 200 and found.values[0, 0] == pytest.approx(1)


def test_what_shares_too_little_or_never_differs_is_not_known() -> None:
    few = {str(n): float(n % 2) for n in range(FEWEST - 1)}
    alike = {str(n): 1.0 for n in range(100)}
    found = answers({"few": few, "alike": alike, "other": {str(n): float(n % 3 == 0) for n in range(100)}})
    assert np.isnan(found.values[~np.eye(3, dtype=bool)]).all()
    assert found.items.tolist() == [[100, 19, 100], [19, 19, 19], [100, 19, 100]]


def test_gradients_of_tasks_are_compared_by_their_means() -> None:
    directions = np.eye(3, 8, dtype=np.float32)
    codes = np.repeat([0, 1, 2], 50)
    rows = np.stack([directions[0], directions[0] + directions[1], directions[2]])[codes]
    rows = rows.astype(np.float32) + np.random.default_rng(0).normal(0, 0.1, rows.shape).astype(np.float32)
    rows[3] = np.nan
    found = gradients(np.split(rows, [70]), codes, ["x", "y", "z"])
    assert found.values[0, 1] == pytest.approx(np.sqrt(0.5), abs=0.05)
    assert abs(found.values[0, 2]) < 0.1 and found.items[0].tolist() == [49, 49, 49]


def test_transfer_is_the_share_of_what_training_on_the_task_gains() -> None:
    before, after = np.array([2.0, 3.0, 1.0]), np.array([[1.0, 2.5, 1.0], [2.5, 2.0, 1.0], [2.0, 3.0, 1.2]])
    found = transfer(["x", "y", "z"], before, after)
    assert found.values[:, :2].tolist() == [[1.0, 0.5], [-0.5, 1.0], [0.0, 0.0]]
    assert np.isnan(found.values[:, 2]).all()  # training on z did it harm
    assert found.symmetric()[0, 1] == 0.0 and found.symmetric()[0, 2] == 0.0


def test_planted_groups_are_found_at_their_threshold() -> None:
    found = tree(planted(), 0.5)
    assert [set(group) for group in found.groups] == [set(TASKS[:2]), set(TASKS[2:4]), {TASKS[4]}]
    assert len(found.redundant) == 2 and set(found.stays) | set(found.redundant) == set(TASKS)
    strict = tree(planted(), 0.8)
    assert len(strict.redundant) == 1 and strict.redundant[0] in TASKS[:2]
    neighbours = [TASKS[place][0] for place in found.order]
    assert "".join(neighbours).replace("c", "") in ("aabb", "bbaa")
    assert len(found.branches) == len(TASKS) - 1


def test_one_page_shows_each_matrix() -> None:
    html = page("demo", [Likeness("Answers", "How.", planted())], 0.5).html()
    assert html.count("<rect") >= len(TASKS) ** 2 and "<polyline" in html
    assert html.count("stroke-dasharray") == 1, "where the tree is cut"
    assert "a/one, a/two: +0." in html and "not known" in html and "it stands for" in html
    closest = pairs(planted())[0]
    assert closest[:2] == TASKS[:2] and closest[3] == 400
    assert plain({"answers": planted()}, 0.5)["answers"]["values"][0][4] is None  # type: ignore[index]


@given(st.floats(-3, 3))
def test_colours_are_those_of_the_scale(value: float) -> None:
    assert len(colour(value)) == 7 and colour(9) == colour(1)
    drawing = heat_map(["x"], [[float("nan")]], label="one")
    assert drawing.svg.count("stroke=") == 1 and drawing.numbers.rows == [["x", ""]]


def test_removal_by_likeness_meets_as_many_at_random() -> None:
    redundant = tree(planted(), 0.5).redundant
    runs = list(removals(TASKS, redundant, (0, 1, 2)))
    assert [name for name, _, _ in runs] == [ALL, WITHOUT, AT_RANDOM] * 3
    sizes = {
        name: {len(run.get("stage1.tasks", TASKS)) for n, _, run in runs if n == name} for name, _, _ in runs
    }
    assert sizes == {ALL: {5}, WITHOUT: {3}, AT_RANDOM: {3}}
    assert all("stage1.tasks" not in run for name, _, run in runs if name == ALL), "as the recipe has it"
    drawn = {tuple(run["stage1.tasks"]) for name, _, run in runs if name == AT_RANDOM}
    assert len(drawn) > 1 and set(at_random(TASKS, 1, 0)) < set(at_random(TASKS, 2, 0))
    with pytest.raises(ValueError, match="0 of 5 tasks are redundant"):
        list(removals(TASKS, (), (0,)))


def test_the_study_tells_removal_by_likeness_from_chance() -> None:
    drawn = np.random.default_rng(1)

    def run(level: float) -> dict[str, float]:
        return {str(n): float(right) for n, right in enumerate(drawn.random(500) < level)}

    found = joint(
        {AT_RANDOM: [run(0.6) for _ in range(3)], WITHOUT: [run(0.75) for _ in range(3)]}, AT_RANDOM
    )
    assert found.comparisons[WITHOUT].verdict(found.corrected[WITHOUT]) == "better"
