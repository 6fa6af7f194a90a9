"""ObjectNet: household objects in odd places and positions; a test set by its licence."""

from collections.abc import Iterator

from vf_ray.shapes import tidy
from vf_ray.sources.image_folder import image_folder
from vf_ray.sources.json_items import json_pairs
from vf_ray.sources.rows import LabelRow
from vf_ray.types import Example, Made, Raw, Reject, Source, Terms, Tree

MAPPING = "objectnet-1.0/mappings/folder_to_objectnet_label.json"


def _read(tree: Tree) -> Iterator[LabelRow | Reject]:
    named = {folder: str(label) for (folder, label), _ in json_pairs(tree, MAPPING, "test")}
    for row in image_folder("objectnet-1.0/images/{label}/*", split="test")(tree):
        if isinstance(row, Reject) or row.label not in named:
            yield row if isinstance(row, Reject) else Reject(row.key, "unknown folder", row.label)
            continue
        yield LabelRow(key=row.key, split=row.split, image=row.image, label=named[row.label])


OBJECTNET = Source(
    name="objectnet",
    title="ObjectNet",
    url="https://objectnet.dev",
    terms=Terms(licence="no training (not verified)", training="no", faces="no", stated="objectnet.dev"),
    raws=(
        Raw(
            name="objectnet",
            obtain="Unzip objectnet-1.0.zip of objectnet.dev here, with the password given there",
        ),
    ),
    read=_read,
)


@OBJECTNET.task(
    "object",
    upstream="ObjectNet+Object_classfication",
    group="classification",
    category="General Object",
    instruction="Which household object is this? Answer with its name, one to three words.",
    split="test",
)
def thing(row: LabelRow) -> Made:
    """The publisher's label."""
    return Example(image=row.image, answer=tidy(row.label))
