"""MVTec AD: industrial items, flawless and with defects."""

from vf_ray.instances.shapes import name_it
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Made, Raw, Source, Terms

ITEMS = (
    "bottle", "cable", "capsule", "carpet", "grid", "hazelnut", "leather", "metal_nut", "pill", "screw",
    "tile", "toothbrush", "transistor", "wood", "zipper",
)  # fmt: skip

MVTEC_AD = Source(
    name="mvtec_ad",
    title="MVTec AD",
    url="https://www.mvtec.com/company/research/datasets/mvtec-ad/",
    terms=Terms(
        licence="CC BY-NC-SA 4.0",
        training="yes",
        redistribution="yes",
        faces="no",
        stated="www.mvtec.com/company/research/datasets/mvtec-ad",
    ),
    raws=(
        Raw(
            name="mvtec_ad",
            obtain="Unpack mvtec_anomaly_detection.tar.xz of www.mvtec.com here (xz cannot be read in place)",
        ),
    ),
    read=image_folder(
        *(
            f"mvtec_anomaly_detection/{{domain={item}}}/{{split={split}}}/{{label}}/*"
            for item in ITEMS
            for split in ("train", "test")
        )
    ),
)
USUAL = {
    "broken_large": "large break", "broken_small": "small break", "broken_teeth": "broken teeth",
    "cable_swap": "swapped cables", "color": "discolouration", "damaged_case": "damaged case",
    "fabric_border": "damaged fabric border", "fabric_interior": "damaged fabric interior", "flip": "flipped",
    "gray_stroke": "grey stroke", "liquid": "liquid stain", "manipulated_front": "manipulated front",
    "oil": "oil stain", "pill_type": "wrong pill type", "poke": "poke mark",
    "poke_insulation": "poked insulation", "print": "print mark", "rough": "rough surface",
    "scratch_head": "scratched head",
    "scratch_neck": "scratched neck", "squeeze": "squeezed", "thread": "loose thread",
    "thread_side": "damaged thread side", "thread_top": "damaged thread top",
}  # fmt: skip
"""Folders that are not named as a person would name the defect."""
SEVERAL = "combined"
"""The folder of pictures with more than one defect, which it does not name."""


@MVTEC_AD.task(
    "anomaly",
    upstream="MVTecAD+anomaly_detection",
    group="classification",
    category="Anomaly Detection",
    instruction="Inspect the item. What is wrong with it? Answer with one to three words for the defect, "
    "or good if there is none.",
    split="test",
    evidence="the test part: in the training part nothing is wrong; the folder good is the answer good; "
    "several defects at once are not asked about; the defects' names are ours",
)
def anomaly(row: FolderRow) -> Made:
    """The folder of the defect."""
    if row.split != "test" or row.label == SEVERAL:
        return None
    return name_it(row.image, row.label, USUAL)


@MVTEC_AD.task(
    "item",
    upstream="MVTecAD+image_classification",
    group="classification",
    category="General Object",
    instruction="Which industrial item or material is inspected here? Answer with one or two words.",
)
def item_name(row: FolderRow) -> Made:
    """The item's folder."""
    return name_it(row.image, row.domain)
