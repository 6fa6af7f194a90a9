"""The example package, installed into a fresh folder and used end to end by its entry points alone."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.extensions.acme import PACKAGE, answers, exam_files, raw_files
from tests.tasks.tree import write

pytestmark = pytest.mark.chain
PREPARE = """
import json
from vf_ray import api

recipe, store = api.load_recipe("acme"), api.open_store("store")
print(json.dumps({task: artifact.stats["train"] for task, artifact in api.prepare(recipe, store).items()}))
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the package installed in ``site``, and what its recipe reads."""
    root = tmp_path_factory.mktemp("acme")
    shutil.copytree(PACKAGE, root / "package")  # a build leaves files beside it
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--target", str(root / "site")]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(root / "package")], check=True)
    write(root / "raw", raw_files())
    write(root / "exams", exam_files())
    (root / "answers.json").write_text(answers(right=4))
    return root


def run(root: Path, *command: str) -> str:
    """Run Python with the package installed, in its folder; return what it prints."""
    paths = os.pathsep.join([str(root / "site"), os.environ.get("PYTHONPATH", ".")])
    variables = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, *command], cwd=root, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def verb(root: Path, *words: str) -> Any:
    return json.loads(run(root, "-m", "vf_ray.cli", *words, "--json"))


def test_its_tasks_are_listed_with_their_terms(root: Path) -> None:
    listed = verb(root, "tasks", "zebras/*")
    assert [(task["id"], task["licence"]) for task in listed] == [
        ("zebras/count", "Acme's own"), ("zebras/many", "Acme's own"),
    ]  # fmt: skip


def test_its_instances_are_built_and_its_recipe_is_prepared(root: Path) -> None:
    lines = run(root, "-m", "vf_ray.cli", "build", "zebras/many", "--raw", "raw", "--json").splitlines()
    assert [json.loads(line)["answer"] for line in lines] == ["no"] * 3 + ["yes"] * 3
    prepared = json.loads(run(root, "-c", PREPARE))
    assert prepared.keys() == {"zebras/count", "zebras/many"} and set(prepared.values()) <= {5, 6}


def test_its_benchmark_scores_answers(root: Path) -> None:
    words = ("score", "zebra-count", "--data", "exams/zebra-count", "--answers", "answers.json")
    figure = verb(root, *words)["headline"]["accuracy %"]
    assert (round(figure["value"], 2), figure["n"]) == (66.67, 6)
