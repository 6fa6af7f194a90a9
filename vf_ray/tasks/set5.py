"""Set5: five pictures at full and at reduced resolution."""

from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Example, Made, Raw, Source, Terms

SUBJECTS = ("baby", "bird", "butterfly", "head", "woman")

SET5 = Source(
    name="set5",
    title="Set5",
    url="https://huggingface.co/datasets/eugenesiow/Set5",
    terms=Terms(
        licence="ODbL/DbCL (as recorded for a mirror)",
        faces="yes",
        stated="recorded by the authors for a mirror",
    ),
    raws=(
        Raw(
            name="set5",
            obtain="Put Set5_HR.tar.gz and Set5_LR_x2.tar.gz, _x3, _x4 of eugenesiow/Set5 (Hugging "
            "Face) here",
        ),
    ),
    read=image_folder(
        *(f"{{domain=Set5_{kind}}}/{{label}}.*" for kind in ("HR", "LR_x2", "LR_x3", "LR_x4")),
        classes=SUBJECTS,
    ),
)


@SET5.task(
    "subject",
    upstream="Set5+image_recognition",
    group="classification",
    category="General Object",
    instruction=f"Which of these is the subject of the image: {', '.join(SUBJECTS)}? Answer in the form "
    '"The subject in the image is a bird."',
    evidence="full and reduced resolution; which one the authors took is not published",
)
def subject(row: FolderRow) -> Made:
    """The file's name."""
    return Example(image=row.image, answer=f"The subject in the image is a {row.label}.")
