"""The plan: addresses follow from what changes bytes, and from nothing else."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vf_ray.artifacts import Spec
from vf_ray.plan.plan import STEPS, Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store
from vf_ray.tasks import declared, source_of, sources

OVERRIDES = {
    "stage2.lr": ("stage2", "evaluate", "report"),
    "stage1.lr": ("stage1", "stage2", "evaluate", "report"),
    "base.layers": ("base", "align", "stage1", "stage2", "evaluate", "report"),
    "prepare.cap": ("prepare", "base", "align", "stage1", "stage2", "evaluate", "report"),
    "prepare.held_out": ("fetch", "prepare", "base", "align", "stage1", "stage2", "evaluate", "report"),
    "evaluate.per_task": ("evaluate", "report"),
    "resources.workers": (),
    "stage1.save_every": (),
    "stage1.micro_tokens": (),
    "evaluate.batch": (),
}
"""What each key rebuilds."""
VALUES = {"lr": 3e-4, "layers": 5, "cap": 11, "held_out": 0.4, "per_task": 7, "workers": 3}


def plan(store: Store, **overrides: object) -> Plan:
    return Plan.of(load_recipe("smoke", overrides), store)


@pytest.mark.parametrize("key", OVERRIDES)
def test_a_key_rebuilds_what_depends_on_it(local_store: Store, key: str) -> None:
    value = VALUES.get(key.rpartition(".")[2], 9)
    before, after = plan(local_store), plan(local_store, **{key: value})
    changed = tuple(s for s in STEPS if before.addresses(s) != after.addresses(s))
    assert changed == OVERRIDES[key]


def test_the_plan_does_not_know_where_the_store_is(local_store: Store, tmp_path: Path) -> None:
    elsewhere = Store.open(str(tmp_path / "elsewhere"))
    assert [plan(local_store).addresses(s) for s in STEPS] == [plan(elsewhere).addresses(s) for s in STEPS]


def test_a_stage_trains_only_on_what_is_prepared(local_store: Store) -> None:
    with pytest.raises(ValueError, match=r"stage1\.tasks wants .* which prepare\.tasks does not name"):
        plan(local_store, **{"prepare.tasks": ["demo_digits/*"], "stage2": None}).addresses("stage1")


def test_without_a_stage_its_step_is_gone(local_store: Store) -> None:
    assert "stage2" not in plan(local_store, stage2=None).steps


def test_a_plan_is_plain_data(local_store: Store) -> None:
    for step in STEPS:
        for spec in plan(local_store).outputs(step):
            assert Spec(**json.loads(json.dumps(spec.plain()))).address == spec.address


def test_a_task_that_is_worded_anew_is_prepared_anew(
    local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {task: spec.address for task, spec in plan(local_store).instances.items()}
    first = min(before)
    source = source_of(first)
    said = [replace(t, instruction="Say it otherwise.") if t.id == first else t for t in source.tasks]
    worded = replace(declared(), sources={**sources(), source.name: replace(source, tasks=said)})
    monkeypatch.setattr("vf_ray.plan.plan.declared", lambda: worded)
    after = {task: spec.address for task, spec in plan(local_store).instances.items()}
    changed = {task for task in before if before[task] != after[task]}
    assert changed == {task for task in before if source_of(task) is source_of(first)}


def fetching(store: Store, raw: str = "") -> Plan:
    """Plan two real sources: OK-VQA's own files are public, as are its pictures; KVQA's are not."""
    tasks = {name: ["okvqa/answer", "kvqa/answer"] for name in ("prepare.tasks", "stage1.tasks")}
    return plan(store, **tasks, stage2=None, align=None, **{"prepare.raw": raw, "prepare.fetch": True})


def test_what_the_user_lacks_is_fetched(local_store: Store, tmp_path: Path) -> None:
    alone = fetching(local_store)
    assert alone.steps[0] == "fetch"
    assert [spec.name for spec in alone.outputs("fetch")] == ["coco2014", "kvqa", "okvqa"]
    (tmp_path / "coco2014.zip").write_bytes(b"zip")
    (tmp_path / "kvqa").mkdir()
    (tmp_path / "kvqa" / "dataset.json").write_bytes(b"{}")
    beside = fetching(local_store, str(tmp_path))
    assert [spec.name for spec in beside.outputs("fetch")] == ["okvqa"]
    assert beside.raw_files.public["okvqa"] == alone.raw_files.public["okvqa"]
    inputs = beside.images["okvqa"].inputs
    assert inputs["okvqa"] == beside.raw_files.public["okvqa"][1].address
    assert inputs["coco2014"].startswith("listing:")


def test_a_new_archive_rebuilds_only_its_sources(local_store: Store, tmp_path: Path) -> None:
    (tmp_path / "coco2014.zip").write_bytes(b"zip")
    before = fetching(local_store, str(tmp_path))
    (tmp_path / "kvqa.zip").write_bytes(b"zip")
    after = fetching(local_store, str(tmp_path))
    changed = [name for name in before.images if before.images[name] != after.images[name]]
    assert changed == ["kvqa"]


def test_the_source_of_most_bytes_begins_first_and_no_address_knows(
    local_store: Store, tmp_path: Path
) -> None:
    for name, size in {"coco2014.zip": 3, "kvqa/images.zip": 5, "okvqa/questions.json": 9}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    planned = fetching(local_store, str(tmp_path))
    assert planned.sizes == {"coco2014": 3, "kvqa": 5, "okvqa": 9}
    assert list(planned.largest_first) == ["okvqa", "kvqa"]
    assert Plan.handed(planned.to_hand()).largest_first == planned.largest_first
    other = replace(planned, sizes={"kvqa": 50})
    assert list(other.largest_first) == ["kvqa", "okvqa"] and other.images == planned.images


def test_an_empty_raw_folder_is_refused_unless_all_is_fetched(local_store: Store, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no raw files below .* which prepare.raw names"):
        plan(local_store, **{"prepare.raw": str(tmp_path)})
    assert len(fetching(local_store, str(tmp_path)).raw_files.public) == 3


def staged(store: Store, prepared: list[str], *wanted: str, **more: Any) -> tuple[str, ...]:
    overrides = {"prepare.tasks": prepared, "stage1.tasks": list(wanted), **more}
    return Plan.of(load_recipe("smoke", {**overrides, "align": None, "stage2": None}), store).stage_tasks(
        "stage1"
    )


def test_a_stages_pattern_is_of_the_prepared_tasks(local_store: Store) -> None:
    prepared = ["demo_digits/*", "demo_colours/main_colour"]
    every = staged(local_store, prepared, "*")
    assert set(every) == {*staged(local_store, prepared, "demo_digits/*"), "demo_colours/main_colour"}
    assert staged(local_store, prepared, "demo_colours/*") == ("demo_colours/main_colour",)
    with pytest.raises(
        ValueError, match=r"stage1\.tasks wants demo_photos/talk, which prepare\.tasks does not"
    ):
        staged(local_store, prepared, "*", "demo_photos/talk")
    with pytest.raises(ValueError, match=r"wants coco\S*, \S+, \S+ and \d+ more, which prepare\.tasks"):
        staged(local_store, prepared, "coco*")


def test_of_the_papers_tasks_none_may_be_missing(local_store: Store) -> None:
    assert len(staged(local_store, ["@paper/20"], "@paper/10")) == 10
    with pytest.raises(ValueError, match=r"and 7 more, which prepare\.tasks does not name"):
        staged(local_store, ["@paper/10"], "@paper/20")
    licensed = {"prepare.licensed_for": "training"}
    fewer = staged(local_store, ["@paper/20"], "@paper/20", **licensed)
    assert 0 < len(fewer) < 20


def test_a_plan_that_is_handed_over_has_its_addresses_and_looks_at_no_folder(
    local_store: Store, tmp_path: Path
) -> None:
    for name in ("raw/dtd/a.jpg", "data/pope/b.json"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(b"1")
    folders = {"prepare.raw": str(tmp_path / "raw"), "evaluate.data": str(tmp_path / "data")}
    one = {"prepare.tasks": ["dtd/texture"], "stage1.tasks": ["dtd/texture"], "align": None, "stage2": None}
    made = plan(local_store, **folders, **one, **{"evaluate.benchmarks": ["pope", "tasks"]})
    handed = json.loads(json.dumps(made.to_hand()))
    for name in ("raw/dtd/a.jpg", "data/pope/b.json"):
        (tmp_path / name).unlink()
    again = Plan.handed(handed)
    assert [again.addresses(step) for step in again.steps] == [made.addresses(step) for step in made.steps]


def test_a_ceiling_of_the_recipe_moves_only_what_it_is_for(local_store: Store) -> None:
    before = plan(local_store)
    after = plan(local_store, **{"prepare.ceilings": {"demo_digits/*": 0.3, "demo_digits/odd_even": 0.5}})
    assert after.data.ceilings["demo_digits/odd_even"] == 0.5
    moved = {name for name, spec in after.images.items() if spec != before.images[name]}
    assert moved == {"demo_digits"}
    tasks = {name for name, spec in after.instances.items() if spec.address != before.instances[name].address}
    assert (
        tasks == {task for task in after.tasks if task.startswith("demo_digits/")} == set(after.data.ceilings)
    )
    with pytest.raises(ValueError, match="no task"):
        _ = plan(local_store, **{"prepare.ceilings": {"nosuch/*": 0.3}}).data.ceilings
    with pytest.raises(ValueError, match=r"prepare\.ceilings\.\* is 5\.0; it is a share"):
        plan(local_store, **{"prepare.ceilings": {"*": 5}})


def test_a_stage_that_selects_makes_its_keep_list_first(local_store: Store) -> None:
    before = plan(local_store)
    after = plan(
        local_store, **{"stage1.select": {"method": "icons", "share": 0.2, "targets": ["demo_digits/*"]}}
    )
    pool, keep, mixture, tuned = after.outputs("stage1")
    assert pool == before.mixture("stage1")  # what may be taken is what an unselected stage takes
    assert keep.inputs["mixture"] == pool.address and keep.inputs["model"] == after.tuned("align").address
    assert mixture.inputs == {**pool.inputs, "keep": keep.address}
    assert tuned.inputs["mixture"] == mixture.address
    other = plan(local_store, **{"stage1.select": {"method": "list", "keep": keep.address}})
    assert [spec.address for spec in other.outputs("stage1")] == [mixture.address, tuned.address]
    random = plan(local_store, **{"stage1.select": {"method": "random", "share": 0.2}})
    assert random.outputs("stage1")[1].inputs == {"mixture": pool.address}
    with pytest.raises(ValueError, match=r"stage1\.select\.targets wants"):
        plan(local_store, **{"stage1.select": {"method": "icons", "targets": ["okvqa/*"]}}).outputs("stage1")


def test_what_a_selection_cannot_do_is_refused_before_it_starts(local_store: Store) -> None:
    for values, words in (
        ({"method": "icon"}, "did you mean 'icons'"),
        ({"method": "random", "share": 1.2}, r"stage1\.select: select\.share is 1\.2"),
        ({"method": "list"}, "list names a keep-list"),
        ({"method": "random", "keep": "select/stage1/0123456789ab"}, "no other method does"),
    ):
        with pytest.raises(ValueError, match=words):
            plan(local_store, **{"stage1.select": values})


def test_a_selection_is_among_what_weights_and_replay_start_from(local_store: Store) -> None:
    select = {"stage1.select": {"method": "random", "share": 0.2}}
    weighed = {"stage1.weights": {"demo_digits/*": 2.0}, "stage1.replay": {"align": 0.1}}
    both, selecting = plan(local_store, **select, **weighed), plan(local_store, **select)
    assert both.outputs("stage1")[:2] == selecting.outputs("stage1")[:2]  # one keep-list for all weights
    mixture = both.mixture("stage1")
    assert mixture.config["weights"] == {"demo_digits/*": 2.0}
    assert {"keep", "replay align"} <= mixture.inputs.keys()
