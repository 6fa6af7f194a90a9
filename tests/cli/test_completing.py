"""A shell completes verbs, and the names that they take."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("line", "completed"),
    [("vf-ray doct", "doctor"), ("vf-ray doctor pap", "paper-13b"), ("vf-ray score pop", "pope")],
)
def test_bash_is_given_what_may_stand_there(line: str, completed: str) -> None:
    words = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    asked = {**os.environ, "_VF_RAY_COMPLETE": "complete_bash", **words}
    command = [sys.executable, "-m", "vf_ray.cli"]
    done = subprocess.run(command, env=asked, capture_output=True, text=True, check=False)
    assert completed in done.stdout.split()
