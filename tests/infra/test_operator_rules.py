"""The operators take our manifests, and the rules that say so refuse what they must."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.operator_rules import CLUSTER, ELASTIC, JOB, QUEUE, QUEUED, SHARED, broken

KUBERNETES = Path(__file__).parents[2] / "infra" / "kubernetes"


def load(path: str) -> Any:
    return yaml.safe_load((KUBERNETES / path).read_text())


def cluster() -> Any:
    return load("base/cluster.yaml")


def job() -> Any:
    found = load("job/job.yaml")
    return {**found, "spec": {**found["spec"], "rayClusterSpec": cluster()["spec"]}}


def on_cluster() -> Any:
    return load("job-on-cluster/job.yaml")


def queued() -> Any:
    found = job()
    return {**found, "metadata": {"name": "q", "labels": {QUEUE: "q"}, "annotations": {ELASTIC: "true"}}}


def unscaled() -> Any:
    found = cluster()
    del found["spec"]["autoscalerOptions"]["version"]
    return found


@pytest.mark.parametrize("made", [cluster, job, on_cluster, queued])
def test_our_manifests_are_taken(made: Any) -> None:
    assert broken(made()) == []


BREACHES = [
    ("a shared cluster is retried", on_cluster, "spec.backoffLimit", 2),
    ("a shared cluster has no name", on_cluster, "spec.clusterSelector", {"ray.io/cluster": ""}),
    ("a shared cluster takes a sidecar", on_cluster, "spec.submissionMode", "SidecarMode"),
    ("a shared cluster is suspended", on_cluster, "spec.suspend", True),
    ("one of both says which cluster", job, "spec.clusterSelector", {"ray.io/cluster": "vf-ray"}),
    ("what stays has a time to live", job, "spec.shutdownAfterJobFinishes", False),
    ("what stays is suspended", on_cluster, "spec.suspend", True),
    ("a time is not positive", job, "spec.activeDeadlineSeconds", 0),
    ("a count is negative", job, "spec.backoffLimit", -1),
    ("a sidecar has a template", job, "spec.submissionMode", "SidecarMode"),
    ("an interactive job is retried", job, "spec.submissionMode", "InteractiveMode"),
    ("the runtime environment is no mapping", job, "spec.runtimeEnvYAML", "- a list"),
    ("a job's cluster is upgraded", job, "spec.rayClusterSpec.upgradeStrategy", {"type": "Recreate"}),
    ("a group has no container", cluster, "spec.headGroupSpec.template.spec.containers", []),
    ("resources stand twice", cluster, "spec.headGroupSpec.resources", {"CPU": "0"}),
    ("labels are no labels", cluster, "spec.headGroupSpec.labels", {"no label": "x"}),
    ("replicas are out of order", cluster, "spec.workerGroupSpecs.0.minReplicas", 9),
    ("a start parameter is no text", cluster, "spec.headGroupSpec.rayStartParams.num-cpus", 0),
    ("a group has no bounds and no autoscaling", cluster, "spec", {
        "headGroupSpec": {"template": {"spec": {"containers": [{}]}}},
        "workerGroupSpecs": [{"groupName": "x", "template": {"spec": {"containers": [{}]}}}]}),
    ("a pod restarts under autoscaler v2", cluster,
     "spec.headGroupSpec.template.spec.restartPolicy", "Always"),
    ("a group has an idle time without autoscaler v2", unscaled,
     "spec.workerGroupSpecs.0.idleTimeoutSeconds", 9),
    ("a group has a priority, which 1.6 knows not", cluster, "spec.workerGroupSpecs.0.priority", 1),
    ("a group is suspended", cluster, "spec.workerGroupSpecs.0.suspend", True),
    ("Ray is too old for tokens", cluster, "spec.rayVersion", "2.51.1"),
    ("a field's gate is closed", cluster, "spec.networkPolicy", {"mode": "DenyAll"}),
    ("the head keeps its state itself, which 1.6 knows not", cluster,
     "spec.gcsFaultToleranceOptions", {"backend": "rocksdb"}),
    ("the head sets the operator's variables", cluster, "spec.headGroupSpec.template.spec.containers.0.env",
     [{"name": "REDIS_PASSWORD", "value": "x"}]),
    ("the head starts with a Redis password", cluster,
     "spec.headGroupSpec.rayStartParams.redis-password", "x"),
    ("a queued job keeps its cluster", queued, "spec.shutdownAfterJobFinishes", False),
    ("a queued cluster grows unannounced", queued, "metadata.annotations", {}),
    ("a queue gets more than 17 groups", queued, "spec.rayClusterSpec.workerGroupSpecs",
     cluster()["spec"]["workerGroupSpecs"] * 9),
    ("a group is called head", queued, "spec.rayClusterSpec.workerGroupSpecs.0.groupName", "head"),
    ("the name has at most 53 characters", cluster, "metadata.name", "x" * 54),
    ("the name has at most 47 characters", job, "metadata.name", "x" * 48),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "made", "path", "value"), BREACHES, ids=[b[0] for b in BREACHES])
def test_each_rule_refuses_its_breach(rule: str, made: Any, path: str, value: Any) -> None:
    found = copy.deepcopy(made())
    *way, last = path.split(".")
    inner = found
    for step in way:
        inner = inner[int(step)] if isinstance(inner, list) else inner.setdefault(step, {})
    inner[last] = value
    assert rule in broken(found)


def test_every_rule_has_a_breach() -> None:
    tried = {name for name, *_ in BREACHES}
    assert {rule.name for rule in (*CLUSTER, *JOB, *SHARED, *QUEUED)} <= tried
