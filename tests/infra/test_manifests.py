"""Manifests for Kubernetes, Docker and Prefect: they parse, agree with each other and name what exists."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore.session
import botocore.validate
import pytest
import yaml

from tests.infra.bare_root import lines
from vf_ray.on_ray.cluster_variables import CPU_NODES, MOST_GPUS
from vf_ray.plan.plan import STEPS
from vf_ray.recipe.load import recipe_names
from vf_ray.study.study import study_names

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "infra" / "kubernetes"
DEPLOYMENTS = ("prefect.yaml", "infra/prefect/kubernetes.yaml")


def load(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


def cluster() -> Mapping[str, Any]:
    found: Mapping[str, Any] = load("infra/kubernetes/base/cluster.yaml")
    return found


def groups() -> Iterator[tuple[str, Mapping[str, Any]]]:
    spec = cluster()["spec"]
    yield "head", spec["headGroupSpec"]
    yield from ((group["groupName"], group) for group in spec["workerGroupSpecs"])


def targets() -> set[str]:
    return set(re.findall(r"^FROM \S+ AS (\w+)$", (ROOT / "docker/Dockerfile").read_text(), re.MULTILINE))


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a nest of mappings and lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)


def test_the_cluster_has_a_head_without_work_and_groups_for_both_kinds() -> None:
    assert [name for name, _ in groups()] == ["head", "cpu", "gpu"]
    assert cluster()["apiVersion"] == "ray.io/v1"
    assert cluster()["spec"]["authOptions"] == {"mode": "token"}
    assert cluster()["spec"]["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"


def test_the_cluster_runs_the_ray_that_is_installed() -> None:
    import importlib.metadata

    assert cluster()["spec"]["rayVersion"] == importlib.metadata.version("ray")


@pytest.mark.parametrize(("name", "group"), list(groups()))
def test_each_group_asks_for_what_its_pods_need(name: str, group: Mapping[str, Any]) -> None:
    pod = group["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == f"vf-ray:{'gpu' if name == 'gpu' else 'cpu'}"
    assert container["resources"]["requests"]["memory"] == container["resources"]["limits"]["memory"]
    assert ("nvidia.com/gpu" in container["resources"]["limits"]) == (name == "gpu")
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}
    if name != "head":
        assert 0 <= group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]


@pytest.mark.parametrize(("name", "group"), list(groups()))
def test_scratch_lies_on_volumes_that_the_node_has_room_for(name: str, group: Mapping[str, Any]) -> None:
    pod = group["template"]["spec"]
    (container,) = pod["containers"]
    variables = {one["name"]: one["value"] for one in container["env"]}
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    for path in ("/tmp/ray", variables["TMPDIR"], variables["VF_RAY_SCRATCH"]):
        assert any(path == mounted or path.startswith(f"{mounted}/") for mounted in mounts)
    disks = {v["name"]: v["emptyDir"] for v in pod["volumes"] if "medium" not in v["emptyDir"]}
    assert set(mounts.values()) >= set(disks)
    room = gib(container["resources"]["requests"]["ephemeral-storage"])
    assert room > sum(gib(disk["sizeLimit"]) for disk in disks.values())


def gib(quantity: str) -> float:
    number, unit = float(quantity[:-2]), quantity[-2:]
    return number * {"Gi": 1, "Ti": 1024}[unit]


def test_the_autoscaler_shares_the_heads_logs() -> None:
    """KubeRay gives its sidecar the volume of this name, and makes another one where there is none."""
    pod = cluster()["spec"]["headGroupSpec"]["template"]["spec"]
    assert {"mountPath": "/tmp/ray", "name": "ray-logs"} in pod["containers"][0]["volumeMounts"]


def test_work_without_gpus_has_nodes_of_its_own() -> None:
    """Ray matches the label exactly: the head must name one that nodes without GPUs carry, and only they."""
    head = cluster()["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]
    named = {one["name"]: one["value"] for one in head["env"]}[CPU_NODES]
    assert [name for name, group in groups() if group.get("labels") == {"ray-subcluster": named}] == ["cpu"]


def test_the_settings_count_the_gpus_that_may_come() -> None:
    gpu = dict(groups())["gpu"]
    each = gpu["template"]["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"]
    settings = load("infra/kubernetes/site/settings.yaml")["data"]
    assert int(settings[MOST_GPUS]) == gpu["maxReplicas"] * each


@pytest.mark.parametrize("name", ["job", "job-on-cluster"])
def test_jobs_start_a_recipe_that_exists_and_carry_no_keys(name: str) -> None:
    spec = load(f"infra/kubernetes/{name}/job.yaml")["spec"]
    command, recipe = spec["entrypoint"].rsplit(" ", 1)
    assert command == "python -m flows"
    assert recipe in recipe_names()
    assert "runtimeEnvYAML" not in spec


def test_the_job_on_a_cluster_selects_ours() -> None:
    selector = load("infra/kubernetes/job-on-cluster/job.yaml")["spec"]["clusterSelector"]
    assert selector == {"ray.io/cluster": cluster()["metadata"]["name"]}


@pytest.mark.parametrize("path", DEPLOYMENTS)
def test_deployments_preset_the_steps_of_the_flow(path: str) -> None:
    declared = load(path)["deployments"]
    assert [d["parameters"].get("only") for d in declared] == [None, *STEPS, None]
    for deployment in declared:
        file, function = deployment["entrypoint"].split(":")
        assert f"def {function}(" in (ROOT / file).read_text()
        named = deployment["parameters"]
        assert named.get("recipe") in recipe_names() or named.get("name") in study_names()


def test_the_kubernetes_template_declares_what_it_uses() -> None:
    template = json.loads((ROOT / "infra/prefect/kubernetes-job-template.json").read_text())
    used = set(re.findall(r"\{\{ (\w+) \}\}", json.dumps(template["job_configuration"])))
    declared = set(template["variables"]["properties"])
    assert used == declared
    assert required(template["job_configuration"]["job_manifest"]) == {"parallelism": 1, "completions": 1}
    given = load("infra/prefect/kubernetes.yaml")["definitions"]["flow"]["work_pool"]["job_variables"]
    assert set(given) <= declared


def required(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what prefect-kubernetes looks for in the pod, where Kubernetes itself has no such fields."""
    pod = manifest["spec"]["template"]["spec"]
    assert (manifest["apiVersion"], manifest["kind"]) == ("batch/v1", "Job")
    assert (pod["restartPolicy"], pod["containers"][0]["name"]) == ("Never", "prefect-job")
    return {key: pod[key] for key in ("parallelism", "completions")}


def test_the_worker_makes_a_job_of_the_template() -> None:
    model = pytest.importorskip("prefect_kubernetes.worker").KubernetesWorkerJobConfiguration
    template = json.loads((ROOT / "infra/prefect/kubernetes-job-template.json").read_text())
    values = {"image": "registry/vf-ray:cpu", "namespace": "there", "command": "prefect flow-run execute"}
    job = asyncio.run(model.from_template_and_values(template, values)).job_manifest
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert job["metadata"]["namespace"] == "there"
    assert container["image"] == "registry/vf-ray:cpu"
    assert {"configMapRef": {"name": "vf-ray"}} in container["envFrom"]


def test_deployments_of_both_pools_can_lie_on_one_server() -> None:
    process, kubernetes = ([d["name"] for d in load(path)["deployments"]] for path in DEPLOYMENTS)
    assert kubernetes == [f"kubernetes-{name}" for name in process]


def test_automations_are_what_prefect_accepts() -> None:
    from prefect.events.schemas.automations import AutomationCore

    for automation in load("infra/prefect/automations.yaml")["automations"]:
        assert AutomationCore.model_validate(automation).name.startswith("vf-ray")


def test_images_are_targets_of_the_dockerfile() -> None:
    everything = [d for path in KUBERNETES.rglob("*.yaml") for d in yaml.safe_load_all(path.read_text())]
    everything += [load("docker/compose.yaml")]
    named = {text for document in everything for text in texts(document) if re.fullmatch(r"vf-ray:\w+", text)}
    assert named == {"vf-ray:cpu", "vf-ray:gpu"}
    assert {"base", "cpu", "gpu"} == targets()


def test_the_image_copies_what_exists_and_what_it_may() -> None:
    copied = re.findall(
        r"^COPY --chown=1000 (.+) \S+$", (ROOT / "docker/Dockerfile").read_text(), re.MULTILINE
    )
    sources = {name for line in copied for name in line.split()}
    allowed = (ROOT / "docker/Dockerfile.dockerignore").read_text().splitlines()
    assert all((ROOT / name).exists() for name in sources)
    assert {f"!{name}" for name in sources} <= set(allowed)


def dockerfile() -> str:
    return (ROOT / "docker/Dockerfile").read_text()


def test_images_run_as_a_number_and_show_no_gpu_that_was_not_asked_for() -> None:
    users = re.findall(r"^USER (\S+)$", dockerfile(), re.MULTILINE)
    assert users[0] == users[-1] == "1000", "Kubernetes cannot see that a name is not root"
    settings = re.sub(r"^#.*$", "", dockerfile(), flags=re.MULTILINE)
    assert "NVIDIA_VISIBLE_DEVICES" not in settings


def test_the_gpu_image_can_compile_and_the_cpu_image_brings_no_cuda() -> None:
    cpu, gpu = re.split(r"^FROM base AS \w+$", dockerfile(), flags=re.MULTILINE)[1:]
    assert "g++" in gpu
    assert cpu.index('--index-url "${CPU_INDEX:?') < cpu.index("-e '.[demo")


def test_a_bare_root_gets_the_lines_of_the_base_and_of_its_target() -> None:
    cpu, gpu = (list(lines(dockerfile(), target)) for target in ("cpu", "gpu"))
    shared = cpu[: cpu.index(("ARG", "CPU_INDEX"))]
    assert gpu[: len(shared)] == shared and shared[0][0] == "RUN"
    assert not [rest for word, rest in gpu if word == "RUN" and "CPU_INDEX" in rest]
    assert ("USER", "1000") in cpu and all("\\" not in rest for _, rest in cpu + gpu)


def test_volumes_lie_where_the_image_has_folders_of_its_user() -> None:
    """A fresh volume takes the owner of the image's folder; where there is none it would be root's."""
    (owned,) = re.findall(r"install -d -o vfray ([^\n]+)", dockerfile())
    compose = load("docker/compose.yaml")
    for service in (s for s in compose["services"].values() if s["image"] == "vf-ray:cpu"):
        assert "user" not in service
        named = [v.split(":")[1] for v in service.get("volumes", ()) if v.split(":")[0] in compose["volumes"]]
        assert set(named) <= set(owned.split())


def test_compose_tells_the_image_its_commit_and_lets_the_store_end() -> None:
    services = load("docker/compose.yaml")["services"]
    for service in (s for s in services.values() if "build" in s):
        assert {"COMMIT", "CPU_INDEX"} == set(service["build"]["args"])
    assert services["store"]["stop_grace_period"] == "1m"
    assert "infra.prefect.register process" in services["deploy"]["command"]


def test_compose_listens_on_loopback_only_and_waits_for_what_it_needs() -> None:
    services = load("docker/compose.yaml")["services"]
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        assert service["image"] != "vf-ray:cpu" or service["build"]["target"] in targets()


def test_the_bucket_lets_runs_write_results_and_nothing_else() -> None:
    statements = json.loads((ROOT / "infra/storage/policy.json").read_text())["Statement"]
    writing = [s for s in statements if any("Put" in a or "Delete" in a for a in [*s["Action"]])]
    assert [s["Resource"] for s in writing] == ["arn:aws:s3:::BUCKET/vf-ray/*"]
    assert all(s["Effect"] == "Allow" and "*" not in s["Action"] for s in statements)


def test_the_lifecycle_is_one_that_s3_takes_and_ends_uploads_only() -> None:
    rules = json.loads((ROOT / "infra/storage/lifecycle.json").read_text())
    shape = botocore.session.get_session().get_service_model("s3").shape_for("BucketLifecycleConfiguration")
    assert not botocore.validate.ParamValidator().validate(rules, shape).has_errors()
    (rule,) = rules["Rules"]
    assert set(rule) == {"ID", "Status", "Filter", "AbortIncompleteMultipartUpload"}
