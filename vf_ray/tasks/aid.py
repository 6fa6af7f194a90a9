"""AID: aerial pictures of thirty kinds of places."""

from vf_ray.instances.shapes import camel_words, name_it
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Made, Raw, Source, Terms

AID = Source(
    name="aid",
    title="AID",
    url="https://captain-whu.github.io/AID/",
    terms=Terms(faces="no"),
    raws=(Raw(name="aid", obtain="Put AID.zip (or AID_dataset.zip) of captain-whu.github.io/AID here"),),
    read=image_folder("AID/{label}/*"),
)

USUAL = {
    f"{sort}Residential": f"{sort.capitalize()} residential area" for sort in ("Dense", "Medium", "Sparse")
}
"""Folders that are no nouns."""


@AID.task(
    "scene",
    upstream="AID+aerial_scene_classification",
    group="classification",
    category="Scene Classification",
    instruction="What is this place, seen from the air? Answer with one to three words, such as "
    "Baseball field.",
    evidence="of class names only Airport is published; those of several words become words as in a sentence",
)
def scene(row: FolderRow) -> Made:
    """The class folder."""
    return name_it(row.image, USUAL.get(row.label, camel_words(row.label).capitalize()))
