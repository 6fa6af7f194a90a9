"""``make up`` and ``make down``: what is started is known, found again and stopped, and nothing else."""

import os
import signal
import socket
import subprocess
import sys
import tarfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from infra.local import down, services
from infra.local.processes import MARKER, Process, family, start, stop_rest, table
from infra.local.state import ROOT, State, locked

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
    made = State(tmp_path)
    yield made
    stop_rest({}, str(tmp_path))


def wait_for(count: int, roots: list[Process], marker: str) -> dict[int, str]:
    end = time.monotonic() + 10
    while len(found := family(roots, marker)) < count and time.monotonic() < end:
        time.sleep(0.05)
    return found


def launch(state: State, name: str = "ray-head") -> Process:
    environment = {**os.environ, MARKER: str(state.folder)}
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
        assert not state.running
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
    assert not {"RAY_ADDRESS", "RAY_AUTH_TOKEN"} & set(services.inner(state))


def test_a_taken_port_is_not_chosen() -> None:
    with closing(socket.socket()) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        assert services.free_port(taken) != taken
    free = services.free_port()
    assert services.free_port(free) == free


def test_the_token_is_for_this_user_only_and_stays(state: State) -> None:
    services.new_token(state)
    first = state.token_file.read_text()
    services.new_token(state)
    assert len(first) == 64
    assert state.token_file.read_text() == first
    assert state.token_file.stat().st_mode & 0o077 == 0


def test_a_service_that_does_not_start_says_why(state: State) -> None:
    command = [sys.executable, "-c", "print('no such port'); raise SystemExit(3)"]
    with pytest.raises(services.StartError, match="no such port"):
        services._launch(state, "ray-head", command, lambda: False)


@pytest.mark.chain
def test_up_runs_a_deployment_and_down_leaves_nothing(tmp_path: Path) -> None:
    """Up twice, one step through Prefect and Ray, down: as ``make up`` and ``make down`` do."""
    folder = tmp_path / "up"
    environment = {**os.environ, "VF_RAY_UP_DIR": str(folder), "VF_RAY_STORE": str(tmp_path / "store")}

    def make(goal: str) -> str:
        command = [sys.executable, "-m", f"infra.local.{goal}"]
        done = subprocess.run(
            command,
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    try:
        assert "prefect deployment run visionflan/full" in make("up")
        assert "already up" in make("up")
        state = State.at(folder)
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
