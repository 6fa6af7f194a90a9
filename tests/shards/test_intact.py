"""Files that were cut or lost since they were published are found by one look at their lengths."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.shards.synthetic import files, here, rows
from tests.shards.test_build import TASKS, instances_of, pictures_of
from tests.shards.test_mixture import mixed
from vf_ray.artifacts import Artifact
from vf_ray.shards.intact import require_intact
from vf_ray.shards.schema import from_parquet


@pytest.fixture
def mixture(tmp_path: Path) -> Artifact:
    origin = here(rows(60, pictures=8), files(8))
    made = pictures_of(tmp_path, origin, 60)
    instances: Mapping[str, Artifact] = {task: instances_of(made, origin, task) for task in TASKS}
    return mixed(instances)


@pytest.mark.parametrize("harm", ["cut", "lost"])
@pytest.mark.parametrize("kind", ["pictures", "instances"])
def test_harmed_files_are_named(mixture: Artifact, kind: str, harm: str) -> None:
    require_intact(mixture)
    row = from_parquet(mixture.read("index.parquet")).to_pylist()[0]
    artifact = Artifact(mixture.store, row[kind])
    name = row["file"] if kind == "pictures" else "train.parquet"
    path = mixture.store.local_path(artifact.path(name))
    assert path is not None
    path.chmod(0o644)
    path.unlink() if harm == "lost" else path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ValueError, match=rf"{name} has (None|\d+) bytes, \d+ were published"):
        require_intact(mixture)
