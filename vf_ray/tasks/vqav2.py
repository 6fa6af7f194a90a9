"""VQAv2: balanced questions about COCO 2014 pictures."""

from vf_ray.instances.shapes import ask, choose
from vf_ray.raw.shared import COCO_2014
from vf_ray.sources.vqa_json import VqaRow, vqa_json
from vf_ray.types import Download, Made, Pool, Raw, Source, Terms

VQAV2 = Source(
    name="vqav2",
    title="VQAv2",
    url="https://visualqa.org",
    terms=Terms(
        licence="annotations CC BY 4.0; pictures under their Flickr terms",
        faces="yes",
        stated="the annotation files' licence entry",
    ),
    raws=(
        Raw(
            name="vqav2",
            obtain="Put the v2 question and annotation zips of visualqa.org into vqav2/",
            files=(
                # addresses: download_scripts/vqa_v2.sh of VT-NLP/MultiInstruct
                Download("https://s3.amazonaws.com/cvmlp/vqa/mscoco/vqa/v2_Questions_Train_mscoco.zip"),
                Download("https://s3.amazonaws.com/cvmlp/vqa/mscoco/vqa/v2_Questions_Val_mscoco.zip"),
                Download("https://s3.amazonaws.com/cvmlp/vqa/mscoco/vqa/v2_Annotations_Train_mscoco.zip"),
                Download("https://s3.amazonaws.com/cvmlp/vqa/mscoco/vqa/v2_Annotations_Val_mscoco.zip"),
            ),
        ),
        COCO_2014,
    ),
    read=vqa_json(
        questions="v2_OpenEnded_mscoco_{split}2014_questions.json",
        annotations="v2_mscoco_{split}2014_annotations.json",
        image="{split}2014/COCO_{split}2014_{image_id:012d}.jpg",
    ),
    divisible=True,
)
FITS = "the question is about this image"
FITS_NOT = "the question is about another image"


@VQAV2.task(
    "answer",
    upstream="VQAv2",
    group="question answering",
    category="Perception",
    instruction="Look at the image and answer the question with a word or a short phrase.",
)
def answer(row: VqaRow) -> Made:
    """The publisher's consensus answer."""
    return ask(row.image, row.question, row.answer)


@VQAV2.task(
    "question_image_match",
    upstream="question_image_match",
    group="classification",
    category="Image Text Matching",
    instruction="Can the question be asked about this image, or was it written for another one? Answer "
    "with the letter and the text of one option.",
    pool=lambda row: row.question,
    evidence="which half of the questions is exchanged, and the words of the options, are ours; an "
    "exchanged question may by chance fit",
)
def question_image_match(row: VqaRow, pool: Pool) -> Made:
    """Questions with an even id keep their picture, the others are exchanged."""
    fits = row.question_id % 2 == 0
    question = row.question if fits else pool.draw(1)[0]
    return choose(row.image, FITS if fits else FITS_NOT, (FITS, FITS_NOT), f"Question: {question}")
