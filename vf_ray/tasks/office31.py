"""Office-31: 31 office objects as shown in a shop, by a good camera and by a webcam."""

from vf_ray.instances.shapes import choose, name_it
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.text import words
from vf_ray.types import Example, Made, Raw, Source, Terms

DOMAINS = {"amazon": "Amazon", "dslr": "DSLR", "webcam": "webcam"}
"""Where the pictures come from, as people write it."""
USUAL = {
    "back_pack": "backpack", "punchers": "hole punch", "phone": "desk phone", "speaker": "loudspeaker",
}  # fmt: skip
"""Folders that are not named as a person would name what is in them."""

OFFICE31 = Source(
    name="office31",
    title="Office-31",
    url="https://faculty.cc.gatech.edu/~judy/domainadapt/",
    terms=Terms(faces="no"),
    raws=(
        Raw(
            name="office31",
            obtain="Put domain_adaptation_images.tar.gz of faculty.cc.gatech.edu/~judy/domainadapt here",
        ),
    ),
    read=image_folder(*(f"{{domain={domain}}}/images/{{label}}/*" for domain in DOMAINS)),
)


@OFFICE31.task(
    "domain_and_object",
    upstream="Office_31+Image_Classification_ObjectAndCategory",
    group="classification",
    category="General Object",
    instruction="Is the picture from the shop Amazon, from a DSLR camera or from a webcam, and which office "
    'object does it show? Answer in the form "webcam: paper notebook".',
    evidence="words in place of the published sample's underscores",
)
def domain_and_object(row: FolderRow) -> Made:
    """Both."""
    return Example(image=row.image, answer=f"{DOMAINS[row.domain]}: {words(row.label, USUAL)}")


@OFFICE31.task(
    "object",
    upstream="Office_31+Image_Classification_Object",
    group="classification",
    category="General Object",
    instruction="Which office object does the picture show? Answer with its name in one or two words, such "
    "as letter tray.",
    evidence="words in place of the published sample's underscores",
)
def thing(row: FolderRow) -> Made:
    """The class folder."""
    return name_it(row.image, row.label, USUAL)


@OFFICE31.task(
    "domain",
    upstream="Office_31+Image_Classification_Category",
    group="classification",
    category="Image-Style Classification",
    instruction="Where does this picture of an office object come from? Answer with the letter and the word.",
    evidence="not in the paper's list; group and category are ours",
)
def domain(row: FolderRow) -> Made:
    """One of the three domains."""
    return choose(row.image, DOMAINS[row.domain], tuple(DOMAINS.values()))
