"""LFW: faces of well-known people from news photographs."""

import re

from vf_ray.instances.shapes import name_it
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Download, Made, Raw, Source, Terms

_INITIAL = re.compile(r"(?<=_[A-Z])(?=_)")
"""Where a folder left out the full stop: George_W_Bush."""

LFW = Source(
    name="lfw",
    title="Labeled Faces in the Wild",
    url="http://vis-www.cs.umass.edu/lfw/",
    terms=Terms(licence="research only", training="yes", faces="yes", stated="vis-www.cs.umass.edu/lfw"),
    raws=(
        Raw(
            name="lfw",
            obtain="Put lfw.tgz of vis-www.cs.umass.edu/lfw here",
            files=(
                # checksum: url_checksums/lfw.txt of tensorflow/datasets
                Download(
                    "http://vis-www.cs.umass.edu/lfw/lfw.tgz",
                    "sha256:055f7d9c632d7370e6fb4afc7468d40f970c34a80d4c6f50ffec63f5a8d536c0",
                    180_566_744,
                ),
            ),
        ),
    ),
    read=image_folder("lfw/{label}/*"),
)


@LFW.task(
    "person",
    upstream="LFW+face_recognition",
    group="classification",
    category="Facial Recognition",
    instruction="Who is this well-known person? Answer with first and last name.",
)
def person(row: FolderRow) -> Made:
    """The folder's name, with full stops after initials."""
    return name_it(row.image, _INITIAL.sub(".", row.label))
