"""Extensions reach the workers of a cluster that never saw them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.extensions.acme import FOLDER, exam_files, raw_files
from tests.tasks.tree import write

pytestmark = pytest.mark.chain


def test_a_submitted_step_brings_its_extensions_along(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "acme_vision")
    write(tmp_path / "raw", raw_files())
    write(tmp_path / "exams", exam_files())
    command = [sys.executable, "-m", "tests.extensions.on_cluster", str(tmp_path)]
    elsewhere = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    elsewhere["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # a job is told "python"
    done = subprocess.run(command, env=elsewhere, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {"zebras/count": 6, "zebras/many": 6}
