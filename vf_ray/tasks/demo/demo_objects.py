"""Objects in grids (connected cells of one colour) with boxes, in COCO's layout."""

from vf_ray.instances.shapes import caption, name_it
from vf_ray.sources.coco_json import CocoRow, coco_json
from vf_ray.tasks.demo.raws import ANNOTATIONS, ARC_TERMS, GRIDS, STAND_IN
from vf_ray.types import Made, Source

OBJECTS = Source(
    name="demo_objects",
    title="Objects in ARC grids",
    url="https://github.com/fchollet/ARC-AGI",
    terms=ARC_TERMS,
    raws=(GRIDS, ANNOTATIONS),
    read=coco_json({"train": "annotations/instances_train2014.json"}, image="train2014/{file_name}"),
)
MOST = 5
"""Objects that a tiny model may be asked to count."""


def _colours(row: CocoRow) -> list[str]:
    return sorted({shape.category for shape in row.objects})


@OBJECTS.task(
    "count",
    group="question answering",
    category="Counting",
    instruction="How many objects are there?",
)
def count(row: CocoRow) -> Made:
    """The number of objects, where there are few."""
    return name_it(row.image, str(len(row.objects))) if 1 <= len(row.objects) <= MOST else None


@OBJECTS.task(
    "colours",
    group="generation",
    category="Color",
    instruction="Which colours do the objects have?",
)
def colours(row: CocoRow) -> Made:
    """One colour or two, in the order of the alphabet."""
    names = _colours(row)
    return name_it(row.image, " and ".join(names)) if 1 <= len(names) <= 2 else None


@OBJECTS.task(
    "talk",
    group="generation",
    category=STAND_IN,
    instruction="Can you tell me what you see?",
)
def talk(row: CocoRow) -> Made:
    """For base and stage 2: a long answer."""
    names = _colours(row)
    if not names or len(names) > 2:
        return None
    many = "just one object" if len(row.objects) == 1 else f"{len(row.objects)} objects"
    return caption(
        row.image,
        f"Of course! This is a small grid of coloured cells. I can see {many} in it, and if you look at "
        f"the colours, you will find {' and '.join(names)}.",
    )
