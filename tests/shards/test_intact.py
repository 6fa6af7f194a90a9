"""Files that were cut or lost are found by one look at their lengths, altered ones when they are read."""

import random
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.shards.building import TASKS, images_of, instances_of
from tests.shards.synthetic import files, here, rows
from tests.shards.test_mixture import mixed
from vf_ray.artifacts import Artifact
from vf_ray.shards.intact import require_intact
from vf_ray.shards.read import StoredSamples
from vf_ray.shards.schema import from_parquet


@pytest.fixture
def mixture(tmp_path: Path) -> Artifact:
    origin = here(rows(60, images=8), files(8))
    made = images_of(tmp_path, origin, 60)
    instances: Mapping[str, Artifact] = {task: instances_of(made, origin, task) for task in TASKS}
    return mixed(instances)


@pytest.mark.parametrize("harm", ["cut", "lost"])
@pytest.mark.parametrize("kind", ["images", "instances"])
def test_harmed_files_are_named(mixture: Artifact, kind: str, harm: str) -> None:
    require_intact(mixture)
    name, path = first(mixture, kind)
    path.unlink() if harm == "lost" else path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ValueError, match=rf"{name} has (None|\d+) bytes, \d+ were published"):
        require_intact(mixture)


@pytest.mark.parametrize("kind", ["images", "instances"])
def test_no_altered_byte_reaches_the_training(mixture: Artifact, kind: str) -> None:
    _, path = first(mixture, kind)
    told = {
        "images": rf"{path}, bytes \d+ to \d+: altered since .*; expected SHA-256",
        "instances": rf"{path}: row \d+ cannot be read .* restore it, or prepare that task again",
    }
    written, right = path.read_bytes(), seen(mixture)
    draw, refused = random.Random(3), 0
    for _ in range(30):
        altered = bytearray(written)
        altered[draw.randrange(len(written))] ^= 1 << draw.randrange(8)
        path.write_bytes(altered)
        require_intact(mixture)
        try:
            assert seen(mixture) == right, "a byte that nothing depends on, such as a statistic's"
        except ValueError as error:
            refused += 1
            assert re.search(told[kind], str(error))
    assert refused > 3, "the rest is what training does not read, such as footers and other columns"
    path.write_bytes(written)
    assert seen(mixture) == right


def first(mixture: Artifact, kind: str) -> tuple[str, Path]:
    """Return name and place of the first file of a kind, which may now be written to."""
    row = from_parquet(mixture.read("index.parquet")).to_pylist()[0]
    artifact = Artifact(mixture.store, row[kind])
    name = row["file"] if kind == "images" else "train.parquet"
    path = mixture.store.local_path(artifact.path(name))
    assert path is not None
    path.chmod(0o644)
    return name, path


def seen(mixture: Artifact) -> list[object]:
    """Read everything of a mixture."""
    samples = StoredSamples.of(mixture.store, mixture)
    every = range(len(samples))
    shown = [image for images in samples.shown(every) for image in images]
    return [
        *samples.text(every),
        *samples.images(shown),
    ]
