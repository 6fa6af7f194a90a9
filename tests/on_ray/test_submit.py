"""A step that is sent to a cluster is the one that was asked for, and trouble on the way does not stop it."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ray.job_submission import JobStatus

from vf_ray.errors import UserError
from vf_ray.on_ray import submit as module
from vf_ray.on_ray.job import digest, refuse_other_files, refuse_other_plan
from vf_ray.on_ray.submit import SilentError, submit
from vf_ray.plan.plan import Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store


class Dashboard:
    """A cluster that answers as it is told, and notes what it is asked."""

    def __init__(self, answers: Iterator[JobStatus | Exception]) -> None:
        self.answers, self.stopped, self.entrypoint = answers, list[str](), ""
        self.resources: dict[str, int] | None = None

    def submit_job(
        self,
        entrypoint: str,
        submission_id: str,
        metadata: dict[str, str],
        entrypoint_resources: dict[str, int] | None = None,
    ) -> str:
        self.entrypoint, self.resources = entrypoint, entrypoint_resources
        return submission_id

    def get_job_status(self, job: str) -> JobStatus:
        answer = next(self.answers)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def stop_job(self, job: str) -> None:
        self.stopped.append(job)

    def get_job_logs(self, job: str) -> str:
        return "first line\nlast line"


@pytest.fixture
def plan(local_store: Store, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "http://127.0.0.1:1")
    monkeypatch.setattr(module, "POLL_S", 0.001)
    return Plan.of(load_recipe("smoke"), local_store)


def answering(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> Dashboard:
    made = Dashboard(iter(answers))
    monkeypatch.setattr(module, "_client", lambda address: made)
    return made


@pytest.mark.parametrize(("named", "taken"), [("", None), ("driver", {"driver": 1})])
def test_a_driver_takes_its_share_of_the_head_where_that_is_bounded(
    plan: Plan, local_store: Store, monkeypatch: pytest.MonkeyPatch, named: str, taken: dict[str, int] | None
) -> None:
    monkeypatch.setenv(module.DRIVER, named)
    cluster = answering(monkeypatch, JobStatus.SUCCEEDED)
    submit("fetch", plan, local_store, force=False)
    assert cluster.resources == taken


ONE_TASK = {"prepare.tasks": ["dtd/texture"], "stage1.tasks": ["dtd/texture"], "align": None, "stage2": None}
BUSY, GONE = JobStatus.RUNNING, RuntimeError("Request failed with status code 502")


def test_a_poll_that_fails_stops_no_job(
    plan: Plan, local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = answering(monkeypatch, BUSY, GONE, ConnectionError("refused"), BUSY, GONE, JobStatus.SUCCEEDED)
    assert submit("fetch", plan, local_store, force=False).startswith("smoke-fetch-")
    assert not cluster.stopped


def test_a_cluster_that_stays_silent_is_given_up_and_its_job_left_alone(
    plan: Plan, local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENT_S", 0.02)
    cluster = answering(monkeypatch, BUSY, *[GONE] * 1000)
    with pytest.raises(
        SilentError, match=r"has not answered .* 502\); job smoke-fetch-\w+ was left as it is"
    ):
        submit("fetch", plan, local_store, force=False)
    assert not cluster.stopped


def test_a_cancelled_flow_stops_its_job(
    plan: Plan, local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = answering(monkeypatch, BUSY, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        submit("fetch", plan, local_store, force=False)
    assert len(cluster.stopped) == 1


def test_a_failed_job_tells_its_last_lines_and_where_its_logs_are(
    plan: Plan, local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, JobStatus.FAILED)
    with pytest.raises(
        UserError, match=r"ended as FAILED; .*/logs/smoke-fetch-\w+; .*\nfirst line\nlast line"
    ):
        submit("fetch", plan, local_store, force=False)


def test_a_job_refuses_to_make_what_nobody_looks_for(
    plan: Plan, local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = answering(monkeypatch, JobStatus.SUCCEEDED)
    submit("stage1", plan, local_store, force=False)
    expected = digest(plan.addresses("stage1"))
    words = shlex.split(cluster.entrypoint)
    assert words[words.index("--digest") + 1] == expected
    handed = Plan.handed(json.loads(words[words.index("--plan") + 1]))
    refuse_other_plan("stage1", handed, expected)
    other = Plan.of(load_recipe("smoke", {"seed": 1}), local_store)
    with pytest.raises(UserError, match=r"'stage1' of recipe 'smoke' is another one on this cluster"):
        refuse_other_plan("stage1", other, expected)


def test_a_job_refuses_a_folder_that_holds_other_files(local_store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    (folder / "dtd").mkdir(parents=True)
    (folder / "dtd" / "a.jpg").write_bytes(b"1")
    plan = Plan.of(load_recipe("smoke", {"prepare.raw": str(folder), **ONE_TASK}), local_store)
    refuse_other_files("prepare", plan)
    (folder / "dtd" / "a.jpg").write_bytes(b"12")
    with pytest.raises(UserError, match=r"prepare\.raw \(.*raw\) is a relative path or holds other files"):
        refuse_other_files("prepare", plan)
    refuse_other_files("stage1", plan)  # which does not read them
