"""LSUN: millions of pictures of ten kinds of scenes."""

from vf_ray.shapes import choose, words
from vf_ray.sources.lmdb_images import lmdb_images
from vf_ray.sources.rows import LabelRow
from vf_ray.types import Made, Raw, Source, Terms

SCENES = (
    "bedroom", "bridge", "church_outdoor", "classroom", "conference_room", "dining_room", "kitchen",
    "living_room", "restaurant", "tower",
)  # fmt: skip
SPOKEN = {"church_outdoor": "church outside"}

LSUN = Source(
    name="lsun",
    title="LSUN scenes",
    url="https://github.com/fyu/lsun",
    terms=Terms(faces="unknown"),
    raws=(
        Raw(
            name="lsun",
            obtain="Fetch the scene databases with the script of github.com/fyu/lsun and unzip them here "
            "(bedroom_train_lmdb/ ...)",
        ),
    ),
    read=lmdb_images("{label}_{split}_lmdb", SCENES, {"train": "train", "val": "val"}),
)


def _spoken(scene: str) -> str:
    return SPOKEN.get(scene, words(scene))


@LSUN.task(
    "scene",
    upstream="LSUN+Image_Classification",
    group="classification",
    category="Scene Classification",
    instruction="Which place is this? Answer with the letter and the name.",
    evidence="all ten scenes are listed; the published sample lists nine",
)
def scene(row: LabelRow) -> Made:
    """The database's name among all ten."""
    return choose(row.image, _spoken(row.label), tuple(map(_spoken, SCENES)))
