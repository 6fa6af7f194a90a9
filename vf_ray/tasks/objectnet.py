"""ObjectNet: household objects in odd places and positions; a test set by its licence."""

from collections.abc import Iterator

from vf_ray.sources.image_folder import FolderRow, image_folder, renamed
from vf_ray.sources.json_items import json_pairs
from vf_ray.sources.records import unambiguous
from vf_ray.text import tidy
from vf_ray.types import Example, Made, Raw, Reject, Source, Terms, Tree

MAPPING = "objectnet-1.0/mappings/folder_to_objectnet_label.json"


def _read(tree: Tree) -> Iterator[FolderRow | Reject]:
    listed = unambiguous(pair for pair, _ in json_pairs(tree, MAPPING, "test"))
    labels = {folder: label for folder, label in listed.items() if isinstance(label, str)}
    return renamed(image_folder("objectnet-1.0/images/{label}/*", split="test")(tree), labels)


OBJECTNET = Source(
    name="objectnet",
    title="ObjectNet",
    url="https://objectnet.dev",
    terms=Terms(faces="no"),  # said to forbid training; not evidenced
    raws=(
        Raw(
            name="objectnet",
            obtain="Unzip objectnet-1.0.zip of objectnet.dev here, with the password given there",
        ),
    ),
    read=_read,
)

USUAL = {
    "Coffee/French press": "French press", "Dress shoe (men)": "Men's dress shoe",
    "Dress shoe (women)": "Women's dress shoe", "Eraser (white board)": "Whiteboard eraser",
    "Mixing / Salad Bowl": "Mixing bowl", "Tablet / iPad": "Tablet computer", "Tanktop": "Tank top",
    "Weight (exercise)": "Exercise weight",
}  # fmt: skip
"""Labels that are not worded as a person would name the thing."""


def spoken(label: str) -> str:
    """Return a label such as ``Coin (money)`` as a person would name the thing."""
    return USUAL.get(tidy(label), tidy(label).partition(" (")[0])


@OBJECTNET.task(
    "object",
    upstream="ObjectNet+Object_classfication",
    group="classification",
    category="General Object",
    instruction="Which household object is this? Answer with its name, one to four words.",
    split="test",
)
def thing(row: FolderRow) -> Made:
    """The publisher's label."""
    return Example(image=row.image, answer=spoken(row.label))
