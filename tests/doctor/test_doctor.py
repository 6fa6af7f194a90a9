"""The doctor: each thing that would stop a recipe is found beforehand, with what to do about it."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.doctor.recipes import gpu_recipe, recipe
from vf_ray import doctor, store
from vf_ray.cli import app
from vf_ray.doctor.check import Check
from vf_ray.model.families.family import Dimensions
from vf_ray.on_ray import cluster_variables, dashboard
from vf_ray.on_ray.dashboard import ClusterError, Dashboard, RefusedError
from vf_ray.plan.plan import STEPS
from vf_ray.recipe import Base, Recipe, Resources, Stage
from vf_ray.store import Store

TOKEN = "a-token"


@dataclass
class Cluster:
    """A stand-in for a Ray dashboard, which knows one token."""

    nodes: list[Mapping[str, Any]] = field(default_factory=list)
    disks: list[Mapping[str, Any]] = field(default_factory=list)

    def reply(self, path: str, token: str) -> tuple[int, Any]:
        if token != f"Bearer {TOKEN}":
            return (403 if token else 401), {}
        if path.startswith("/api/version"):
            return 200, {"ray_version": "2.60.0"}
        if path == "/nodes?view=summary":
            return 200, {"data": {"summary": self.disks}}
        return 200, {"data": {"result": {"result": self.nodes}}}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Cluster]:
    """Serve a cluster, and lead the environment to it without a token."""
    served = Cluster()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, body = served.reply(self.path, self.headers.get("Authorization", ""))
            self.send_response(code)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv(cluster_variables.API_SERVER, f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "absent"))
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    yield served
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cluster_variables.API_SERVER, raising=False)


def node(**resources: float) -> Mapping[str, Any]:
    return {"state": "ALIVE", "resources_total": resources}


def test_a_cluster_says_what_it_has(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", TOKEN)
    cluster.nodes = [node(CPU=4), node(CPU=8, GPU=2), {"state": "DEAD", "resources_total": {"GPU": 8}}]
    remote = Dashboard.from_environment()
    assert remote is not None
    assert remote.version() == "2.60.0"
    assert remote.resources() == {"CPU": 12, "GPU": 2}
    assert remote.room_for(Resources(workers=2, gpus_per_worker=1)) == 1
    assert remote.room_for(Resources(workers=5)) == 2
    monkeypatch.setenv(cluster_variables.MOST_GPUS, "9")
    assert remote.room_for(Resources(workers=2, gpus_per_worker=1)) == 4


def test_room_is_looked_for_on_the_nodes_of_a_cluster(
    cluster: Cluster, local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk(host: str, state: str, **free: int) -> Mapping[str, Any]:
        disks = {name: {"free": count << 30} for name, count in free.items()}
        return {"hostname": host, "raylet": {"state": state}, "disk": disks}

    monkeypatch.setenv("RAY_AUTH_TOKEN", TOKEN)
    asked = recipe(base=Base(layers=40_000))

    def scratch() -> Check:
        (check,) = (c for c in doctor.space(asked, local_store, counted(asked)) if c.name == "scratch")
        return check

    assert scratch().ok and "free" not in scratch().found  # no node says
    cluster.disks = [
        disk("a", "ALIVE", root=3, ray=2),
        disk("b", "ALIVE", root=1),
        disk("c", "DEAD", root=9**7),
    ]
    assert not scratch().ok and "free: 1.0 GiB (b) to 3.0 GiB (a)" in scratch().found
    cluster.disks.append(disk("d", "ALIVE", root=9**6))
    assert scratch().ok
    monkeypatch.setenv("RAY_AUTH_TOKEN", "another")
    assert scratch().ok and "free" not in scratch().found


@pytest.mark.parametrize(("token", "needle"), [("", "no token was found"), ("wrong", "is not the cluster's")])
def test_a_wrong_token_is_told_from_a_dead_cluster(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, token: str, needle: str
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", token)
    remote = Dashboard.from_environment()
    assert remote is not None
    with pytest.raises(RefusedError, match=needle):
        remote.version()
    with pytest.raises(ClusterError, match="nothing answers"):
        Dashboard("http://127.0.0.1:9").version()


def test_the_token_comes_from_variable_then_file_then_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    assert dashboard.token() == ""
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("home\n")
    assert dashboard.token() == "home"
    (tmp_path / "named").write_text("named")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "named"))
    assert dashboard.token() == "named"
    monkeypatch.setenv("RAY_AUTH_TOKEN", "given")
    assert dashboard.token() == "given"


def test_a_recipe_for_gpus_is_refused_where_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_local_gpus", lambda: 0)
    doctor.refuse_missing_gpus(recipe(), STEPS)
    with pytest.raises(ValueError, match="'small' cannot run here: this machine has 0"):
        doctor.refuse_missing_gpus(gpu_recipe(), STEPS)


@pytest.mark.parametrize("step", STEPS)
def test_only_steps_that_use_gpus_want_them(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_local_gpus", lambda: 0)
    if step in ("stage1", "evaluate"):
        with pytest.raises(ValueError, match="this machine has 0"):
            doctor.refuse_missing_gpus(gpu_recipe(), [step])
    else:
        doctor.refuse_missing_gpus(gpu_recipe(), [step])


def test_gpus_are_counted_on_the_cluster_that_runs_the_steps(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", TOKEN)
    cluster.nodes = [node(GPU=2)]
    assert doctor.gpus(gpu_recipe(2)).ok
    assert "asks for 3" in doctor.gpus(gpu_recipe(3)).found
    assert cluster_variables.MOST_GPUS in doctor.gpus(gpu_recipe(3)).remedy
    monkeypatch.setenv(cluster_variables.MOST_GPUS, "16")
    assert "has 2 and may grow to 16" in doctor.gpus(gpu_recipe(16)).found
    assert doctor.gpus(gpu_recipe(16)).ok and not doctor.gpus(gpu_recipe(17)).ok
    monkeypatch.setenv(cluster_variables.MOST_GPUS, "many")
    assert "must be a number" in doctor.gpus(gpu_recipe(2)).found
    monkeypatch.setenv(cluster_variables.MOST_GPUS, "1")
    assert doctor.gpus(gpu_recipe(2)).ok, "what is there counts"
    monkeypatch.setenv("RAY_AUTH_TOKEN", "wrong")
    assert not doctor.gpus(gpu_recipe(2)).ok


def test_a_folder_store_is_warned_of_before_a_far_cluster(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(cluster_variables.API_SERVER, "http://192.0.2.1:8265")
    monkeypatch.setattr(dashboard, "TIMEOUT_S", 0.05)
    checks = {check.name: check for check in doctor.cluster(Store.open(str(tmp_path)))}
    assert not checks["cluster"].ok
    assert not checks["shared store"].ok
    assert "s3://" in checks["shared store"].remedy


def counted(asked: Recipe) -> Dimensions:
    return doctor.counted(asked.base).model


def test_space_is_estimated_from_the_model(local_store: Store) -> None:
    tiny = {check.name: check for check in doctor.space(recipe(), local_store, counted(recipe()))}
    assert all(check.ok for check in tiny.values())
    deep = recipe(base=Base(layers=40_000))
    vast = {check.name: check for check in doctor.space(deep, local_store, counted(deep))}
    assert not any(check.ok for check in vast.values())
    assert set(tiny) == set(vast) == {"disk", "scratch", "memory"}


def test_a_stage_that_does_not_fit_is_told_what_would() -> None:
    stage = Stage(tasks=("demo_digits/odd_even",), lr=2e-5, batch=128, epochs=1, precision="bf16")
    large = replace(gpu_recipe(8), base=Base(size="13B"), stages={"stage1": stage})
    memory, time = doctor.training(large, counted(large))
    assert not memory.ok and "of 80 GiB a GPU: weights 24.9 GiB" in memory.found
    assert memory.remedy.startswith("override stage1: recompute=1.0; or ")
    assert time.ok and "8 x 312 TFLOP/s are used to 40%, which is assumed" in time.found
    fits = replace(large, stages={"stage1": replace(stage, recompute=1.0)})
    assert all(check.ok for check in doctor.training(fits, counted(fits)))
    assert list(doctor.training(recipe(), counted(recipe()))) == []


def test_blocks_that_no_model_has_are_told_before_it_is_made() -> None:
    upper = replace(recipe().stages["stage1"], tune=("language_model[1:]",))
    (check,) = doctor.blocks(recipe(stages={"stage1": upper}), counted(recipe()))
    assert check.name == "stage1 tune" and not check.ok and "none of the 1 blocks" in check.found
    assert not list(doctor.blocks(recipe(), counted(recipe())))


def test_a_store_with_two_winners_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "race", lambda store: 2)
    _, check = doctor._store(str(tmp_path))
    assert not check.ok
    assert "2 of 8" in check.found


def test_a_store_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    _, check = doctor._store(str(tmp_path / "file" / "store"))
    assert not check.ok
    assert store.STORE_URL in check.remedy


@pytest.mark.parametrize("url", ["{}/file", "{}/file/below", "/proc/nowhere", "s3://bucket/x"])
def test_a_store_that_cannot_be_used_ends_the_search_at_once(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    for name, value in {"ENDPOINT_URL": f"http://127.0.0.1:{port}", "ACCESS_KEY_ID": "a"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    (tmp_path / "file").write_text("no folder")
    url = url.format(tmp_path)
    *_, last = checks = list(doctor.examine("smoke", {}, url))
    assert [check.name for check in checks] == ["recipe", "store"]
    assert not last.ok and url in last.found and "\n" not in last.found


def test_a_job_of_a_cluster_leaves_the_gpus_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_local_gpus", lambda: 0)
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:6379")
    assert doctor.gpus(gpu_recipe(8)).ok
    doctor.refuse_missing_gpus(gpu_recipe(8), STEPS)


def test_the_verb_ends_with_1_if_something_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(store.STORE_URL, str(tmp_path))
    monkeypatch.setattr(doctor, "_local_gpus", lambda: 0)
    good = CliRunner().invoke(app, ["doctor", "demo", "--json"])
    assert good.exit_code == 0
    assert all(check["ok"] for check in json.loads(good.stdout))
    bad = CliRunner().invoke(app, ["doctor", "demo", "--set", "resources.gpus_per_worker=1"])
    assert bad.exit_code == 1
    assert "fail gpus" in bad.stdout
    wrong = CliRunner().invoke(app, ["doctor", "demo", "--set", "stage1.lrr=1"])
    assert wrong.exit_code == 1
    assert "did you mean 'lr'" in wrong.stdout
    unknown = CliRunner().invoke(app, ["doctor", "demo", "--json", "--set", "prepare.tasks=[demo_digit]"])
    assert [check["name"] for check in json.loads(unknown.stdout)] == ["recipe"]
