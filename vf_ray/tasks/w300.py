"""300-W: portraits, half of them taken indoors and half outdoors."""

from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Example, Made, Raw, Source, Terms

PLACES = {"01_Indoor": "Indoor", "02_Outdoor": "Outdoor"}

W300 = Source(
    name="w300",
    title="300-W",
    url="https://ibug.doc.ic.ac.uk/resources/300-W/",
    terms=Terms(
        licence="research only", training="yes", faces="yes", stated="ibug.doc.ic.ac.uk/resources/300-W"
    ),
    raws=(Raw(name="w300", obtain="Unzip the four parts of 300w.zip of ibug.doc.ic.ac.uk here (300W/...)"),),
    read=image_folder(*(f"300W/{{label={folder}}}/*" for folder in PLACES)),
)


@W300.task(
    "indoor_outdoor",
    upstream="300w+human_portrait_classification",
    group="classification",
    category="Scene Classification",
    instruction="Was this portrait taken inside a building or in the open? Answer Indoor or Outdoor.",
)
def indoor_outdoor(row: FolderRow) -> Made:
    """The folder's name."""
    return Example(image=row.image, answer=PLACES[row.label])
