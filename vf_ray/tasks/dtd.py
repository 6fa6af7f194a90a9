"""Describable Textures (DTD): photographs of surfaces, named by one or several texture words.

The publisher divides the pictures in ten ways, none of which is the one; all of them count here.
"""

from dataclasses import dataclass

from vf_ray.instances.shapes import name_it
from vf_ray.sources.list_file import list_file
from vf_ray.sources.records import At
from vf_ray.types import Download, Example, Made, Raw, Row, Source, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class TextureRow(Row):
    """A picture, the texture it was collected for, and all textures people saw in it."""

    label: str
    textures: tuple[str, ...]


def _row(line: str, at: At) -> TextureRow:
    path, *textures = line.split()
    return TextureRow(
        key=path,
        split=at.split,
        image=f"dtd/images/{path}",
        label=path.partition("/")[0],
        textures=tuple(textures),
    )


DTD = Source(
    name="dtd",
    title="Describable Textures Dataset",
    url="https://www.robots.ox.ac.uk/~vgg/data/dtd/",
    terms=Terms(),  # said to be research only; not evidenced
    raws=(
        Raw(
            name="dtd",
            obtain="Put dtd-r1.0.1.tar.gz of www.robots.ox.ac.uk/~vgg/data/dtd here",
            files=(
                # checksum: url_checksums/dtd.txt of tensorflow/datasets
                Download(
                    "https://www.robots.ox.ac.uk/~vgg/data/dtd/download/dtd-r1.0.1.tar.gz",
                    "sha256:e42855a52a4950a3b59612834602aa253914755c95b0cff9ead6d07395f8e205",
                    625_239_812,
                ),
            ),
        ),
    ),
    read=list_file({"all": "dtd/labels/labels_joint_anno.txt"}, _row),
)


@DTD.task(
    "texture",
    upstream="DTD+coarse_grained_texture_classification",
    group="classification",
    category="Texture Classification",
    instruction="Name the texture that fills the image with one adjective, such as woven, dotted or cracked.",
)
def texture(row: TextureRow) -> Made:
    """The texture the picture was collected for."""
    return name_it(row.image, row.label)


@DTD.task(
    "all_textures",
    upstream="DTD+all_texture_detection",
    group="classification",
    category="Texture Classification",
    instruction="Several words may describe the texture in the image. Name all that do, separated by commas.",
)
def all_textures(row: TextureRow) -> Made:
    """Every texture word, in file order."""
    return Example(image=row.image, answer=", ".join(row.textures))
