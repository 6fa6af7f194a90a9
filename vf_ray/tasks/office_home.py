"""Office-Home: 65 everyday objects in four styles."""

from vf_ray.instances.shapes import name_it
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Made, Raw, Source, Terms

OFFICE_HOME = Source(
    name="office_home",
    title="Office-Home",
    url="https://www.hemanthdv.org/officeHomeDataset.html",
    terms=Terms(
        licence="non-commercial research",
        training="yes",
        faces="unknown",
        stated="www.hemanthdv.org/officeHomeDataset.html",
    ),
    raws=(
        Raw(
            name="office_home",
            obtain="Put OfficeHomeDataset_10072016.zip of www.hemanthdv.org/officeHomeDataset.html here",
        ),
    ),
    read=image_folder("OfficeHomeDataset_10072016/{domain}/{label}/*"),
)

USUAL = {
    "Flipflops": "Flip-flops", "Lamp_Shade": "Lampshade", "Postit_Notes": "Post-it notes",
    "ToothBrush": "Toothbrush",
}  # fmt: skip
"""Folders that are not named as a person would name what is in them."""


@OFFICE_HOME.task(
    "object",
    upstream="Office-Home+Image_classification",
    group="classification",
    category="General Object",
    instruction="What object from an office or home does the image show? Answer with its name.",
    evidence="the published samples show single words; blanks for the underscores of longer names are ours",
)
def thing(row: FolderRow) -> Made:
    """The class folder."""
    return name_it(row.image, row.label, USUAL)
