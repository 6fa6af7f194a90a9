"""Tell a Prefect server what it needs to run us: a work pool, the deployments, the automations.

    python -m infra.prefect.register process|kubernetes

Asked again, it changes nothing but what has changed here. ``PREFECT_API_URL`` names the server.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "infra" / "prefect"
AUTOMATIONS = HERE / "automations.yaml"
POOLS = {
    "process": (
        "vf-ray",
        ["--base-job-template", str(HERE / "process-job-template.json")],
        ROOT / "prefect.yaml",
    ),
    "kubernetes": (
        "vf-ray-kubernetes",
        ["--base-job-template", str(HERE / "kubernetes-job-template.json")],
        HERE / "kubernetes.yaml",
    ),
}
"""By kind: the pool's name, what it is made with, and the file that declares its deployments."""

Prefect = Callable[..., str]
"""Runs Prefect's command line with some words and returns what it printed."""


def register(kind: str, prefect: Prefect) -> None:
    """Make the pool and its deployments anew, and the automations that are not there."""
    pool, made_with, deployments = POOLS[kind]
    prefect("work-pool", "create", pool, "--type", kind, *made_with, "--overwrite")
    prefect("deploy", "--all", "--prefect-file", str(deployments))
    automate(prefect)


def automate(prefect: Prefect) -> None:
    """Make the automations of our file unless the server has them: it would take each as a new one."""
    known = {one["name"] for one in json.loads(prefect("api", "POST", "/automations/filter", "--data", "{}"))}
    declared = {one["name"] for one in yaml.safe_load(AUTOMATIONS.read_text())["automations"]}
    if not declared & known:
        prefect("automation", "create", "--from-file", str(AUTOMATIONS))


def call(*words: str) -> str:
    """Run the command line beside this Python; its errors go where ours go."""
    program = str(Path(sys.executable).with_name("prefect"))
    command = [program, "--no-prompt", *words]
    return subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    register(sys.argv[1], call)
