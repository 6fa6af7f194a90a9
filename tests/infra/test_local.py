"""``make up`` and ``make down``: what is started is known, found again and stopped, and nothing else."""

import os
import signal
import socket
import subprocess
import sys
import tarfile
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from infra.local import down, services, up
from infra.local.processes import MARKER, Process, family, start, stop_rest, table
from infra.local.services import SERVICES, Service
from infra.local.state import ROOT, State, locked
from tests.infra.intruder import intrude
from tests.other_user import NOBODY, as_root

FAMILY = textwrap.dedent("""
    import os, subprocess, sys, time
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    subprocess.Popen(sleeper)
    subprocess.Popen(sleeper, start_new_session=True)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv(sleeper[0], sleeper)
        os._exit(0)
    time.sleep(60)
""")
"""Starts a child, one in another session, and one that is handed to process 1."""


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    made = State(tmp_path, scratch=str(tmp_path / "scratch"))
    yield made
    stop_rest({}, str(tmp_path))


def wait_for(count: int, roots: list[Process], marker: str) -> dict[int, str]:
    end = time.monotonic() + 10
    while len(found := family(roots, marker)) < count and time.monotonic() < end:
        time.sleep(0.05)
    return found


def launch(state: State, name: str = "ray-head") -> Process:
    environment = {**os.environ, MARKER: state.marker(name)}
    log = state.folder / f"{name}.log"
    state.processes[name] = start([sys.executable, "-c", FAMILY], environment, log, state.folder)
    return state.processes[name]


def test_down_stops_the_whole_family_and_spares_others(state: State) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        launch(state)
        known = wait_for(4, list(state.processes.values()), str(state.folder))
        assert len(known) >= 4
        state.save()
        assert down.stop(State.at(state.folder)) == "stopped ray-head"
        running = table()
        assert not [
            pid for pid, started in known.items() if pid in running and running[pid].started == started
        ]
        assert other.poll() is None
        other.kill()


def test_down_finds_the_rest_after_a_service_has_died(state: State) -> None:
    root = launch(state)
    known = wait_for(4, [root], str(state.folder))
    os.kill(root.pid, signal.SIGKILL)
    os.waitpid(root.pid, 0)
    assert not root.alive
    down.stop(state)
    assert not set(known) & set(table())


def test_a_reused_number_is_not_ours(state: State) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        state.processes["ray-head"] = Process(other.pid, "long ago")
        assert not state.processes["ray-head"].alive
        assert down.stop(state) == "nothing is up"
        assert other.poll() is None
        other.kill()


def test_down_twice_and_without_up_is_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VF_RAY_UP_DIR", str(tmp_path / "up"))
    down.main()
    (tmp_path / "up").mkdir()
    down.main()
    assert capsys.readouterr().out == "nothing is up\nnothing is up\n"


def test_state_comes_back_as_it_was_written(tmp_path: Path) -> None:
    made = State(tmp_path, prefect="http://x", store="file:///s", processes={"a": Process(1, "2")})
    made.save()
    with locked(tmp_path) as found:
        assert found == made
    made.forget()
    assert State.at(tmp_path) == State(tmp_path)


def test_a_shell_gets_the_addresses_and_the_programs(tmp_path: Path) -> None:
    state = State(tmp_path, prefect="http://127.0.0.1:1", dashboard="http://127.0.0.1:2", store="file:///a b")
    state.write_env(services.public(state))
    script = f'. {state.env_file}; echo "$PREFECT_API_URL|$RAY_API_SERVER_ADDRESS|$VF_RAY_STORE|$PATH"'
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout.split("|")
    assert said[:3] == ["http://127.0.0.1:1/api", "http://127.0.0.1:2", "file:///a b"]
    assert said[3].startswith(str(ROOT / ".venv" / "bin"))


def test_services_do_not_hear_of_other_clusters(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "somebody:6379")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "theirs")
    monkeypatch.setenv("PREFECT_API_DATABASE_CONNECTION_URL", "postgresql://theirs")
    for service in SERVICES:
        environment = {**services.inner(state, service.name), **service.environment(state)}
        assert not {"RAY_ADDRESS", "RAY_AUTH_TOKEN", "PREFECT_API_DATABASE_CONNECTION_URL"} & set(environment)
        assert ("PREFECT_API_AUTH_STRING" in environment) == service.name.startswith("prefect-")


def test_services_and_shells_ask_loopback_directly(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "corp.example,[::1]")
    for variables in (services.inner(state, "prefect-worker"), services.public(state)):
        for name in ("no_proxy", "NO_PROXY"):
            assert variables[name] == "corp.example,::1,127.0.0.1,localhost"


def test_a_taken_port_is_not_chosen() -> None:
    with closing(socket.socket()) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        assert services.free_port(taken) != taken
    free = services.free_port()
    assert services.free_port(free) == free


def service(name: str, code: str, ready: bool = True, outlives: bool = False) -> Service:
    command = [sys.executable, "-c", code]
    return Service(name, name, lambda state: command, lambda state: {}, lambda state: ready, outlives)


def test_a_service_that_does_not_start_says_why(state: State) -> None:
    with pytest.raises(services.StartError, match="no such port"):
        service("ray-head", "print('no such port'); raise SystemExit(3)", ready=False).begin(state)


def test_a_service_that_ends_as_it_starts_is_started_once_more_and_that_is_said(
    state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = state.folder / "first", state.folder / "second"
    code = f"""
import pathlib, sys, time
first, second = map(pathlib.Path, ({str(first)!r}, {str(second)!r}))
if not first.exists():
    first.touch()
    sys.exit("late")
second.touch()
time.sleep(60)
"""
    command = [sys.executable, "-c", code]
    Service("ray-head", "Ray", lambda s: command, lambda s: {}, lambda s: second.exists()).begin(state)
    assert state.processes["ray-head"].alive
    said = capsys.readouterr().out
    assert said.startswith("ray-head ended after its start; ") and said.endswith(
        "late\n\ntrying once more ...\n"
    )


SLEEP = "import time; time.sleep(60)"


def test_only_what_is_missing_is_started(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    trio = [service(name, SLEEP) for name in ("prefect-server", "ray-head", "prefect-worker")]
    monkeypatch.setattr(services, "wanted", lambda: trio)
    up.start(state, trio)
    before = dict(state.processes)
    os.kill(before["prefect-server"].pid, signal.SIGKILL)
    os.waitpid(before["prefect-server"].pid, 0)
    again = State.at(state.folder)
    missing = [one for one in trio if not one.runs(again)]
    assert [one.name for one in missing] == ["prefect-server"]
    up.start(again, missing)
    assert all(process.alive for process in again.processes.values())
    assert {n for n, process in again.processes.items() if process != before[n]} == {"prefect-server"}
    assert not [one for one in trio if not one.runs(State.at(state.folder))]


def test_a_repair_that_fails_stops_nothing_that_works(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    well, ill = service("ray-head", SLEEP), service("prefect-worker", "raise SystemExit(1)", ready=False)
    monkeypatch.setattr(services, "wanted", lambda: [well, ill])
    up.start(state, [well])
    with pytest.raises(services.StartError, match="prefect-worker ended"):
        up.start(state, [ill])
    assert state.processes["ray-head"].alive
    down.stop(state)
    with pytest.raises(services.StartError, match="prefect-worker ended"):
        up.start(State(state.folder), [well, ill])
    assert not family((), str(state.folder)), "half a first start is taken back"


@pytest.mark.parametrize("outlives", [True, False])
def test_work_that_goes_on_without_its_first_process_runs(state: State, outlives: bool) -> None:
    state.processes["ray-head"] = Process(1, "long ago")
    assert service("ray-head", SLEEP, outlives=outlives).runs(state) == outlives


def test_what_was_started_without_a_secret_is_started_anew(state: State) -> None:
    launch(state)
    assert up.guarded(state) == State(state.folder)
    assert not family((), str(state.folder))
    state.secret_file.touch(mode=0o600)
    launch(state)
    assert up.guarded(state) is state


def test_a_service_is_found_where_it_was_or_says_who_is_there(state: State) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        taken = other.getsockname()[1]
        with pytest.raises(services.StartError, match=f"somebody else listens at http://127.0.0.1:{taken}"):
            services.address(f"http://127.0.0.1:{taken}", 4200)
        assert services.address("", taken) != f"http://127.0.0.1:{taken}"
    assert services.address(f"http://127.0.0.1:{taken}", 4200) == f"http://127.0.0.1:{taken}"


@as_root
def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "up").mkdir()
    os.chown(tmp_path / "up", NOBODY, NOBODY)
    for goal in ("up", "down"):
        command = [sys.executable, "-m", f"infra.local.{goal}"]
        environment = {**os.environ, "VF_RAY_UP_DIR": str(tmp_path / "up")}
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert (
            done.stderr
            == f"error: {tmp_path / 'up'} belongs to user {NOBODY}; remove it, or name another folder\n"
        )


def made_goal(environment: Mapping[str, str], goal: str) -> str:
    """Return what ``make up`` or ``make down`` prints."""
    done = subprocess.run(
        [sys.executable, "-m", f"infra.local.{goal}"], env=environment, cwd=ROOT, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.chain
def test_up_runs_a_deployment_and_down_leaves_nothing(tmp_path: Path) -> None:
    """Up, up again, a repair, one step through Prefect and Ray, down: as ``make up`` and ``make down`` do."""
    folder = tmp_path / "up"
    environment = {**os.environ, "VF_RAY_UP_DIR": str(folder), "VF_RAY_STORE": str(tmp_path / "store")}

    make = partial(made_goal, environment)
    try:
        assert "prefect deployment run visionflan/full" in make("up")
        assert "already up" in make("up")
        state = State.at(folder)
        intrude(state)
        os.kill(state.processes["prefect-server"].pid, signal.SIGKILL)
        repaired = make("up")
        assert repaired.count("starting ") == 1 and "starting Prefect server" in repaired
        before, state = state.processes, State.at(folder)
        assert [n for n, process in state.processes.items() if process != before[n]] == ["prefect-server"]
        run = f". {folder / 'env'}; prefect deployment run visionflan/fetch --param recipe=smoke --watch"
        done = subprocess.run(["sh", "-c", run], capture_output=True, text=True, check=False, timeout=200)
        log = (folder / "prefect-worker.log").read_text()
        assert done.returncode == 0, done.stdout + log[-4000:]
        (logged,) = (tmp_path / "store" / "logs").glob("smoke-fetch-*/*.tar.gz")
        with tarfile.open(logged) as packed:
            assert any(name.startswith("job-driver-smoke-fetch-") for name in packed.getnames())
        known = family(list(state.processes.values()), str(folder))
        assert len(known) > 3
    finally:
        make("down")
    assert not family(list(state.processes.values()), str(folder))
    running = table()
    assert not [pid for pid, started in known.items() if pid in running and running[pid].started == started]
    assert make("down") == "nothing is up\n"
