"""Output may change only together with its number in ``chain.CODE``: addresses would lie otherwise.

Rows are compared, not Parquet files: their bytes follow the version of pyarrow.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.shards.building import BAD, TASKS, images_of, instances_of, tables
from tests.shards.synthetic import files, here, rows
from tests.shards.test_mixture import mixed
from vf_ray.artifacts import Artifact
from vf_ray.plan.versions import CODE
from vf_ray.shards.mixture import NAME
from vf_ray.shards.schema import ALL_VERDICTS, from_parquet

GOLDEN = {
    ("images", 5): "940aae97d93f8945",
    ("instances", 6): "f1e78633ad01cc8f",
    ("mixture", 4): "2c9fc6bb689689e2",
}
"""Digest of what each kind holds, by its code. When one changes: bump the code, then pin it here."""


def digest(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


def test_what_artifacts_hold_changes_only_with_their_code(tmp_path: Path) -> None:
    origin = here(rows(120, images=25), files(25, bad=BAD, twins={7: 8}))
    made = images_of(tmp_path, origin, 30)
    instances = {name: table for name, table in tables(made, origin).items() if "drawn" not in name}
    some = {task: instances_of(made, origin, task) for task in TASKS[:3]}
    mixture = from_parquet(mixed(some, per_task=9).read(NAME))
    found = {
        ("images", CODE["images"]): digest(list(map(seen, verdicts(made)))),
        ("instances", CODE["instances"]): digest(instances),
        ("mixture", CODE["mixture"]): digest(mixture.select(["task", "row", "response_bytes"]).to_pylist()),
    }
    assert found == GOLDEN


def verdicts(made: Artifact) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = from_parquet(made.read(ALL_VERDICTS)).to_pylist()
    return found


def seen(verdict: Mapping[str, Any]) -> list[Any]:
    """Return what of a verdict does not follow Pillow's version: composed pictures' bytes do."""
    names = ["ref", "chance", "reason", "file", "width", "height", "format"]
    own = ["sha256"] if verdict["format"] == "PPM" else []
    return [verdict[name] for name in names + own]
