"""From two public folders to a tuned tiny model and its report: one recipe, one command, one process."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.tasks.tree import pictures, write
from vf_ray.store import Store

pytestmark = pytest.mark.chain

RECIPE = """
prepare:
  raw: raw                       # eurosat/ and caltech101/ as their publishers pack them
  tasks: [eurosat/*, caltech101/*]
  held_out: 0.25
base: {size: tiny, image_size: 16, patch_size: 8}
stage1: {tasks: ["*"], lr: 3.0e-3, batch: 8, steps: 12, zero: 0}
evaluate: {benchmarks: [tasks], per_task: 10}
resources: {alone: true}
"""
LANDS = ("AnnualCrop", "Forest", "Highway", "Industrial", "Pasture", "PermanentCrop", "River", "SeaLake")
THINGS = ("accordion", "airplanes", "bass", "binocular", "car_side", "garfield", "hedgehog", "Leopards")


def test_from_two_public_folders_to_a_report(tmp_path: Path, prefect_server: Mapping[str, str]) -> None:
    write(tmp_path / "raw", pictures(*(f"eurosat/2750/{n}/{n}_{i}.jpg" for n in LANDS for i in range(6))))
    things = (f"caltech101/101_ObjectCategories/{n}/image_{i:04}.jpg" for n in THINGS for i in range(6))
    write(tmp_path / "raw", pictures(*things))
    (tmp_path / "two-folders.yaml").write_text(RECIPE)
    store = Store.open(str(tmp_path / "store"))

    ours = {"VF_RAY_STORE": store.url, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-m", "flows", "two-folders.yaml"], cwd=tmp_path,
        env={**os.environ, **prefect_server, **ours}, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stdout + ran.stderr
    (page,) = (name for name in store.list() if re.fullmatch(r"report/.*report\.html", name))
    shown = store.read(page).decode()
    assert "eurosat/water" in shown and "caltech101/" in shown and "<script" not in shown
    assert any(re.fullmatch(r"stage1/two-folders/\w+/.*model/config\.json", name) for name in store.list())
