"""nocaps: ten captions for each of 4,500 Open Images pictures, many with objects COCO does not know."""

from vf_ray.instances.shapes import numbered
from vf_ray.sources.coco_json import CocoRow, coco_json
from vf_ray.text import distinct
from vf_ray.types import Example, Made, Raw, Reject, Source, Terms

TEN = 10

NOCAPS = Source(
    name="nocaps",
    title="nocaps",
    url="https://nocaps.org/",
    terms=Terms(faces="yes"),
    raws=(
        Raw(
            name="nocaps",
            obtain="Put nocaps_val_4500_captions.json of nocaps.org here and download each coco_url in it "
            "to val/, under its own name",
        ),
    ),
    read=coco_json({"val": "nocaps_val_4500_captions.json"}, image="val/{file_name}"),
)


@NOCAPS.task(
    "captions",
    upstream="NOCAPS+image_caption",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="Write ten short captions of the image, as ten people might: a numbered list.",
    split="val",
)
def captions(row: CocoRow) -> Made:
    """All ten captions; only the validation part has any."""
    texts = distinct(sentence.text for sentence in row.captions if sentence.text.strip())
    if len(texts) != TEN:
        return Reject(row.key, "not ten different captions", str(len(texts)))
    return Example(image=row.image, answer=numbered(texts))
