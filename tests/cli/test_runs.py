"""``vf-ray runs``: what a store holds, who made it, what it cost, and whether it is still whole."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.plan.recorded import recorded
from vf_ray.artifacts import Spec, Writer, build
from vf_ray.cli import app
from vf_ray.plan.plan import Plan
from vf_ray.store import Store

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def ran(local_store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return a store in which two runs of a recipe began, and one artifact is finished."""
    from vf_ray.recipe.load import load_recipe

    monkeypatch.setenv("VF_RAY_STORE", local_store.url)
    first = Plan.of(load_recipe("demo"), local_store)
    recorded(local_store, first, "one")
    second = Plan.of(load_recipe("demo", {"stage1.lr": 5e-4}), local_store)
    recorded(local_store, second, "two")
    build(local_store, second.outputs("fetch")[0], lambda writer: {"files": 0})
    return local_store


def test_runs_list_counts_what_is_finished(run: Run, ran: Store) -> None:
    found = json.loads(run("runs", "list", "--json").stdout)
    assert {r["id"]: sum(r["finished"].values()) for r in found} == {"one": 1, "two": 1}
    assert "two" in run("runs", "list").stdout
    assert json.loads(run("runs", "list", "--recipe", "other", "--json").stdout) == []


def test_runs_show_and_drift_name_keys(run: Run, ran: Store) -> None:
    shown = json.loads(run("runs", "show", "two", "--json").stdout)
    assert shown["config"]["stage1"]["lr"] == 5e-4
    assert json.loads(run("runs", "show", "tw", "--json").stdout) == shown
    drift = json.loads(run("runs", "drift", "two", "--json").stdout)
    assert drift == ["stage1.lr: 0.0015 -> 0.0005"]


def test_runs_show_tells_an_artifacts_lineage(run: Run, ran: Store) -> None:
    raw = Spec(kind="raw", name="x", config={})
    made = Spec(kind="images", name="x", config={}, inputs={"raw": raw.address})
    for spec in (raw, made):
        build(ran, spec, lambda writer: {})
    shown = run("runs", "show", made.address).stdout
    assert f"raw from {raw.address}" in shown


def test_runs_cost_counts_what_was_made_side_by_side_once(run: Run, ran: Store) -> None:
    found = json.loads(run("runs", "cost", "one", "--price", "2", "--json").stdout)
    (fetched,) = found
    assert fetched["step"] == "fetch" and fetched["attempts"] == 1 and fetched["price"] == 0
    assert "GPU hours, 0.00 at 2.00 an hour" in run("runs", "cost", "--price", "2").stderr


def test_runs_verify_names_what_was_altered(run: Run, ran: Store) -> None:
    def make(writer: Writer) -> dict[str, Any]:
        writer.commit("data", b"as it was")
        return {}

    made = build(ran, Spec(kind="raw", name="y", config={}), make)
    assert "1 artifacts are what was published" in run("runs", "verify", made.address).stdout
    ran.rewrite(made.path("data"), b"as it is.")
    told = run("runs", "verify", made.address, "--json")
    assert told.exit_code == 1
    (problem,) = json.loads(told.stdout)
    assert problem.startswith(f"{ran.at(made.path('data'))}: altered since it was published")


def test_runs_prune_says_what_would_go(run: Run, ran: Store) -> None:
    orphan = Spec(kind="raw", name="orphan", config={})
    build(ran, orphan, lambda writer: {})
    would = json.loads(run("runs", "prune", "--dry-run", "--json").stdout)
    assert [removal["path"] for removal in would] == [orphan.address]
    assert ran.exists(f"{orphan.address}/COMPLETE")
    run("runs", "prune")
    assert not ran.exists(f"{orphan.address}/COMPLETE")


def test_runs_verify_never_passes_what_is_not_there(run: Run, ran: Store) -> None:
    told = run("runs", "verify", "stage1/demo/0123456789ab")
    assert told.exit_code == 1 and "is not finished" in told.stderr
    assert "artifacts are not finished" in run("runs", "verify", "two").stderr
