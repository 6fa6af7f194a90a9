"""A sentence about each grid, in COCO's layout: what the base learns to see from."""

from vf_ray.instances.shapes import caption
from vf_ray.sources.coco_json import CaptionRow, coco_captions
from vf_ray.tasks.demo.raws import ANNOTATIONS, ARC_TERMS, GRIDS
from vf_ray.types import Made, Source

CAPTIONS = Source(
    name="demo_captions",
    title="Captions of ARC grids",
    url="https://github.com/fchollet/ARC-AGI",
    terms=ARC_TERMS,
    raws=(GRIDS, ANNOTATIONS),
    read=coco_captions(
        {"train": "annotations/captions_train2014.json"},
        image="train2014/COCO_{split}2014_{image_id:012d}.ppm",
    ),
)


@CAPTIONS.task(
    "caption",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="Describe the grid.",
)
def grid_caption(row: CaptionRow) -> Made:
    """For the base: size, colours and corners."""
    return caption(row.image, row.caption)
