"""COCO 2017 objects: which thing of a group (a vehicle, an animal ...) is in the picture."""

from functools import partial

from vf_ray.instances.shapes import choose
from vf_ray.raw.shared import COCO_2017, COCO_ANNOTATIONS, COCO_TERMS
from vf_ray.sources.coco_json import CocoRow, coco_json
from vf_ray.types import Made, Source

OBJECTS = Source(
    name="coco_objects",
    title="MSCOCO objects (2017)",
    url="https://cocodataset.org",
    terms=COCO_TERMS,
    raws=(COCO_ANNOTATIONS, COCO_2017),
    read=coco_json(
        {s: f"annotations/instances_{s}2017.json" for s in ("train", "val")},
        image="{split}2017/{image_id:012d}.jpg",
    ),
)
GROUPS = {
    "appliance": ("microwave", "oven", "toaster", "sink", "refrigerator"),
    "furniture": ("chair", "couch", "potted plant", "bed", "dining table", "toilet"),
    "kitchen": ("bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl"),
    "vehicle": ("bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"),
    "animal": (
        "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe",
    ),
    "sports": (
        "frisbee", "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove",
        "skateboard", "surfboard", "tennis racket",
    ),
}  # fmt: skip
"""COCO's supercategories and their classes, as the annotation files name them."""
NAMES = {
    "appliance": "household appliance",
    "furniture": "piece of furniture",
    "kitchen": "kitchen object",
    "sports": "piece of sports equipment",
}


def _object(row: CocoRow, group: str) -> Made:
    """The only class of the group in the picture; a picture with none or several is not asked about."""
    categories = {o.category for o in row.objects if o.supercategory == group}
    return choose(row.image, categories.pop(), GROUPS[group]) if len(categories) == 1 else None


for group in GROUPS:
    OBJECTS.task(
        group,
        upstream=f"coco+image_classification_{group}",
        group="classification",
        category="General Object",
        instruction=f"Which {NAMES.get(group, group)} does the image show? Only one of the options is in it. "
        "Answer with the letter and the name.",
        evidence="only pictures with one class of the group; the authors' rule for several is not published",
    )(partial(_object, group=group))
