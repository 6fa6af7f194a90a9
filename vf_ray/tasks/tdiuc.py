"""TDIUC: questions about COCO 2014 pictures, sorted by what they ask for; one task a sort.

Vision-Flan calls ten of its sorts VQA and one Visual7W. The twelfth ("absurd") feeds no task.
"""

from functools import partial

from vf_ray.instances.shapes import ask
from vf_ray.raw.shared import COCO_2014
from vf_ray.sources.vqa_json import VqaRow, vqa_json
from vf_ray.types import Download, Made, Raw, Reject, Source, Terms

TDIUC = Source(
    name="tdiuc",
    title="TDIUC",
    url="https://kushalkafle.com/projects/tdiuc.html",
    terms=Terms(
        licence="that of VQA's and COCO's parts; pictures under their Flickr terms",
        faces="yes",
        stated="the annotation files' licence entry",
    ),
    raws=(
        Raw(
            name="tdiuc",
            obtain="Put TDIUC.zip of kushalkafle.com/data here",
            files=(
                # address: download_scripts/TDIUC.sh of VT-NLP/MultiInstruct
                Download("https://kushalkafle.com/data/TDIUC.zip"),
            ),
        ),
        COCO_2014,
    ),
    read=vqa_json(
        questions="TDIUC/Questions/OpenEnded_mscoco_{split}2014_questions.json",
        annotations="TDIUC/Annotations/mscoco_{split}2014_annotations.json",
        image="{split}2014/COCO_{split}2014_{image_id:012d}.jpg",
    ),
    divisible=True,
)
FIRST_VISUAL_GENOME_ID = 80_000_000
"""Ids from here on are Visual Genome pictures; TDIUC does not say which."""
INSTRUCTIONS = {
    "color": "The question asks for a colour. Answer with the name of the colour.",
    "activity_recognition": "Say in one or two words what the person or animal in question is doing.",
    "counting": "Count what the question asks about. Answer with the number as a word, such as two.",
    "object_presence": "Is the thing that the question names in the image? Answer yes or no.",
    "object_recognition": "Name the object the question asks for in one or two words.",
    "positional_reasoning": "The question is about where things are in relation to each other. Answer in "
    "one or two words.",
    "scene_recognition": "The question is about the place, the weather or the time of day. Answer in one "
    "or two words.",
    "sentiment_understanding": "The question is about how somebody feels. Answer yes or no, or with one "
    "word for the feeling.",
    "sport_recognition": "Name the sport the question asks about in one or two words.",
    "utility_affordance": "The question is about what a thing in the image is good for. Answer yes or no, "
    "or with the name of the thing.",
    "attribute": "The question asks for a property of a thing, such as its material or shape. Answer with "
    "one or two words.",
}


def _answer(row: VqaRow, sort: str) -> Made:
    if row.question_type != sort:
        return None
    if row.image_id >= FIRST_VISUAL_GENOME_ID:
        return Reject(row.key, "picture not derivable", f"image {row.image_id} is a Visual Genome picture")
    return ask(row.image, row.question, row.answers[0] if row.answers else "")


for sort, instruction in INSTRUCTIONS.items():
    TDIUC.task(
        sort,
        upstream=f"VQA_{sort}",
        group="question answering",
        category="Perception",
        instruction=instruction,
        ceiling=0.6,  # the Visual Genome part
    )(partial(_answer, sort=sort))
