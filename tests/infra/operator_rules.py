"""What the operators refuse beyond their schemas: KubeRay 1.6 and 1.7, Kueue 0.16 and newer.

A schema says what a field may hold; these say what may not stand together. Written down anew from what the
operators check when an object arrives, for the fields that our manifests use or might come to use.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from packaging.version import Version

Object = Mapping[str, Any]

QUEUE = "kueue.x-k8s.io/queue-name"
ELASTIC = "kueue.x-k8s.io/elastic-job"
LABEL = re.compile(r"([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
GATED = ("networkPolicy", "tlsOptions", "historyServerOptions")
"""Fields that a stock operator refuses, because their feature gates are closed."""
OPERATORS_OWN = {"RAY_REDIS_ADDRESS", "REDIS_PASSWORD", "REDIS_USERNAME", "RAY_enable_autoscaler_v2"}
"""Variables of the head that the specification has fields for."""


@dataclass(frozen=True)
class Rule:
    """One thing that is refused."""

    name: str
    breaks: Callable[[Object], object]
    """Return something true for what is refused."""


def named(longest: int) -> Rule:
    """Return the rule that a name is a DNS label with room for what the operator appends."""
    form = re.compile(rf"[a-z]([a-z0-9-]{{0,{longest - 2}}}[a-z0-9])?")
    return Rule(f"the name has at most {longest} characters", lambda o: not form.fullmatch(_name(o)))


def _name(found: Object) -> str:
    return str(found["metadata"]["name"])


def groups(spec: Object) -> list[Object]:
    """Return the head's group and those of workers."""
    return [spec["headGroupSpec"], *spec.get("workerGroupSpecs", ())]


def pods(spec: Object) -> list[Object]:
    """Return the pod of each group."""
    return [group["template"]["spec"] for group in groups(spec)]


def _head_variables(spec: Object) -> set[str]:
    return {one["name"] for box in pods(spec)[0]["containers"][:1] for one in box.get("env", ())}


def _resources_twice(group: Object) -> bool:
    started = {"num-cpus", "num-gpus", "memory", "resources"} & set(group.get("rayStartParams", {}))
    return bool(started and group.get("resources"))


def _badly_labelled(group: Object) -> bool:
    texts = [text for pair in group.get("labels", {}).items() for text in pair if text]
    return "labels" in group.get("rayStartParams", {}) or not all(map(LABEL.fullmatch, texts))


def _badly_sized(group: Object) -> bool:
    return not 0 <= group.get("minReplicas", 0) <= group.get("maxReplicas", 2**31 - 1)


def _autoscales(spec: Object) -> bool:
    return bool(spec.get("enableInTreeAutoscaling"))


def _v2(spec: Object) -> bool:
    return _autoscales(spec) and spec.get("autoscalerOptions", {}).get("version") == "v2"


def _old_for_tokens(spec: Object) -> bool:
    wants = spec.get("authOptions", {}).get("mode") == "token"
    return wants and Version(spec.get("rayVersion", "0")) < Version("2.52")


CLUSTER = (
    Rule("a group has no container", lambda s: not all(pod.get("containers") for pod in pods(s))),
    Rule("resources stand twice", lambda s: any(map(_resources_twice, groups(s)))),
    Rule("labels are no labels", lambda s: any(map(_badly_labelled, groups(s)))),
    Rule("replicas are out of order", lambda s: any(map(_badly_sized, s.get("workerGroupSpecs", ())))),
    Rule("a start parameter is no text", lambda s: any(
        not isinstance(v, str) for group in groups(s) for v in group.get("rayStartParams", {}).values())),
    Rule("a group has no bounds and no autoscaling", lambda s: not _autoscales(s) and any(
        not {"minReplicas", "maxReplicas"} <= set(group) for group in s.get("workerGroupSpecs", ()))),
    Rule("a pod restarts under autoscaler v2", lambda s: _v2(s) and any(
        pod.get("restartPolicy", "Never") != "Never" for pod in pods(s))),
    Rule("a group has an idle time without autoscaler v2", lambda s: not _v2(s) and any(
        "idleTimeoutSeconds" in group for group in s.get("workerGroupSpecs", ()))),
    Rule("a group has a priority, which 1.6 knows not", lambda s: any(
        "priority" in group for group in s.get("workerGroupSpecs", ()))),
    Rule("a group is suspended", lambda s: any(g.get("suspend") for g in s.get("workerGroupSpecs", ()))),
    Rule("Ray is too old for tokens", _old_for_tokens),
    Rule("a field's gate is closed", lambda s: any(field in s for field in GATED)),
    Rule("the head keeps its state itself, which 1.6 knows not", lambda s: bool(
        {"backend", "storage"} & set(s.get("gcsFaultToleranceOptions", ())))),
    Rule("the head sets the operator's variables", lambda s: bool(_head_variables(s) & OPERATORS_OWN)),
    Rule("the head starts with a Redis password", lambda s: bool(
        {"redis-password", "redis-username"} & set(s["headGroupSpec"].get("rayStartParams", ())))),
)  # fmt: skip

JOB = (
    Rule("one of both says which cluster", lambda s: ("rayClusterSpec" in s) == ("clusterSelector" in s)),
    Rule("what stays is suspended", lambda s: s.get("suspend") and not s.get("shutdownAfterJobFinishes")),
    Rule("what stays has a time to live", lambda s: (
        s.get("ttlSecondsAfterFinished", 0) > 0 and not s.get("shutdownAfterJobFinishes"))),
    Rule("a time is not positive", lambda s: any(
        s.get(key, 1) <= 0 for key in ("activeDeadlineSeconds", "preRunningDeadlineSeconds"))),
    Rule("a count is negative", lambda s: any(
        s.get(key, 0) < 0 for key in ("backoffLimit", "ttlSecondsAfterFinished"))),
    Rule("a sidecar has a template", lambda s: (
        s.get("submissionMode") == "SidecarMode" and "submitterPodTemplate" in s)),
    Rule("an interactive job is retried", lambda s: (
        s.get("submissionMode") == "InteractiveMode" and s.get("backoffLimit", 0) > 0)),
    Rule("the runtime environment is no mapping", lambda s: not isinstance(
        yaml.safe_load(s.get("runtimeEnvYAML", "{}")), dict)),
    Rule("a job's cluster is upgraded", lambda s: "upgradeStrategy" in s.get("rayClusterSpec", ())),
)  # fmt: skip

SHARED = (
    Rule("a shared cluster is retried", lambda s: s.get("backoffLimit", 0) > 0),
    Rule("a shared cluster has no name", lambda s: not s["clusterSelector"].get("ray.io/cluster")),
    Rule("a shared cluster takes a sidecar", lambda s: s.get("submissionMode") == "SidecarMode"),
    Rule("a shared cluster is suspended", lambda s: bool(s.get("suspend"))),
)

QUEUED = (
    Rule("a queued job keeps its cluster", lambda o: (
        o["kind"] == "RayJob" and not o["spec"].get("shutdownAfterJobFinishes"))),
    Rule("a queued cluster grows unannounced", lambda o: (
        _autoscales(_cluster_of(o)) and o["metadata"].get("annotations", {}).get(ELASTIC) != "true")),
    Rule("a queue gets more than 17 groups", lambda o: len(_cluster_of(o).get("workerGroupSpecs", ())) > 17),
    Rule("a group is called head", lambda o: any(
        group["groupName"] == "head" for group in _cluster_of(o).get("workerGroupSpecs", ()))),
)  # fmt: skip


def _selects(spec: Object) -> bool:
    return "clusterSelector" in spec


def _cluster_of(found: Object) -> Object:
    spec: Object = found["spec"].get("rayClusterSpec", {}) if found["kind"] == "RayJob" else found["spec"]
    return spec


def broken(found: Object) -> list[str]:
    """Return the names of the rules that an object breaks."""
    return [rule.name for rule, subject in _rules(found) if rule.breaks(subject)]


def _rules(found: Object) -> Iterator[tuple[Rule, Object]]:
    """Yield each rule for an object with what it looks at."""
    job, spec = found["kind"] == "RayJob", found["spec"]
    yield named(47 if job else 53), found
    yield from ((rule, spec) for rule in (*(JOB if job else ()), *(SHARED if _selects(spec) else ())))
    if cluster := _cluster_of(found):
        yield from ((rule, cluster) for rule in CLUSTER)
    if QUEUE in found["metadata"].get("labels", {}) and not _selects(spec):
        yield from ((rule, found) for rule in QUEUED)
