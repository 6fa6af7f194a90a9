"""TU-Berlin Sketch: drawings by amateurs of 250 kinds of things."""

from vf_ray.instances.shapes import name_it
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Download, Example, Made, Raw, Source, Terms

TU_BERLIN_SKETCH = Source(
    name="tu_berlin_sketch",
    title="TU-Berlin Sketch",
    url="http://cybertron.cg.tu-berlin.de/eitz/projects/classifysketch/",
    terms=Terms(
        licence="CC BY 4.0",
        training="yes",
        redistribution="yes",
        faces="no",
        stated="cybertron.cg.tu-berlin.de/eitz/projects/classifysketch",
    ),
    raws=(
        Raw(
            name="tu_berlin_sketch",
            obtain="Put sketches_png.zip of cybertron.cg.tu-berlin.de here",
            files=(
                Download("http://cybertron.cg.tu-berlin.de/eitz/projects/classifysketch/sketches_png.zip"),
            ),
        ),
    ),
    read=image_folder("png/{label}/*"),
)
LIVING = frozenset(
    [
        "ant", "bear (animal)", "bee", "bush", "butterfly", "cactus", "camel", "cat", "cow", "crab",
        "crocodile", "dog", "dolphin", "duck", "elephant", "fish", "flower with stem",
        "flying bird", "frog", "giraffe", "hedgehog", "horse", "kangaroo", "lion", "lobster", "monkey",
        "mosquito", "mouse (animal)", "octopus", "owl", "palm tree", "panda", "parrot", "penguin",
        "person sitting", "person walking", "pig", "pigeon", "potted plant", "rabbit", "rooster",
        "scorpion", "sea turtle", "seagull", "shark", "sheep", "snail", "snake", "spider", "squirrel",
        "standing bird", "swan", "tiger", "tree", "zebra",
    ]
)  # fmt: skip
DOUBTFUL = frozenset(
    [
        "angel", "apple", "arm", "banana", "brain", "carrot", "dragon", "ear", "eye", "face",
        "feather", "foot",
        "grapes", "hand", "head", "human-skeleton", "leaf", "mermaid", "mouth", "mushroom", "nose", "pear",
        "pineapple", "pumpkin", "santa claus", "skull", "snowman", "sponge bob", "strawberry",
        "teddy-bear", "tomato", "tooth",
    ]
)  # fmt: skip
"""Neither surely alive nor surely not: parts of bodies, fruit, beings of tales."""
USUAL = {
    "head-phones": "headphones", "ipod": "iPod", "santa claus": "Santa Claus", "sponge bob": "SpongeBob",
    "suv": "SUV", "t-shirt": "T-shirt", "tv": "TV", "walkie talkie": "walkie-talkie",
    "wrist-watch": "wristwatch",
}  # fmt: skip
"""Folders that are not named as a person would name what is in them."""


def spoken(label: str) -> str:
    """Return a folder such as ``mouse (animal)`` as a person would name the drawing."""
    return USUAL.get(label, label.partition(" (")[0].replace("-", " "))


@TU_BERLIN_SKETCH.task(
    "object",
    upstream="SKETCH+object_detection",
    group="classification",
    category="General Object Classification in Special Image Domain",
    instruction="What did somebody try to draw here? Answer with its name, one to three words.",
)
def thing(row: FolderRow) -> Made:
    """The class folder."""
    return name_it(row.image, spoken(row.label))


@TU_BERLIN_SKETCH.task(
    "living",
    upstream="SKETCH+living_organism_detection",
    group="classification",
    category="General Object Classification in Special Image Domain",
    instruction="Is the thing in this drawing a living organism? Answer Living or Non-Living.",
    evidence="which classes are living is our table; doubtful ones are left out",
)
def living(row: FolderRow) -> Made:
    """By our table of living classes."""
    if row.label in DOUBTFUL:
        return None
    return Example(image=row.image, answer="Living" if row.label in LIVING else "Non-Living")
