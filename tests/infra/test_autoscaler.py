"""Ray's own autoscaler, given our cluster: which nodes work with and without GPUs brings."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.autoscaler._private.kuberay.autoscaling_config import _derive_autoscaling_config_from_ray_cr
from ray.autoscaler.v2.instance_manager.config import NodeTypeConfig
from ray.autoscaler.v2.scheduler import ResourceDemandScheduler, SchedulingRequest
from ray.autoscaler.v2.utils import ResourceRequestUtil
from ray.core.generated.common_pb2 import LabelSelectorOperator

from vf_ray.on_ray.cluster import without_gpus
from vf_ray.on_ray.cluster_variables import CPU_NODES, DRIVER

CLUSTER = Path(__file__).parents[2] / "infra" / "kubernetes" / "base" / "cluster.yaml"


def node_types() -> dict[str, NodeTypeConfig]:
    """Return the kinds of nodes as the autoscaler reads them from the manifest."""
    found = yaml.safe_load(CLUSTER.read_text())
    found["metadata"]["namespace"] = "vf-ray"
    kinds = _derive_autoscaling_config_from_ray_cr(found)["available_node_types"]
    return {
        name: NodeTypeConfig(
            name,
            min_worker_nodes=0,
            max_worker_nodes=kind["max_workers"],
            resources=dict(kind["resources"]),
            labels=dict(kind["labels"]),
        )
        for name, kind in kinds.items()
    }


def launched(tasks: int, resources: Mapping[str, float], labels: Mapping[str, str]) -> dict[str, int]:
    """Return how many nodes of each kind so many waiting tasks bring."""
    wanted = [[(key, LabelSelectorOperator.LABEL_OPERATOR_IN, [value]) for key, value in labels.items()]]
    request = ResourceRequestUtil.make(dict(resources), label_selectors=wanted if labels else None)
    reply = ResourceDemandScheduler(event_logger=None).schedule(
        SchedulingRequest(
            disable_launch_config_check=True,
            node_type_configs=node_types(),
            resource_requests=ResourceRequestUtil.group_by_count([request] * tasks),
        )
    )
    return {one.instance_type: one.count for one in reply.to_launch}


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what the manifest sets on the head, where the drivers of jobs run."""
    head: Any = yaml.safe_load(CLUSTER.read_text())["spec"]["headGroupSpec"]["template"]["spec"]
    for one in head["containers"][0]["env"]:
        if one["name"] == CPU_NODES:
            monkeypatch.setenv(CPU_NODES, one["value"])


def test_without_a_label_the_sixty_fifth_task_would_wake_gpus() -> None:
    assert launched(64, {"CPU": 1}, {}) == {"cpu": 8}
    assert launched(65, {"CPU": 1}, {}) == {"cpu": 8, "gpu": 1}


@pytest.mark.parametrize("tasks", [1, 65, 5000])
def test_work_without_gpus_never_brings_any(tasks: int, declared: None) -> None:
    assert launched(tasks, {"CPU": 1}, without_gpus()) == {"cpu": min(8, -(-tasks // 8))}


@pytest.mark.parametrize(("workers", "nodes"), [(1, 1), (8, 1), (16, 2), (17, 2)])
def test_a_stage_brings_the_gpus_it_asks_for(workers: int, nodes: int) -> None:
    assert launched(workers, {"CPU": 1, "GPU": 1}, {}) == {"gpu": nodes}


def test_the_head_has_room_for_so_many_drivers() -> None:
    """Both KubeRay and Ray take the text apart, each in its own way; one kind of quotes suits both."""
    settings = yaml.safe_load((CLUSTER.parents[1] / "site" / "settings.yaml").read_text())["data"]
    text = yaml.safe_load(CLUSTER.read_text())["spec"]["headGroupSpec"]["rayStartParams"]["resources"]
    (head,) = [kind for kind in node_types().values() if kind.resources["CPU"] == 0]
    assert head.resources[settings[DRIVER]] == json.loads(text.strip("'"))[settings[DRIVER]] == 6


def test_any_node_will_do_where_nothing_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CPU_NODES, raising=False)
    assert without_gpus() == {}
