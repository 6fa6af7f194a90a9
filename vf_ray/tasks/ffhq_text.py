"""FFHQ-Text: portraits with nine sentences about each face."""

from vf_ray.instances.shapes import caption
from vf_ray.sources.each_file import each_file
from vf_ray.sources.records import At
from vf_ray.sources.rows import TextRow
from vf_ray.types import Made, Raw, Source, Terms


def _row(data: bytes, at: At) -> TextRow:
    image = at.path.replace("/Text/", "/Image/").removesuffix(".txt") + ".png"
    return TextRow(key=at.path, split=at.split, image=image, text=data.decode("utf-8-sig"))


FFHQ_TEXT = Source(
    name="ffhq_text",
    title="FFHQ-Text",
    url="https://github.com/Yutong-Zhou-cv/FFHQ-Text_Dataset",
    terms=Terms(
        licence="CC BY-NC-SA 4.0",
        training="yes",
        redistribution="yes",
        faces="yes",
        stated="github.com/Yutong-Zhou-cv/FFHQ-Text_Dataset",
    ),
    raws=(
        Raw(
            name="ffhq_text",
            obtain="Ask for the data with the form of github.com/Yutong-Zhou-cv/FFHQ-Text_Dataset and put "
            "the folder FFHQ-Text (Image/, Text/) here",
        ),
    ),
    read=each_file({"all": "FFHQ-Text/Text/*.txt"}, _row),
)


@FFHQ_TEXT.task(
    "face",
    upstream="FFHQ-Text+text-to-face_generation",
    group="generation",
    category="Fine-grained Captioning",
    instruction="Describe the face so well that somebody could draw it: shape, eyes, mouth, hair, skin, "
    "jewellery, expression; a paragraph of short sentences.",
    evidence="the archive's inner names are taken from its description, not seen",
)
def face(row: TextRow) -> Made:
    """All nine sentences in order."""
    return caption(row.image, row.text)
