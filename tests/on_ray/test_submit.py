"""A step that is sent to a cluster is the one that was asked for, and trouble on the way does not stop it."""

import json
import shlex
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.on_ray.fake_dashboard import Answer, FakeDashboard, fake_dashboard
from vf_ray.errors import UserError
from vf_ray.on_ray import submit as module
from vf_ray.on_ray.dashboard import ClusterError, Dashboard, RefusedError
from vf_ray.on_ray.job import digest, refuse_other_files, refuse_other_plan
from vf_ray.on_ray.jobs import GoneError, Jobs, RejectedError
from vf_ray.on_ray.submit import SilentError, submit
from vf_ray.plan.plan import Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store

BUSY: Answer = (200, {"status": "RUNNING", "message": "Job is currently running."})
DONE: Answer = (200, {"status": "SUCCEEDED"})
LOST: Answer = (502, "bad gateway")
BROKEN: Answer = (0, "")
ONE_TASK = {"prepare.tasks": ["dtd/texture"], "stage1.tasks": ["dtd/texture"], "align": None, "stage2": None}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDashboard]:
    with fake_dashboard() as made:
        monkeypatch.setenv("RAY_API_SERVER_ADDRESS", made.address)
        monkeypatch.setenv("RAY_AUTH_TOKEN", "secret\n")
        for name in ("POLL_S", "SAID_S"):
            monkeypatch.setattr(module, name, 0.001)
        yield made


@pytest.fixture
def plan(local_store: Store) -> Plan:
    return Plan.of(load_recipe("smoke"), local_store)


@pytest.fixture
def run(plan: Plan, local_store: Store, cluster: FakeDashboard) -> Callable[[], str]:
    return lambda: submit("fetch", plan, local_store, force=False)


Run = Callable[[], str]


@pytest.mark.parametrize(("named", "taken"), [("", None), ("driver", {"driver": 1})])
def test_a_driver_takes_its_share_of_the_head_where_that_is_bounded(
    run: Run,
    cluster: FakeDashboard,
    monkeypatch: pytest.MonkeyPatch,
    named: str,
    taken: dict[str, int] | None,
) -> None:
    monkeypatch.setenv(module.DRIVER, named)
    run()
    assert cluster.sent[0].get("entrypoint_resources") == taken


def test_a_poll_that_fails_stops_no_job(run: Run, cluster: FakeDashboard) -> None:
    cluster.states = [
        BUSY,
        LOST,
        BROKEN,
        BUSY,
        (500, "Traceback\nGCS is gone"),
        (404, "page not found"),
        (200, "<html>starting</html>"),
        (200, "[1]"),
        DONE,
    ]
    assert run().startswith("smoke-fetch-")
    assert not cluster.stopped
    assert {headers["Authorization"] for headers in cluster.headers} == {"Bearer secret"}


def test_silence_is_said_and_so_is_its_end(
    plan: Plan, local_store: Store, cluster: FakeDashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL_S", 0.01)
    cluster.states, told = [BUSY, *[LOST] * 5, BUSY, *[LOST] * 5, DONE], list[str]()
    submit("fetch", plan, local_store, force=False, tell=told.append)
    assert [line.partition("(")[0][:30] for line in told] == [
        "the cluster has not answered f", "the cluster answers again; job",
    ] * 2  # fmt: skip
    assert "502: bad gateway" in told[0]


def test_a_cluster_that_stays_silent_is_given_up_and_its_job_left_alone(
    run: Run, cluster: FakeDashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENT_S", 0.02)
    cluster.states = [BUSY, LOST]
    with pytest.raises(
        SilentError, match=r"has not answered .* 502: bad.*job smoke-fetch-\w+ was left as it is"
    ):
        run()
    assert not cluster.stopped


def test_a_cluster_that_holds_the_connection_is_silent_too(cluster: FakeDashboard) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as mute:
        jobs = Jobs(Dashboard(f"http://127.0.0.1:{mute.getsockname()[1]}"), timeout_s=0.1)
        with pytest.raises(ClusterError, match="nothing answers at"):
            jobs.find("x")


def test_a_job_that_the_cluster_does_not_know_any_more_has_ended(run: Run, cluster: FakeDashboard) -> None:
    cluster.states = [BUSY, LOST, (404, "Job smoke-fetch-0 does not exist")]
    with pytest.raises(GoneError, match=r"knows no job smoke-fetch-\w+ any more: its head was replaced"):
        run()
    assert not cluster.stopped


def test_another_cluster_at_the_address_is_an_end(run: Run, cluster: FakeDashboard) -> None:
    cluster.states = [BUSY, (401, "unauthorized")]
    with pytest.raises(RefusedError, match="the token is not the cluster's"):
        run()


@pytest.mark.parametrize(
    "trouble", [(500, "No available agent to submit job, please try again later."), BROKEN, LOST]
)
def test_a_submission_is_tried_again_under_its_name(
    run: Run, cluster: FakeDashboard, trouble: Answer
) -> None:
    taken = (500, "Traceback ...\nValueError: Job with submission_id x already exists. Please use another")
    for last in ((200, {}), taken):
        cluster.sent, cluster.submissions, cluster.states = [], [trouble, trouble, last], [DONE]
        name = run()
        assert [sent["submission_id"] for sent in cluster.sent] == [name] * 3


def test_a_submission_that_is_rejected_is_not_repeated(run: Run, cluster: FakeDashboard) -> None:
    cluster.submissions = [(400, "Traceback\nTypeError: entrypoint_num_cpus must be a number")]
    with pytest.raises(RejectedError, match=r"answers 400: TypeError: entrypoint_num_cpus"):
        run()
    assert len(cluster.sent) == 1 and not cluster.stopped


def test_a_cluster_that_never_takes_it_is_an_error_with_its_words(
    run: Run, cluster: FakeDashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SUBMIT_S", 0.5)
    cluster.submissions = [(500, "No available agent")]
    with pytest.raises(ClusterError, match="answers 500: No available agent"):
        run()
    assert len(cluster.sent) > 1 and cluster.stopped, "it may have been taken all the same"


def test_no_cluster_at_all_is_said_at_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "http://127.0.0.1:9")
    with pytest.raises(ClusterError, match=r"nothing answers at http://127.0.0.1:9/api/version .*`make up`"):
        run()


def test_a_job_that_waits_is_said_with_the_reason_and_again_with_another(
    plan: Plan, local_store: Store, cluster: FakeDashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITING_S", 0.0)
    full, pulling = ((200, {"status": "PENDING", "message": text}) for text in ("no CPUs\n left", "pulling"))
    cluster.states, told = [full, full, pulling, pulling, BUSY, DONE], list[str]()
    name = submit("fetch", plan, local_store, force=False, tell=told.append)
    assert told == [f"job {name} has not started yet: {why}" for why in ("no CPUs left", "pulling")]


@pytest.mark.parametrize(
    "stops", [(200, {"stopped": True}), (500, "agent is dead"), BROKEN, (404, "Job x does not exist")]
)
def test_a_cancelled_flow_stops_its_job_and_stays_cancelled(
    plan: Plan, local_store: Store, cluster: FakeDashboard, monkeypatch: pytest.MonkeyPatch, stops: Answer
) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module.time, "sleep", interrupt)
    cluster.states, cluster.stops, told = [BUSY], stops, list[str]()
    with pytest.raises(KeyboardInterrupt):
        submit("fetch", plan, local_store, force=False, tell=told.append)
    assert len(cluster.stopped) == 1
    assert [" could not be stopped and may go on: " in line for line in told] == [True] * (
        stops[0] in (0, 500)
    )


def test_a_failed_job_tells_why_its_last_lines_and_where_its_logs_are(
    run: Run, cluster: FakeDashboard
) -> None:
    cluster.states = [(200, {"status": "FAILED", "message": "exit code 1"})]
    with pytest.raises(
        UserError, match=r"ended as FAILED: exit code 1; .*/logs/smoke-fetch-\w+; .*\nfirst line\nlast line"
    ):
        run()


@pytest.mark.parametrize("logs", [(500, "Traceback\nno agent"), BROKEN, (404, "Job x does not exist")])
def test_a_log_that_cannot_be_had_does_not_hide_why_the_job_failed(
    run: Run, cluster: FakeDashboard, logs: Answer
) -> None:
    cluster.states, cluster.logs = [(200, {"status": "FAILED", "message": "node died"})], logs
    with pytest.raises(
        UserError, match=r"Ray job smoke-fetch-\w+ ended as FAILED: node died; .*; its own output cannot"
    ):
        run()


def test_a_job_refuses_to_make_what_nobody_looks_for(
    plan: Plan, local_store: Store, cluster: FakeDashboard
) -> None:
    submit("stage1", plan, local_store, force=False)
    expected = digest(plan.addresses("stage1"))
    words = shlex.split(cluster.sent[0]["entrypoint"])
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
