"""LLaVA-Instruct: what GPT-4 wrote about COCO pictures from their captions and boxes; the paper's stage 2.

Three files say which sort they hold. Without them the mixed file is read, which does not say it.
"""

from collections.abc import Iterator

from vf_ray.instances.shapes import converse
from vf_ray.raw.shared import COCO_2017
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.llava_json import ConversationRow, conversation
from vf_ray.sources.records import At
from vf_ray.types import Download, Made, Raw, Reject, Source, Terms, Tree

ADDRESS = "https://huggingface.co/datasets/liuhaotian/LLaVA-Instruct-150K"
SORTED = {
    "conversation_58k.json": "conversation",
    "detail_23k.json": "detail",
    "complex_reasoning_77k.json": "reasoning",
}
MIXED = {"llava_instruct_150k.json": "mixed"}
CATEGORIES = {
    "conversation": "Visual Dialogue",
    "detail": "Fine-grained Captioning",
    "reasoning": "Rational and Script Generation",
    "mixed": "Visual Dialogue",
}


def _row(record: Fields, at: At) -> ConversationRow | Reject:
    return conversation(record, at, "train2017/{image}", (SORTED | MIXED)[at.path])


def _read(tree: Tree) -> Iterator[ConversationRow | Reject]:
    """Read the sorted files that are there, else the mixed one: never a conversation twice."""
    files = SORTED if any(map(tree.exists, SORTED)) else MIXED
    return json_array({f"all {sort}": file for file, sort in files.items()}, _row)(tree)


LLAVA_INSTRUCT = Source(
    name="llava_instruct",
    title="LLaVA-Instruct",
    url=ADDRESS,
    terms=Terms(
        licence="CC BY 4.0 (texts by GPT-4); pictures under their Flickr terms",
        faces="yes",
        stated="huggingface.co/datasets/liuhaotian/LLaVA-Instruct-150K",
    ),
    raws=(
        Raw(
            name="llava_instruct",
            obtain="Put conversation_58k.json, detail_23k.json and complex_reasoning_77k.json (or only "
            "llava_instruct_150k.json) of huggingface.co/datasets/liuhaotian/LLaVA-Instruct-150K into "
            "llava_instruct/",
            # addresses: docs/Data.md of haotian-liu/LLaVA
            files=tuple(Download(f"{ADDRESS}/resolve/main/{file}") for file in SORTED),
        ),
        COCO_2017,
    ),
    read=_read,
    whole=True,
)


def _conversation(row: ConversationRow) -> Made:
    return converse(row.image, row.texts)


for _sort, _category in CATEGORIES.items():
    LLAVA_INSTRUCT.task(
        _sort,
        group="generation",
        category=_category,
        instruction="",
        kind=_sort,
        may_be_empty=True,
        evidence="the category is ours",
    )(_conversation)
