"""A stage on Ray Train: what it leaves, and what a killed worker costs."""

import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.on_ray.deadly import Deadly, Fatal
from tests.tiny import make_tiny
from tests.train.inputs import Listed, broken, stage, train
from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec, Writer
from vf_ray.on_ray.train import fit
from vf_ray.on_ray.worker import Job
from vf_ray.recipe import Resources
from vf_ray.store import Store
from vf_ray.train.guard import Stopped

pytestmark = pytest.mark.chain


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture
def bucket(s3_store_url: str) -> Store:
    return Store.open(f"{s3_store_url}-{uuid.uuid4().hex[:8]}")


def stored(store: Store, folder: Path) -> Artifact:
    """Return the model as an artifact of the store."""

    def make(writer: Writer) -> Mapping[str, Any]:
        for file in sorted(folder.iterdir()):
            writer.commit(f"model/{file.name}", file)
        return {}

    return artifacts.build(store, Spec(kind="base", name="tiny", config={}), make)


def losses(artifact: Artifact) -> list[float]:
    return [json.loads(line)["loss"] for line in artifact.read("metrics.jsonl").splitlines()]


def test_a_killed_worker_is_started_again_and_goes_on_from_the_bucket(
    ray_cluster: None, bucket: Store, folder: Path, tmp_path: Path
) -> None:
    model, tuned = stored(bucket, folder), stage(steps=10, zero=2)

    def make(writer: Writer) -> Mapping[str, Any]:
        two = Resources(workers=2, cpus_per_worker=0.5, threads=1)
        return fit(Job("stage1", tuned, model, partial(Deadly.of, 40, writer), writer, seed=0, resources=two))

    done = artifacts.build(bucket, Spec(kind="stage1", name="tiny", config={}), make)
    assert bucket.exists("killed")
    assert losses(done) == pytest.approx(losses(train(folder, tmp_path / "alone", tuned)), abs=1e-5)
    (timings,) = (bucket.read(p).splitlines() for p in bucket.list(f"{done.address}/timings"))
    assert len(timings) < 10, "the second start began at the first step"
    assert done.stats["steps"] == 10
    assert done.manifest["run"]["samples_per_s"] > 0
    assert not [p for p in bucket.list(done.address) if "/work/" in p or "/ray-train" in p]


def test_a_run_that_diverges_is_not_tried_again(
    ray_cluster: None, local_store: Store, folder: Path, tmp_path: Path
) -> None:
    model = stored(local_store, broken(folder, tmp_path / "broken"))

    def make(writer: Writer) -> Mapping[str, Any]:
        return fit(Job("stage1", stage(), model, partial(Listed.of, 40), writer, 0, Resources(threads=1)))

    with pytest.raises(Stopped, match=r"step 1: .*listed in"):
        artifacts.build(local_store, Spec(kind="stage1", name="tiny", config={}), make)


def test_workers_that_die_and_die_again_come_to_a_clear_end(
    ray_cluster: None, local_store: Store, folder: Path
) -> None:
    model = stored(local_store, folder)

    def make(writer: Writer) -> Mapping[str, Any]:
        one = Resources(threads=1, retries=1)
        return fit(Job("stage1", stage(), model, partial(Fatal.of, 40), writer, 0, one))

    with pytest.raises(Stopped, match=r"workers died 2 times after step 0 .* none could say of what"):
        artifacts.build(local_store, Spec(kind="stage1", name="tiny", config={}), make)


def test_workers_that_cannot_even_start_come_to_an_end_that_says_why(
    ray_cluster: None, local_store: Store, folder: Path, tmp_path: Path
) -> None:
    cut = shutil.copytree(folder, tmp_path / "cut")
    weights = (cut / "model.safetensors").read_bytes()
    (cut / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    model = stored(local_store, cut)

    def make(writer: Writer) -> Mapping[str, Any]:
        two = Resources(workers=2, cpus_per_worker=0.5, threads=1, retries=1)
        return fit(Job("stage1", stage(), model, partial(Listed.of, 40), writer, 0, two))

    with pytest.raises(
        Stopped, match=r"workers died 2 times .* first one of \w*Error: .*(incomplete|header)"
    ):
        artifacts.build(local_store, Spec(kind="stage1", name="tiny", config={}), make)


@pytest.mark.soak  # two minutes, most of which Ray takes to miss the node
def test_a_lost_node_leaves_the_others_to_go_on(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.on_ray.two_nodes", str(folder), str(tmp_path / "store")]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=500)
    assert ran.returncode == 0, ran.stderr[-4000:]
    told = json.loads(ran.stdout.splitlines()[-1])
    assert told["alive"] == 2, "the head and one of two nodes"
    assert len(told["logged"]) == 2
    alone = train(folder, tmp_path / "alone", stage(steps=10, zero=2))
    assert told["losses"] == pytest.approx(losses(alone), abs=1e-5)


@pytest.mark.chain
def test_a_node_that_will_be_taken_away_leaves_a_checkpoint_that_was_not_due(
    folder: Path, tmp_path: Path
) -> None:
    arguments = [str(folder), str(tmp_path / "store"), "leaving"]
    command = [sys.executable, "-m", "tests.on_ray.two_nodes", *arguments]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr[-4000:]
    told = json.loads(ran.stdout.splitlines()[-1])
    assert told["saved"]
    assert len(told["losses"]) == 24
