"""Grids of coloured cells in class folders: the folder is the commonest colour but black."""

from vf_ray.instances.shapes import name_it
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.tasks.demo.raws import ARC_TERMS, OBTAIN
from vf_ray.types import Made, Raw, Source

COLOURS = Source(
    name="demo_colours",
    title="ARC grids by colour",
    url="https://github.com/fchollet/ARC-AGI",
    terms=ARC_TERMS,
    raws=(Raw(name="demo_colours", obtain=OBTAIN),),
    read=image_folder("colours/{split}/{label}/*"),
)


@COLOURS.task(
    "main_colour",
    group="classification",
    category="Color",
    instruction="What is the most common colour besides black?",
)
def main_colour(row: FolderRow) -> Made:
    """The commonest colour but black."""
    return name_it(row.image, row.label)
