"""What it costs to hold every row against its class: next to reading it, and in all."""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.tree import write
from vf_ray.instances.typed import rows_of
from vf_ray.raw.tree import RawTree
from vf_ray.tasks import sources
from vf_ray.types import Reject

pytestmark = pytest.mark.bench
COUNT, ROUNDS = 30_000, 3


def cost(rows: Iterable[Any]) -> float:
    start = time.process_time()
    assert not any(isinstance(row, Reject) for row in rows)
    return time.process_time() - start


def files() -> dict[str, str]:
    questions = [
        {"image_id": n // 3, "question": f"What is number {n}?", "question_id": n} for n in range(COUNT)
    ]
    people = [{"answer_id": n, "answer": "standing", "answer_confidence": "yes"} for n in range(10)]
    answered = [
        {"image_id": n // 3, "question_id": n, "question_type": "one", "answers": people}
        for n in range(COUNT)
    ]
    return {
        "okvqa/OpenEnded_mscoco_train2014_questions.json": json.dumps({"questions": questions}),
        "okvqa/mscoco_train2014_annotations.json": json.dumps({"annotations": answered}),
    }


def test_the_check_of_rows_costs_little_beside_reading_them(tmp_path: Path) -> None:
    source = sources()["okvqa"]
    tree = RawTree.of(str(write(tmp_path, files())), source.raws)
    plain = min(cost(source.read(tree)) for _ in range(ROUNDS))
    checked = min(cost(rows_of(source, tree)) for _ in range(ROUNDS))
    print(f"\n{COUNT} rows: read {1e6 * plain / COUNT:.1f} us each, checked {checked / plain:.2f}x")
    assert checked < 1.3 * plain
