"""OK-VQA: questions about COCO 2014 pictures that need knowledge from elsewhere."""

from collections import Counter

from vf_ray.instances.shapes import ask
from vf_ray.raw.shared import COCO_2014
from vf_ray.sources.vqa_json import VqaRow, vqa_json
from vf_ray.types import Download, Made, Raw, Reject, Source, Terms

OKVQA = Source(
    name="okvqa",
    title="OK-VQA",
    url="https://okvqa.allenai.org",
    terms=Terms(faces="yes"),
    raws=(
        Raw(
            name="okvqa",
            obtain="Put the question and annotation zips (train and val) of okvqa.allenai.org into okvqa/",
            files=(
                # addresses: download_scripts/ok_vqa.sh of VT-NLP/MultiInstruct
                Download("https://okvqa.allenai.org/static/data/mscoco_train2014_annotations.json.zip"),
                Download(
                    "https://okvqa.allenai.org/static/data/OpenEnded_mscoco_train2014_questions.json.zip"
                ),
                Download("https://okvqa.allenai.org/static/data/mscoco_val2014_annotations.json.zip"),
                Download("https://okvqa.allenai.org/static/data/OpenEnded_mscoco_val2014_questions.json.zip"),
            ),
        ),
        COCO_2014,
    ),
    read=vqa_json(
        questions="OpenEnded_mscoco_{split}2014_questions.json",
        annotations="mscoco_{split}2014_annotations.json",
        image="{split}2014/COCO_{split}2014_{image_id:012d}.jpg",
        answer_fields=("raw_answer", "answer"),  # the second is a stem
    ),
)


@OKVQA.task(
    "answer",
    upstream="ok_vqa",
    group="question answering",
    category="Outside Knowledge",
    instruction="Answer the question with a few words at most. The image alone does not hold the answer: "
    "combine what it shows with what you know about the world.",
    split="all",
    evidence="train and val together, as the published sample merges them; of ten answers the most "
    "frequent, the first of equals",
)
def answer(row: VqaRow) -> Made:
    """The answer that most of ten people gave, as they gave it."""
    if not row.answers:
        return Reject(row.key, "question without answers")
    return ask(row.image, row.question, Counter(row.answers).most_common(1)[0][0])
