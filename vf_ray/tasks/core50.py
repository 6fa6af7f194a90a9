"""CORe50: fifty household objects of ten kinds, turned in the hand."""

from vf_ray.instances.shapes import name_it
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Download, Made, Raw, Reject, Source, Terms

CORE50 = Source(
    name="core50",
    title="CORe50",
    url="https://vlomonaco.github.io/core50/",
    terms=Terms(
        licence="CC BY 4.0",
        training="yes",
        redistribution="yes",
        faces="no",
        stated="vlomonaco.github.io/core50",
    ),
    raws=(
        Raw(
            name="core50",
            obtain="Put core50_128x128.zip of vlomonaco.github.io/core50 here",
            files=(
                # address: scripts/bash/fetch_data_and_setup.sh of vlomonaco/core50
                Download("http://bias.csr.unibo.it/maltoni/download/core50/core50_128x128.zip"),
            ),
        ),
    ),
    read=image_folder("core50_128x128/s*/o{label}/*"),
)
KINDS = (
    "plug adapter", "mobile phone", "scissors", "light bulb", "can", "glass", "ball", "marker", "cup",
    "remote control",
)  # fmt: skip
"""Five objects each, in the order of the publisher's core50_labels.txt."""


@CORE50.task(
    "object",
    upstream="Core50+Object_detection",
    group="classification",
    category="General Object",
    instruction=f"Which household object is held in the hand? Answer with one of: {', '.join(KINDS)}.",
)
def household_object(row: FolderRow) -> Made:
    """The kind of object number ``o1`` to ``o50``."""
    number = int(row.label)
    if not 1 <= number <= 5 * len(KINDS):
        return Reject(row.key, "unknown object number", row.label)
    return name_it(row.image, KINDS[(number - 1) // 5])
