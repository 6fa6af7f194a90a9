"""A study that is only rehearsed says in the terminal what it would build, models it starts from among it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

pytestmark = pytest.mark.chain

STUDY = """
question: What does a projector of another run do?
recipe: smoke
runs:
  as it is: {}
  put in:
    base.checkpoint: {model: stage1, under: {stage1.lr: 0.002}}
    base.projector: {model: stage1}
    align: null
    stage1: null
    stage2: null
    evaluate.models: [base]
"""


def test_a_dry_run_says_what_would_be_built(tmp_path: Path, prefect_server: Mapping[str, str]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(STUDY)
    ran = subprocess.run(
        [sys.executable, "-m", "flows.study", str(path), "--dry-run"],
        env={**os.environ, **prefect_server, "VF_RAY_STORE": str(tmp_path / "store")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    rows = {line.split("  ")[0]: line for line in ran.stdout.splitlines() if "  " in line}
    assert "stage1 2" in rows["stage1, for put in, seed 0"], "mixture and model, and no later step"
    assert "evaluate" not in rows["stage1, for put in, seed 0"]
    assert "base 1, evaluate 1" in rows["put in, seed 0"]
    assert "stage2 2" in rows["as it is, seed 0"] and not (tmp_path / "store").exists()
