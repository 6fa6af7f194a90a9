"""Monitoring: the dashboard shows metrics that the code makes, from the source that is provisioned."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import ray
import yaml

from infra.local.services import free_port

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "infra" / "monitoring"
PROMETHEUS = MONITORING / "prometheus.yaml"


def targets() -> Iterator[Any]:
    board = json.loads((MONITORING / "grafana" / "vf-ray.json").read_text())
    for panel in board["panels"]:
        yield from ((panel, target) for target in panel["targets"])


def made() -> set[str]:
    """Return the metrics that the code makes, under the names that Ray exports."""
    from vf_ray.on_ray.worker import TOLD

    text = "".join((ROOT / "vf_ray" / "on_ray" / f"{name}.py").read_text() for name in ("progress", "train"))
    counters = re.findall(r'_count\("(vf_ray_\w+)"', text)
    gauges = set(re.findall(r'"(vf_ray_\w+)"', text)) - set(counters)
    names = {f"ray_{name}_total" for name in counters} | {f"ray_{name}" for name in gauges}
    return names | {f"ray_vf_ray_train_{name}" for name in TOLD}


def rays() -> set[str]:
    """Return the metrics that Ray's own dashboards ask for."""
    boards = Path(ray.__file__).parent / "dashboard" / "modules" / "metrics" / "dashboards"
    return set(re.findall(r"ray_\w+", "".join(path.read_text() for path in boards.glob("*.py"))))


def test_every_panel_asks_for_a_metric_that_is_made() -> None:
    asked = {name for _, target in targets() for name in re.findall(r"ray_\w+", target["expr"])}
    assert asked <= made() | rays()
    unseen = {"ray_vf_ray_train_memory", "ray_vf_ray_train_watching_memory"}
    assert made() - unseen <= asked, "what is made is shown"


def test_every_variable_of_the_board_narrows_something() -> None:
    board = json.loads((MONITORING / "grafana" / "vf-ray.json").read_text())
    declared = {variable["name"] for variable in board["templating"]["list"]}
    used = {name for _, target in targets() for name in re.findall(r"\$(\w+)", target["expr"])}
    assert declared == used == {"session", "stage", "node"}


def test_panels_take_their_data_from_the_provisioned_source() -> None:
    (source,) = yaml.safe_load((MONITORING / "grafana" / "datasources.yaml").read_text())["datasources"]
    assert {panel["datasource"]["uid"] for panel, _ in targets()} == {source["uid"]}


def test_compose_mounts_files_that_exist() -> None:
    services = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())["services"]
    mounts = [v for s in services.values() for v in s.get("volumes", ()) if v.startswith("../")]
    assert len(mounts) == 5
    assert all((ROOT / "docker" / mount.split(":")[0]).resolve().is_file() for mount in mounts)


def test_alarms_ask_for_metrics_that_ray_or_the_code_makes() -> None:
    (group,) = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"]
    asked = {name for rule in group["rules"] for name in re.findall(r"ray_\w+", rule["expr"])}
    assert len(asked) > 4
    assert asked <= rays() | made()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_alarms_are_raised_by_what_they_name_and_by_nothing_else() -> None:
    done = subprocess.run(
        ["promtool", "test", "rules", str(Path(__file__).with_name("alerts_test.yaml"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_takes_its_configuration() -> None:
    done = subprocess.run(
        ["promtool", "check", "config", str(PROMETHEUS)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Run Prometheus by our configuration on a file of nodes that is a link, as Ray's is; yield both."""
    nodes, link = tmp_path / "session" / "nodes.json", tmp_path / "ray" / "nodes.json"
    for folder in (nodes.parent, link.parent):
        folder.mkdir()
    nodes.write_text(json.dumps([{"targets": ["127.0.0.1:1"]}]))
    link.symlink_to(nodes)
    ours = tmp_path / "prometheus.yaml"
    listed = "/tmp/ray/prom_metrics_service_discovery.json"
    ours.write_text(PROMETHEUS.read_text().replace(listed, str(link)))
    shutil.copy(MONITORING / "alerts.yaml", tmp_path)
    port = free_port()
    command = ["prometheus", f"--config.file={ours}", f"--web.listen-address=127.0.0.1:{port}"]
    running = subprocess.Popen(
        [*command, f"--storage.tsdb.path={tmp_path / 'data'}"], stderr=subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{port}", nodes
    finally:
        running.terminate()
        running.wait()


def found(url: str, count: int, within_s: float) -> bool:
    """Return whether Prometheus lists so many targets before the time is over."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        with suppress(httpx.HTTPError):
            answer = httpx.get(f"{url}/api/v1/targets", params={"state": "active"}).json()
            if len(answer["data"]["activeTargets"]) == count:
                return True
        time.sleep(0.2)
    return False


@pytest.mark.chain
@pytest.mark.skipif(shutil.which("prometheus") is None, reason="Prometheus is not installed")
def test_prometheus_sees_a_new_node_although_the_list_is_a_link(linked: tuple[str, Path]) -> None:
    url, nodes = linked
    assert found(url, 1, within_s=30)
    nodes.write_text(json.dumps([{"targets": ["127.0.0.1:1", "127.0.0.1:2"]}]))
    assert found(url, 2, within_s=30), "five minutes would pass without an interval"


def test_the_operators_rules_are_the_very_alarms() -> None:
    rule = yaml.safe_load((ROOT / "infra" / "kubernetes" / "monitoring" / "rules.yaml").read_text())
    assert rule["spec"] == yaml.safe_load((MONITORING / "alerts.yaml").read_text())
