"""Pieces of two photographs, listed in a table (the photographs that scikit-learn carries)."""

from vf_ray.instances.shapes import caption, choose, name_it
from vf_ray.sources.csv_table import CsvRow, csv_rows
from vf_ray.tasks.demo.raws import OBTAIN, STAND_IN
from vf_ray.types import Made, Raw, Source, Terms

PHOTOS = Source(
    name="demo_photos",
    title="Pieces of photographs",
    url="https://scikit-learn.org/stable/datasets/loading_other_datasets.html",
    terms=Terms(
        licence="CC-BY-2.0", training="yes", redistribution="yes", faces="no",
        stated="scikit-learn, sklearn/datasets/images/README.txt",
    ),
    raws=(Raw(name="demo_photos", obtain=OBTAIN),),
    read=csv_rows({"train": "pieces.csv"}, image="pieces/{file}", key="file"),
)  # fmt: skip


@PHOTOS.task(
    "photograph",
    group="classification",
    category="Scene Recognition",
    instruction="What does the photograph show?",
)
def photograph(row: CsvRow) -> Made:
    """Which of the two, as lettered options."""
    return choose(row.image, row.cells["photograph"], ("temple", "flower"))


@PHOTOS.task(
    "brightness",
    group="classification",
    category="Image Quality",
    instruction="How bright is the piece?",
)
def brightness(row: CsvRow) -> Made:
    """Brighter than most of its photograph or not, as lettered options."""
    return choose(row.image, row.cells["brightness"], ("bright", "dark"))


@PHOTOS.task(
    "strongest",
    group="question answering",
    category="Color",
    instruction="Which of red, green and blue is strongest?",
)
def strongest(row: CsvRow) -> Made:
    """The band with the highest mean."""
    return name_it(row.image, row.cells["strongest"])


@PHOTOS.task(
    "talk",
    group="generation",
    category=STAND_IN,
    instruction="Can you tell me what you see?",
)
def talk(row: CsvRow) -> Made:
    """For base and stage 2: a long answer."""
    cells = row.cells
    return caption(
        row.image,
        f"Of course! This is a small piece of a photograph of a {cells['photograph']}. It is rather "
        f"{cells['brightness']}, and there is more {cells['strongest']} in it than anything else.",
    )
