"""Caltech-256: pictures of 256 kinds of things."""

from vf_ray.instances.shapes import name_it
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Download, Made, Raw, Source, Terms

CALTECH256 = Source(
    name="caltech256",
    title="Caltech-256",
    url="https://data.caltech.edu",
    terms=Terms(faces="yes"),
    raws=(
        Raw(
            name="caltech256",
            obtain="Put 256_ObjectCategories.tar of Caltech-256 here",
            files=(
                # checksum: mlverse/torchvisiondatasets
                Download(
                    "https://data.caltech.edu/records/nyy15-4j048/files/256_ObjectCategories.tar",
                    "md5:67b4f42ca05d46448c6bb8ecd2220f6d",
                ),
            ),
        ),
    ),
    read=image_folder("256_ObjectCategories/{label}/*", skip=("257.clutter",)),
)
HYPHENATED = ("t-shirt", "yo-yo")


def spoken(label: str) -> str:
    """Return a folder such as ``253.faces-easy-101`` as words."""
    name = label.partition(".")[2].removesuffix("-101")
    return name if name in HYPHENATED else name.replace("-", " ")


@CALTECH256.task(
    "object",
    upstream="Caltech-256+image_classification",
    group="classification",
    category="General Object",
    instruction="What is the main object in the image? Answer with its name, one to three words.",
    evidence="the noise class is left out; -101 is cut off, hyphens become blanks",
)
def thing(row: FolderRow) -> Made:
    """The class folder without its number."""
    return name_it(row.image, spoken(row.label))
