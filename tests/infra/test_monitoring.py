"""Monitoring: the dashboard shows metrics that the code makes, from the source that is provisioned."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
import yaml

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "infra" / "monitoring"
PROMETHEUS = MONITORING / "prometheus.yaml"


def targets() -> Iterator[Any]:
    board = json.loads((MONITORING / "grafana" / "vf-ray.json").read_text())
    for panel in board["panels"]:
        yield from ((panel, target) for target in panel["targets"])


def made() -> set[str]:
    """Return the metrics that the code makes, under the names that Ray exports."""
    from vf_ray.on_ray.train import GAUGES

    prepare = (ROOT / "vf_ray" / "on_ray" / "prepare.py").read_text()
    counters = re.findall(r'"(vf_ray_\w+)"', prepare)
    return {f"ray_{name}_total" for name in counters} | {f"ray_vf_ray_train_{name}" for name in GAUGES}


def test_every_panel_asks_for_a_metric_that_is_made() -> None:
    asked = {name for _, target in targets() for name in re.findall(r"ray_vf_ray_\w+", target["expr"])}
    assert asked
    assert asked <= made()


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
    boards = Path(ray.__file__).parent / "dashboard" / "modules" / "metrics" / "dashboards"
    rays = set(re.findall(r"ray_\w+", "".join(path.read_text() for path in boards.glob("*.py"))))
    assert len(asked) > 4
    assert asked <= rays | made()


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


def test_the_operators_rules_are_the_very_alarms() -> None:
    rule = yaml.safe_load((ROOT / "infra" / "kubernetes" / "monitoring" / "rules.yaml").read_text())
    assert rule["spec"] == yaml.safe_load((MONITORING / "alerts.yaml").read_text())
