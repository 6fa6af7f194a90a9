"""Work without GPUs leaves nodes with GPUs alone, where nodes for it are declared."""

import json
import subprocess
import sys

import pytest


@pytest.mark.chain
def test_prepare_stays_on_the_nodes_for_work_without_gpus() -> None:
    command = [sys.executable, "-m", "tests.on_ray.gpu_nodes"]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr[-4000:]
    assert json.loads(ran.stdout.splitlines()[-1]) == {"anywhere": ["cpu", "gpu"], "declared": ["cpu"]}
