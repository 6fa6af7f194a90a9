"""What `kubectl apply -k` sends: one cluster for both ways to run, and one place to edit."""

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.operator_rules import QUEUE, broken

KUBERNETES = Path(__file__).parents[2] / "infra" / "kubernetes"
BUILT = ("cluster", "job", "job-on-cluster", "prefect")
EXTRAS = sorted(
    path.parent.name
    for path in KUBERNETES.glob("*/kustomization.yaml")
    if "kind: Component" in path.read_text() and path.parent.name != "site"
)

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")


@cache
def render(folder: Path) -> list[dict[str, Any]]:
    done = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def of_kind(kind: str, documents: list[dict[str, Any]]) -> dict[str, Any]:
    (found,) = [document for document in documents if document["kind"] == kind]
    return found


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy whose site is somebody's own, with every extra switched on."""
    copy = tmp_path_factory.mktemp("infra") / "kubernetes"
    shutil.copytree(KUBERNETES, copy)
    site = copy / "site" / "kustomization.yaml"
    text = site.read_text().replace("namespace: vf-ray", "namespace: there")
    text = text.replace("registry.example.com/vf-ray", "somewhere/ours").replace("research", "our-money")
    site.write_text(text.replace("components: []", "components:").replace("  # - ../", "  - ../"))
    settings = copy / "site" / "settings.yaml"
    settings.write_text(
        settings.read_text().replace("your-bucket", "ours").replace("QUEUE: vf-ray", "QUEUE: q")
    )
    return copy


def pods(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every pod in a nest of mappings: what has containers."""
    if isinstance(value, dict):
        if "containers" in value:
            yield value
        for inner in value.values():
            yield from pods(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from pods(inner)


@pytest.mark.parametrize("extras", [False, True])
def test_the_job_brings_the_very_cluster_and_no_other(extras: bool, edited: Path) -> None:
    root = edited if extras else KUBERNETES
    job, cluster = render(root / "job"), render(root / "cluster")
    assert of_kind("RayJob", job)["spec"]["rayClusterSpec"] == of_kind("RayCluster", cluster)["spec"]
    assert not [document for document in job if document["kind"] == "RayCluster"]


@pytest.mark.parametrize("name", BUILT)
@pytest.mark.parametrize("extras", [False, True])
def test_operators_take_what_is_sent(name: str, extras: bool, edited: Path) -> None:
    documents = render((edited if extras else KUBERNETES) / name)
    assert [broken(d) for d in documents if d["apiVersion"].startswith("ray.io")] in ([], [[]])


@pytest.mark.parametrize("name", BUILT)
def test_what_the_site_says_reaches_every_object(name: str, edited: Path) -> None:
    documents = render(edited / name)
    for document in documents:
        where = document["metadata"].get("namespace", document["metadata"]["name"])
        assert where == "there" or document["kind"] in ("ClusterQueue", "ResourceFlavor", "PriorityClass")
        assert document["metadata"]["labels"]["cost-centre"] == "our-money"
    assert "registry.example" not in json.dumps(documents) and "your-bucket" not in json.dumps(documents)
    images = {box["image"] for pod in pods(documents) for box in pod["containers"]}
    assert images
    assert all(re.fullmatch(r"somewhere/ours:(cpu|gpu)|(postgres|redis):[\d.]+", image) for image in images)


@pytest.mark.parametrize("name", BUILT)
def test_every_pod_says_who_it_is_and_what_it_needs(name: str, edited: Path) -> None:
    for pod in pods(render(edited / name)):
        ours = [box for box in (*pod["containers"], *pod.get("initContainers", ())) if "ours" in box["image"]]
        assert not ours or pod["serviceAccountName"] in ("vf-ray", "prefect-worker")
        for box in (*pod["containers"], *pod.get("initContainers", ())):
            assert {"cpu", "memory"} <= set(box["resources"]["requests"])
            assert {mount["name"] for mount in box.get("volumeMounts", ())} <= known_volumes(pod)


def known_volumes(pod: dict[str, Any]) -> set[str]:
    return {volume["name"] for volume in pod.get("volumes", ())} | {"data"}  # of a StatefulSet's claims


@pytest.mark.parametrize("name", ["cluster", "job", "prefect"])
def test_whatever_is_referred_to_is_sent_or_made_by_hand(name: str) -> None:
    documents = render(KUBERNETES / "cluster") + render(KUBERNETES / name)
    there = {(document["kind"], document["metadata"]["name"]) for document in documents}
    for pod in pods(documents):
        assert ("ServiceAccount", pod.get("serviceAccountName", "vf-ray")) in there
        for box in (*pod["containers"], *pod.get("initContainers", ())):
            for source in box.get("envFrom", ()):
                assert ("ConfigMap", source.get("configMapRef", {"name": "vf-ray"})["name"]) in there
    accounts = [d for d in documents if d["kind"] == "ServiceAccount"]
    assert all(account["imagePullSecrets"] == [{"name": "vf-ray-registry"}] for account in accounts)


def test_no_budget_asks_for_what_a_ray_pod_cannot_have() -> None:
    budget = of_kind("PodDisruptionBudget", render(KUBERNETES / "cluster"))["spec"]
    assert budget["minAvailable"] == 1 and "maxUnavailable" not in budget


def test_the_queue_stands_in_the_settings(edited: Path) -> None:
    for name, kind in (("cluster", "RayCluster"), ("job", "RayJob")):
        assert of_kind(kind, render(edited / name))["metadata"]["labels"][QUEUE] == "q"
    queue = of_kind("LocalQueue", render(edited / "cluster"))
    assert queue["metadata"]["name"] == "q"


def test_flows_get_the_image_of_their_worker(edited: Path) -> None:
    workers = [d for d in render(edited / "prefect") if d["metadata"]["name"] == "prefect-worker"]
    spec = of_kind("Deployment", workers)["spec"]["template"]["spec"]
    for box in (*spec["initContainers"], *spec["containers"]):
        assert {"name": "VF_RAY_IMAGE", "value": "somewhere/ours:cpu"} in box["env"]


def amount(quantity: object) -> float:
    """Return a Kubernetes quantity as a number."""
    number, unit = re.fullmatch(r"([\d.]+)([A-Za-z]*)", str(quantity)).groups()  # type: ignore[union-attr]
    return float(number) * {"": 1, "m": 1e-3, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}[unit]


def most_asked(cluster: dict[str, Any]) -> Counter[str]:
    """Return what the pods of a cluster ask for together when every group is at its largest."""
    total: Counter[str] = Counter()
    for group in (cluster["spec"]["headGroupSpec"], *cluster["spec"]["workerGroupSpecs"]):
        for box in group["template"]["spec"]["containers"]:
            for name, quantity in box["resources"]["requests"].items():
                total[name] += group.get("maxReplicas", 1) * amount(quantity)
    return total


def test_the_queue_covers_all_that_pods_ask_for_and_has_room_for_it(edited: Path) -> None:
    documents = yaml.safe_load_all((KUBERNETES / "kueue" / "queues.yaml").read_text())
    (queue,) = [document for document in documents if document["kind"] == "ClusterQueue"]
    (group,) = queue["spec"]["resourceGroups"]
    quota: Counter[str] = Counter()
    for flavor in group["flavors"]:
        assert [one["name"] for one in flavor["resources"]] == group["coveredResources"]
        quota.update({one["name"]: amount(one["nominalQuota"]) for one in flavor["resources"]})
    asked = most_asked(of_kind("RayCluster", render(edited / "cluster")))
    assert not {name: asked[name] for name in asked if asked[name] > quota[name]}


def test_the_quota_has_room_for_the_cluster_at_its_largest(edited: Path) -> None:
    documents = render(edited / "cluster")
    hard = of_kind("ResourceQuota", documents)["spec"]["hard"]
    asked = most_asked(of_kind("RayCluster", documents))
    for name in ("cpu", "memory", "nvidia.com/gpu"):
        assert asked[name] < amount(hard[f"requests.{name}"]) * 1.0001


def test_no_service_is_taken_for_a_setting_of_prefect() -> None:
    for document in render(KUBERNETES / "prefect"):
        for pod in pods(document) if document["kind"] == "Deployment" else ():
            assert pod["enableServiceLinks"] is False


def test_every_extra_is_offered_by_the_site() -> None:
    offered = re.findall(r"# - \.\./([a-z-]+)", (KUBERNETES / "site" / "kustomization.yaml").read_text())
    assert sorted(offered) == EXTRAS
