"""Office-31: 31 office objects as shown in a shop, by a good camera and by a webcam."""

from vf_ray.instances.shapes import choose
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Example, Made, Raw, Source, Terms

DOMAINS = ("amazon", "dslr", "webcam")

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
    instruction="Is the picture from the shop amazon, from a dslr camera or from a webcam, and which office "
    "object does it show? Answer in the form: webcam paper_notebook.",
)
def domain_and_object(row: FolderRow) -> Made:
    """Both, the object with its underscore as in the published sample."""
    return Example(image=row.image, answer=f"{row.domain} {row.label}")


@OFFICE31.task(
    "object",
    upstream="Office_31+Image_Classification_Object",
    group="classification",
    category="General Object",
    instruction="Which office object does the picture show? Answer with its name in lower case, words joined "
    "by underscores, such as letter_tray.",
)
def thing(row: FolderRow) -> Made:
    """The class folder, with its underscore as in the published sample."""
    return Example(image=row.image, answer=row.label)


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
    return choose(row.image, row.domain, DOMAINS)
