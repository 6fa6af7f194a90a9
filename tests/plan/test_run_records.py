"""Run records: created once, compared key by key; and what pruning takes and leaves."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.plan.recorded import changed, recorded
from vf_ray.artifacts import Artifact, Spec, Writer, build, find, lease
from vf_ray.artifacts import prune as pruning
from vf_ray.errors import UserError
from vf_ray.plan import run_records
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe
from vf_ray.store import Store

STAGE = {"tasks": ["demo_digits/odd_even"], "lr": 1e-3, "batch": 8, "steps": 2}
SMALL = {"name": "small", "prepare": {"tasks": ["demo_digits/odd_even"]}, "base": {}, "stage1": STAGE}


def plan(store: Store, overrides: Mapping[str, Any] = {}) -> Plan:
    return Plan.of(Recipe.from_mapping(SMALL, overrides), store)


def test_a_record_says_who_ran_what(store: Store) -> None:
    planned = plan(store)
    record = run_records.show(store, recorded(store, planned))
    assert record.recipe == "small"
    assert record.who.count("@") == 1
    assert record.libraries["ray"].startswith("2.")
    assert record.versions == {step: tuple(planned.addresses(step)) for step in planned.steps}
    assert record.config == json.loads(json.dumps(record.config))
    assert record.config["stage1"]["lr"] == 1e-3


def test_a_record_is_created_once(store: Store) -> None:
    assert recorded(store, plan(store), "the-run") == "the-run"
    assert recorded(store, plan(store), "the-run") == "the-run"
    other = plan(store, {"stage1.lr": 0.5})
    assert [recorded(store, other, "the-run") for _ in range(2)] == ["the-run-2"] * 2
    assert run_records.show(store, "the-run").config["stage1"]["lr"] == 1e-3
    assert run_records.show(store, "the-run-2").id == "the-run-2"
    assert run_records.show(store, "the-run-2").versions["stage1"] == tuple(other.addresses("stage1"))


def test_what_is_no_record_is_passed_over_and_named(
    local_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    sound = recorded(local_store, plan(local_store))
    local_store.create("runs/.DS_Store", b"\0")
    local_store.create("runs/notes/mine.json", b"{}")
    assert [run.id for run in run_records.listed(local_store)] == [sound]
    local_store.create("runs/broken.json", b"{}")
    local_store.create("runs/cut.json", b"{")
    assert [run.id for run in run_records.listed(local_store)] == [sound]
    assert "runs/broken.json is no record of a run (run lacks the key id, when" in caplog.text
    with pytest.raises(UserError, match=r"runs/cut\.json: not JSON .* take it away"):
        run_records.show(local_store, "cut")
    with pytest.raises(UserError, match=r"runs/(broken|cut)\.json"):  # nobody can tell what they name
        run_records.prune(local_store, dry_run=True)


def test_a_record_of_another_version_of_ours_is_read(local_store: Store) -> None:
    recorded(local_store, plan(local_store), "new")
    values = local_store.read_json("runs/new.json")
    older = {key: value for key, value in values.items() if key not in ("who", "commit", "libraries")}
    local_store.create("runs/old.json", json.dumps({**older, "id": "old", "mood": "good"}).encode())
    assert run_records.show(local_store, "old").versions == run_records.show(local_store, "new").versions


def test_runs_are_listed_newest_first(local_store: Store) -> None:
    made = [recorded(local_store, plan(local_store)) for _ in range(3)]
    assert len(set(made)) == 3
    listed = run_records.listed(local_store)
    assert {run.id for run in listed} == set(made)
    assert [run.when for run in listed] == sorted((run.when for run in listed), reverse=True)


def test_an_unknown_run_names_its_neighbours(local_store: Store) -> None:
    recorded(local_store, plan(local_store), "tuesday-morning")
    with pytest.raises(ValueError, match=r"no run 'tuesday-evening'; did you mean 'tuesday-morning'"):
        run_records.show(local_store, "tuesday-evening")


def test_changes_are_told_by_key(local_store: Store) -> None:
    assert changed(local_store, plan(local_store)) == []
    recorded(local_store, plan(local_store), "1")
    assert changed(local_store, plan(local_store)) == []
    assert changed(local_store, plan(local_store, {"resources.workers": 2})) == []
    tasks = ["demo_digits/odd_even", "demo_digits/above_four"]
    other = plan(local_store, {"stage1.lr": 2e-3, "prepare.tasks": tasks, "align": STAGE})
    lines = changed(local_store, other)
    assert "stage1.lr: 0.001 -> 0.002" in lines
    assert "prepare.tasks: +demo_digits/above_four" in lines
    assert any(line.startswith("align.lr: None -> ") for line in lines)


def test_another_recipe_is_no_predecessor(local_store: Store) -> None:
    recorded(local_store, plan(local_store, {"stage1.lr": 0.5}), "1")
    assert changed(local_store, plan(local_store, {"name": "other"})) == []


def test_drift_compares_with_the_run_before(local_store: Store) -> None:
    for number, lr in enumerate((0.1, 0.2, 0.2)):
        recorded(local_store, plan(local_store, {"stage1.lr": lr}), f"run-{number}")
    assert run_records.drift(local_store, "run-0") == []
    assert run_records.drift(local_store, "run-1") == ["stage1.lr: 0.1 -> 0.2"]
    assert run_records.drift(local_store, "run-2") == []


# Pruning


def write(writer: Writer) -> Mapping[str, Any]:
    writer.commit("data.bin", writer.address.encode())
    return {}


@pytest.fixture
def named(store: Store) -> Artifact:
    """Return a finished artifact that a run record names."""
    planned = plan(store)
    recorded(store, planned)
    return build(store, planned.base, write)


OTHER = Spec(kind="base", name="other", config={})


def removed(store: Store, *, dry_run: bool = False, stale_s: float = 0.3) -> dict[str, str]:
    return {r.path: r.why for r in run_records.prune(store, dry_run=dry_run, stale_s=stale_s)}


def test_pruning_leaves_what_a_run_names(store: Store, named: Artifact) -> None:
    before = store.list("")
    assert removed(store) == {}
    assert store.list("") == before


def test_pruning_takes_versions_that_no_run_names(store: Store, named: Artifact) -> None:
    before = store.list("")
    other = build(store, OTHER, write)
    with_other = store.list("")
    assert removed(store, dry_run=True) == {other.address: "no run names this version"}
    assert store.list("") == with_other
    assert removed(store) == {other.address: "no run names this version"}
    assert store.list("") == before
    assert not [*named.problems()]
    assert not [*build(store, OTHER, write).problems()]


def test_pruning_looks_again_for_runs_that_began_meanwhile(
    store: Store, named: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = plan(store, {"seed": 5})
    made, before = build(store, later.base, write), pruning.removals

    def watched(*asked: Any, **more: Any) -> Any:
        found = before(*asked, **more)
        recorded(store, later)
        return found

    monkeypatch.setattr(pruning, "removals", watched)
    assert removed(store) == {}
    assert not [*made.problems()]


def test_pruning_takes_what_dead_attempts_left(store: Store, named: Artifact) -> None:
    leftover = f"{named.address}/attempt-7/half.bin"
    store.create(leftover, b"12345")
    (removal,) = run_records.prune(store, dry_run=True)
    assert (removal.path, removal.files, removal.size_bytes) == (
        f"{named.address}/attempt-7", ("attempt-7/half.bin",), 5,
    )  # fmt: skip
    assert removed(store) == {f"{named.address}/attempt-7": "left by a dead attempt"}
    assert not store.exists(leftover)
    assert not [*named.problems()]


def test_pruning_an_unfinished_version_keeps_its_finished_files(store: Store) -> None:
    planned = plan(store)
    recorded(store, planned)

    def fail(writer: Writer) -> Mapping[str, Any]:
        write(writer)
        store.create(writer.path("unrecorded.bin", writer.attempt), b"1")
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        build(store, planned.base, fail)
    assert removed(store) == {f"{planned.base.address}/attempt-1": "left by a dead attempt"}
    assert build(store, planned.base, write).path("data.bin").endswith("attempt-1/data.bin")


def test_pruning_keeps_what_was_built_within_a_named_build(store: Store) -> None:
    planned = plan(store)
    recorded(store, planned)

    def make(writer: Writer) -> Mapping[str, Any]:
        build(store, OTHER, write)
        assert removed(store) == {}
        return {}

    build(store, planned.base, make)
    alone = build(store, Spec(kind="base", name="alone", config={}), write)
    assert list(removed(store)) == [alone.address]
    assert find(store, OTHER) is not None


@pytest.mark.chain  # watches for seconds, lest a busy machine look like a dead owner
def test_pruning_never_takes_what_is_being_built(store: Store) -> None:
    def make(writer: Writer) -> Mapping[str, Any]:
        write(writer)
        assert removed(store, stale_s=4) == {}
        return {}

    build(store, OTHER, make, stale_s=2)
    assert find(store, OTHER) is not None


def test_pruning_takes_what_a_silent_owner_elsewhere_held(store: Store) -> None:
    elsewhere = {**lease._myself(), "machine": "elsewhere"}
    store.create(f"{OTHER.address}/lease/1", json.dumps(elsewhere).encode())
    store.create(f"{OTHER.address}/attempt-1/x", b"1")
    assert removed(store) == {OTHER.address: "no run names this version"}
    assert store.list("") == []
