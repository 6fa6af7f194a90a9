"""The catalogue against the checked-in list of the tasks Vision-Flan is known to have."""

import csv
from importlib import resources

import pytest

from vf_ray.tasks import catalogue, matching, sources

with (resources.files("vf_ray.tasks") / "upstream.csv").open(encoding="utf-8") as _file:
    UPSTREAM = {row["upstream"]: row for row in csv.DictReader(_file)}
OURS = {
    task.upstream: task for task in catalogue().values() if task.upstream and not task.id.startswith("demo_")
}
FINISHED = ("llava_instruct", "llava_json", "llava_pretrain", "vision_flan_191")
"""Sources whose records are conversations already."""


def test_the_list_is_whole() -> None:
    assert len(UPSTREAM) == 219
    assert sum(row["in_paper"] == "yes" for row in UPSTREAM.values()) == 188


def test_every_listed_task_is_declared_once() -> None:
    declared = [t.upstream for t in catalogue().values() if t.upstream]
    assert len(set(declared)) == len(declared)
    assert set(OURS) == set(UPSTREAM)


@pytest.mark.parametrize("upstream", sorted(OURS))
def test_group_category_and_evidence_follow_the_list(upstream: str) -> None:
    task, row = OURS[upstream], UPSTREAM[upstream]
    assert (task.group, task.category) == (row["group"], row["category"])
    if row["in_paper"] == "no":
        assert "category" in task.evidence, "the category is ours: say so"
    if row["id_from"] == "none":
        assert "id is ours" in task.evidence
    if row["id_from"] == "MixLoRA":
        assert "MixLoRA" in task.evidence


def test_published_files_are_no_rebuilt_tasks() -> None:
    made = [task for name in FINISHED for task in sources()[name].tasks]
    assert not any(task.upstream or task.instruction for task in made)
    on_site = {name for name, row in UPSTREAM.items() if row["id_from"] == "site"}
    assert {
        task.id.removeprefix("vision_flan_191/") for task in sources()["vision_flan_191"].tasks
    } == on_site


def test_words_are_our_own_and_differ() -> None:
    tasks = [task for source in sources().values() if source.name not in FINISHED for task in source.tasks]
    instructions = [task.instruction for task in tasks if not task.id.startswith("demo_")]
    assert all(20 < len(text) < 600 and text == text.strip() for text in instructions)
    assert len(set(instructions)) == len(instructions)


def test_the_papers_tasks_have_a_name_and_so_have_some_of_them() -> None:
    assert len(matching(["@paper"])) == 188
    ten, twenty = set(matching(["@paper/10"])), set(matching(["@paper/20"]))
    assert (len(ten), len(twenty)) == (10, 20) and ten < twenty < set(matching(["@paper"]))
    with pytest.raises(ValueError, match=r"'@paper/500'; write @paper, or @paper/1 to @paper/188"):
        matching(["@paper/500"])
