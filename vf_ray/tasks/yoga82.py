"""Yoga-82: web photographs of 82 yoga poses."""

from vf_ray.instances.shapes import capitalised, name_it
from vf_ray.sources.list_file import list_file
from vf_ray.sources.records import At
from vf_ray.sources.rows import LabelRow
from vf_ray.text import words
from vf_ray.types import Made, Raw, Source, Terms

SMALL = ("and", "of", "or", "the", "to", "with")


def _row(line: str, at: At) -> LabelRow:
    path = line.rsplit(",", 3)[0]
    return LabelRow(key=path, split=at.split, image=f"Images/{path}", label=path.partition("/")[0])


YOGA82 = Source(
    name="yoga82",
    title="Yoga-82",
    url="https://sites.google.com/view/yoga-82/home",
    terms=Terms(faces="yes"),
    raws=(
        Raw(
            name="yoga82",
            obtain="Put yoga_train.txt and yoga_test.txt of sites.google.com/view/yoga-82 here and download "
            "the links of yoga_dataset_links/ into Images/<pose>/",
        ),
    ),
    read=list_file({s: f"yoga_{s}.txt" for s in ("train", "test")}, _row),
)


def _spoken(folder: str) -> str:
    """Return the names in capitals, as most of them are."""
    return " ".join(w if w in SMALL else capitalised(w) for w in words(folder).split())


@YOGA82.task(
    "pose",
    upstream="Yoga-82+yoga_pose_recognition",
    group="classification",
    category="Human Activity",
    instruction="Which yoga pose is this? Answer with its English and its Sanskrit name, joined by or, as in "
    "Boat Pose or Paripurna Navasana; if it has one name only, with that.",
    ceiling=0.5,  # dead addresses
)
def pose(row: LabelRow) -> Made:
    """The folder's name; many end in a stray underscore."""
    return name_it(row.image, _spoken(row.label))
