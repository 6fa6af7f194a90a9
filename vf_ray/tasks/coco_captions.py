"""COCO 2014 captions: five sentences by people about each picture."""

from vf_ray.instances.shapes import caption, choose
from vf_ray.raw.shared import COCO_2014, COCO_ANNOTATIONS, COCO_TERMS
from vf_ray.sources.coco_json import CaptionRow, coco_captions
from vf_ray.text import prose
from vf_ray.types import Made, Pool, Reject, Source

CAPTIONS = Source(
    name="coco_captions",
    title="MSCOCO captions (2014)",
    url="https://cocodataset.org",
    terms=COCO_TERMS,
    raws=(COCO_ANNOTATIONS, COCO_2014),
    read=coco_captions(
        {s: f"annotations/captions_{s}2014.json" for s in ("train", "val")},
        image="{split}2014/COCO_{split}2014_{image_id:012d}.jpg",
    ),
)
MATCH = "the text describes this image"
NO_MATCH = "the text is about another image"


@CAPTIONS.task(
    "caption",
    upstream="image_caption",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="Say in one short sentence what the image shows.",
)
def image_caption(row: CaptionRow) -> Made:
    """One instance per sentence."""
    return caption(row.image, row.caption)


@CAPTIONS.task(
    "text_matching",
    upstream="ITM",
    group="classification",
    category="Image Text Matching",
    instruction="Does the text describe this image? Answer with the letter and the text of one option.",
    pool=lambda row: prose(row.caption),
    evidence="which half of the captions is exchanged, and the words of the options, are ours",
)
def text_matching(row: CaptionRow, pool: Pool) -> Made:
    """Captions with an even id are kept, the others come from another picture."""
    own, match = prose(row.caption), row.caption_id % 2 == 0
    if not own:
        return Reject(row.key, "caption empty")
    text = own if match else pool.draw(1)[0]
    return choose(row.image, MATCH if match else NO_MATCH, (MATCH, NO_MATCH), f"Text: {text}")


@CAPTIONS.task(
    "text_selection",
    upstream="image_text_selection",
    group="classification",
    category="Image Text Matching",
    instruction="Which text describes the image? Answer with the letter and the text of one option.",
    pool=lambda row: prose(row.caption),
)
def text_selection(row: CaptionRow, pool: Pool) -> Made:
    """The caption among four of other pictures."""
    own = prose(row.caption)
    return choose(row.image, own, (own, *pool.draw(4, beside=own)))
