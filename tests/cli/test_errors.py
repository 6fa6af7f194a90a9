"""How a verb ends: one line for what a person can mend, a traceback for what they cannot."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.test_errors import BUGS
from vf_ray.cli import app
from vf_ray.errors import DEBUG, OURS, UserError


@pytest.fixture(autouse=True)
def a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VF_RAY_STORE", str(tmp_path))


def failing(error: Exception) -> Callable[..., object]:
    def fail(*_: object) -> object:
        error.add_note("in the house of runs")
        raise error

    return fail


@pytest.mark.parametrize("kind", BUGS)
def test_a_fault_of_ours_keeps_its_traceback(kind: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vf_ray.plan.run_records.listed", failing(kind("ours")))
    ended = CliRunner().invoke(app, ["runs", "list"])
    assert type(ended.exception) is kind
    assert ended.exception.__notes__ == ["in the house of runs", OURS]


def test_what_can_be_mended_is_one_line_with_its_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vf_ray.plan.run_records.listed", failing(UserError("no [such] store; name another")))
    ended = CliRunner().invoke(app, ["runs", "list"])
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr == "error: no [such] store; name another\nin the house of runs\n"


@pytest.mark.parametrize(
    ("error", "said", "unsaid"),
    [
        ("ValueError('a bug')", ["Traceback", "ValueError: a bug", "a note", OURS], []),
        ("UserError('yours')", ["error: yours", "a note"], ["Traceback", OURS]),
    ],
)
def test_a_shell_sees_it(error: str, said: list[str], unsaid: list[str]) -> None:
    code = (
        "import vf_ray.plan.run_records\nfrom vf_ray.cli import app\nfrom vf_ray.errors import UserError\n"
        f"def fail(store):\n  error = {error}; error.add_note('a note'); raise error\n"
        "vf_ray.plan.run_records.listed = fail\napp(['runs', 'list'])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert all(words in ran.stderr for words in said), ran.stderr
    assert not any(words in ran.stderr for words in unsaid), ran.stderr


def test_debug_shows_the_traceback_of_what_can_be_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEBUG, "")  # so that what the verb sets is taken back
    monkeypatch.setattr("vf_ray.plan.run_records.listed", failing(UserError("yours")))
    assert isinstance(CliRunner().invoke(app, ["--debug", "runs", "list"]).exception, UserError)


def test_it_says_its_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout.startswith("vf-ray 0.")
