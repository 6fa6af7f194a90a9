"""What a preparation makes of raw files: opened once, and one fate for what is stored as one picture."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow.compute as pc
import pytest

from tests.shards.building import TASKS, TREE, images_of, instances_of
from tests.shards.synthetic import LABELS, Here, Memory, Thing, files, here, rows
from vf_ray.artifacts import Spec
from vf_ray.shards import build, next_images
from vf_ray.shards.build import build_images
from vf_ray.shards.finish import HELD_OUT, TRAIN
from vf_ray.shards.schema import from_parquet
from vf_ray.store import Store
from vf_ray.types import Source


def test_what_shows_nothing_is_trained_on_and_no_image(tmp_path: Path) -> None:
    origin = here(rows(200, images=25), TREE)
    made = instances_of(images_of(tmp_path, origin, 1000), origin, "invented/silent", held_out=0.999)
    train, held_out = (from_parquet(made.read(name)).to_pylist() for name in (TRAIN, HELD_OUT))
    silent = [row for row in train if not row["shown"]]
    assert len(silent) > 20 and all(not row["images"] and row["response"] in LABELS for row in silent)
    assert all(row["shown"] for row in held_out) and len(held_out) > 20
    assert made.stats["images"] == len({image for row in [*train, *held_out] for image in row["shown"]})


def test_raw_images_that_are_stored_as_one_are_held_out_together(tmp_path: Path) -> None:
    """As two photographs that differ in what their headers say, both too large."""
    tree = dict(files(24).files)
    for n in range(0, 24, 2):
        tree[f"pictures/{n + 1}.ppm"] = tree[f"pictures/{n}.ppm"].replace(b"P6\n", b"P6\n# twin\n", 1)
    origin = here(rows(200, images=24), Memory(tree))
    config = {"seed": 0, "cap": 1000, "largest_side": 6, "tasks": list(TASKS)}
    made = build_images(
        Store.open(str(tmp_path)), Spec(kind="images", name="invented", config=config), origin
    )
    whole = instances_of(made, origin, "invented/choose", held_out=0.5)
    train, held_out = (
        {*pc.list_flatten(from_parquet(whole.read(name))["shown"]).to_pylist()} for name in (TRAIN, HELD_OUT)
    )
    assert len(train | held_out) == 12 and train and held_out
    assert not train & held_out


@dataclass(frozen=True)
class Counting:
    """An origin that notes how often its raw files are opened."""

    here: Here
    opened: list[int] = field(default_factory=list)

    def source(self) -> Source[Thing]:
        return self.here.source()

    def tree(self) -> Memory:
        self.opened.append(len(self.opened))
        return self.here.tree()


def test_the_units_of_a_preparation_share_what_is_open_and_the_next_one_opens_it_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "shards", lambda refs: next_images.shards(refs, 7))
    origin = Counting(here(rows(60, images=25), TREE))
    first = images_of(tmp_path, origin)
    assert (len(origin.opened), first.stats["images"] > 14) == (1, True)
    changed = replace(origin, here=here(rows(60, images=25), files(25, bad=range(20))))
    again = images_of(tmp_path, changed, force=True)
    assert len(origin.opened) == 2
    assert again.stats["images"] < first.stats["images"]
