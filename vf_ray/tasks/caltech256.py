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
USUAL = {
    "airplanes": "airplane", "ak47": "AK-47", "american-flag": "American flag", "billiards": "billiard table",
    "boom-box": "boombox", "buddha": "Buddha", "car-side": "car", "cartman": "Eric Cartman", "cd": "CD",
    "chess-board": "chessboard", "chimp": "chimpanzee", "dumb-bell": "dumbbell",
    "eiffel-tower": "Eiffel Tower", "faces-easy": "face", "french-horn": "French horn",
    "golden-gate-bridge": "Golden Gate Bridge", "hawksbill": "hawksbill turtle", "head-phones": "headphones",
    "homer-simpson": "Homer Simpson", "house-fly": "housefly", "ipod": "iPod", "jesus-christ": "Jesus Christ",
    "joy-stick": "joystick", "leopards": "leopard", "light-house": "lighthouse", "lightbulb": "light bulb",
    "mars": "Mars", "motorbikes": "motorbike", "mussels": "mussels", "palm-pilot": "Palm Pilot",
    "pci-card": "PCI card", "pez-dispenser": "Pez dispenser", "saturn": "Saturn", "segway": "Segway",
    "self-propelled-lawn-mower": "lawn mower", "speed-boat": "speedboat", "superman": "Superman",
    "swiss-army-knife": "Swiss army knife", "t-shirt": "T-shirt", "tower-pisa": "Leaning Tower of Pisa",
    "tweezer": "tweezers", "vcr": "video recorder", "yo-yo": "yo-yo",
}  # fmt: skip
"""Folders that are not named as a person would name what is in them."""


def spoken(label: str) -> str:
    """Return a folder such as ``253.faces-easy-101`` as words."""
    name = label.partition(".")[2].removesuffix("-101")
    return USUAL.get(name, name.replace("-", " "))


@CALTECH256.task(
    "object",
    upstream="Caltech-256+image_classification",
    group="classification",
    category="General Object",
    instruction="What is the main object in the image? Answer with its name, one to four words.",
    evidence="the noise class is left out; -101 is cut off; hyphens become blanks, and "
    "some names of folders what people say",
)
def thing(row: FolderRow) -> Made:
    """The class folder without its number."""
    return name_it(row.image, spoken(row.label))
