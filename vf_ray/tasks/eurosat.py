"""EuroSAT: satellite pictures of ten kinds of land; six tasks over parts of them."""

from functools import partial

from vf_ray.instances.shapes import camel_words, name_it
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Download, Made, Raw, Source, Terms

EUROSAT = Source(
    name="eurosat",
    title="EuroSAT",
    url="https://github.com/phelber/eurosat",
    terms=Terms(
        licence="MIT", training="yes", redistribution="yes", faces="no", stated="github.com/phelber/eurosat"
    ),
    raws=(
        Raw(
            name="eurosat",
            obtain="Put EuroSAT.zip (RGB, it holds 2750/) of github.com/phelber/eurosat here",
            files=(
                # checksum: url_checksums/eurosat.txt of tensorflow/datasets
                Download(
                    "http://madm.dfki.de/files/sentinel/EuroSAT.zip",
                    "sha256:8ebea626349354c5328b142b96d0430e647051f26efc2dc974c843f25ecf70bd",
                    94_280_567,
                ),
            ),
        ),
    ),
    read=image_folder("2750/{label}/*"),
)
PARTS = {
    "agri": ("agricultural land", ("AnnualCrop", "PermanentCrop", "Pasture")),
    "crops": ("crop", ("AnnualCrop", "PermanentCrop")),
    "land": ("land cover", ("AnnualCrop", "Forest", "HerbaceousVegetation", "Pasture", "PermanentCrop")),
    "manmade": ("man-made area", ("Highway", "Industrial", "Residential")),
    "natural": ("natural area", ("Forest", "HerbaceousVegetation", "River", "SeaLake")),
    "water": ("water", ("River", "SeaLake")),
}
"""Task -> what its classes are called together, and which they are."""


USUAL = {"Industrial": "industrial area", "Residential": "residential area", "SeaLake": "sea or lake"}
"""Classes that are no nouns, or are two."""


def _spoken(label: str) -> str:
    return USUAL.get(label, camel_words(label))


def _class(row: FolderRow, classes: tuple[str, ...]) -> Made:
    return name_it(row.image, _spoken(row.label)) if row.label in classes else None


for part, (kind, classes) in PARTS.items():
    EUROSAT.task(
        part,
        upstream=f"eurosat+image_classification_{part}",
        group="classification",
        category="Scene Classification",
        instruction=f"Which kind of {kind} does this satellite image show: "
        f"{', '.join(map(_spoken, classes))}? Answer with one of these.",
        evidence="not in the paper's list; the id is known from MixLoRA's definitions only; group, category "
        "and the classes of each part are ours",
    )(partial(_class, classes=classes))
