"""Annotation files of any length cost a bounded memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.bench
MOST_MIB = 300
MEASURE = """
import re, sys, time
from pathlib import Path
from vf_ray.sources.raw import RawTree
from vf_ray.sources.vqa_json import vqa_json
read = vqa_json(questions="q_{split}.json", annotations="a_{split}.json", image="{split}/{image_id}.jpg")
def peak_mib():  # not ru_maxrss, which a child inherits from its parent
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
before = peak_mib()
began = time.perf_counter()
count = sum(1 for _ in read(RawTree.of(sys.argv[1])))
print(count, peak_mib() - before, time.perf_counter() - began)
"""


def _write(folder: Path, count: int) -> None:
    answers = [{"answer": f"word {n}", "answer_confidence": "yes", "answer_id": n} for n in range(10)]
    with (folder / "q_train.json").open("w") as q, (folder / "a_train.json").open("w") as a:
        q.write('{"questions": [')
        a.write('{"annotations": [')
        for n in range(count):
            comma = "," if n else ""
            q.write(comma + json.dumps({"question_id": n, "image_id": n // 3, "question": f"What is {n}?"}))
            a.write(comma + json.dumps({"question_id": count - 1 - n, "image_id": 1, "answers": answers}))
        q.write("]}")
        a.write("]}")


@pytest.mark.parametrize("count", [10_000, 1_000_000])
def test_a_join_of_many_rows_stays_small(tmp_path: Path, count: int) -> None:
    _write(tmp_path, count)
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path)], capture_output=True, text=True, check=True
    )
    found, grown_mib, seconds = (float(part) for part in ran.stdout.split())
    print(f"\n{count} rows: {grown_mib:.0f} MiB above imports, {seconds:.1f} s")
    assert found == count
    assert grown_mib < MOST_MIB
