"""What a run would do, told before anything starts."""

import subprocess
import sys

import pytest

from flows.visionflan import choose, visionflan
from vf_ray.artifacts import build
from vf_ray.plan.plan import Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store


@pytest.fixture
def smoke(local_store: Store, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setenv("VF_RAY_STORE", local_store.url)
    return Plan.of(load_recipe("smoke"), local_store)


def test_a_dry_run_says_what_would_be_built_and_builds_nothing(
    smoke: Plan, local_store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    for spec in smoke.outputs("fetch"):
        build(local_store, spec, lambda writer: {})
    before = local_store.list("")
    visionflan.fn("smoke", dry_run=True)
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[1:3] for line in said if line.startswith("fetch ")] == [["up", "to"]]
    would = {line.split()[-1] for line in said if "would build" in line}
    assert would == {spec.address for step in smoke.steps[1:] for spec in smoke.outputs(step)}
    assert local_store.list("") == before


def test_a_step_without_its_inputs_names_the_command_that_builds_them(
    smoke: Plan, local_store: Store
) -> None:
    with pytest.raises(ValueError, match=r"'stage2' needs fetch, prepare.*run visionflan/fetch --param"):
        choose(smoke, local_store, "stage2", "require", False)
    assert choose(smoke, local_store, "stage1", "build", True) == smoke.steps


def test_an_unknown_step_names_its_neighbour(smoke: Plan, local_store: Store) -> None:
    with pytest.raises(ValueError, match="no step is named 'stage3'; did you mean 'stage"):
        choose(smoke, local_store, "stage3", "require", False)


@pytest.mark.parametrize("command", [("flows", "smoke"), ("flows.study", "table3")])
def test_a_wrong_key_is_told_in_one_line_before_anything_starts(command: tuple[str, str]) -> None:
    module, name = command
    ran = subprocess.run(
        [sys.executable, "-m", module, name, "--set", "stage1.lrr=3"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("error: ") and ran.stderr.count("\n") == 1
    assert ran.stderr.endswith("unknown key stage1.lrr = 3; did you mean 'lr' or 'lora'?\n")
