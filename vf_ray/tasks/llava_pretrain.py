"""LLaVA-Pretrain: 558,128 pictures of LAION, CC and SBU with captions, for aligning the projector.

LLaVA's own alignment drops the file's questions (its ``plain`` template); here they are asked, in the
template of the later stages.
"""

from vf_ray.instances.shapes import converse
from vf_ray.sources.json_array import json_array
from vf_ray.sources.llava_json import ConversationRow, conversation
from vf_ray.types import Download, Made, Raw, Source, Terms

ADDRESS = "https://huggingface.co/datasets/liuhaotian/LLaVA-Pretrain"

LLAVA_PRETRAIN = Source(
    name="llava_pretrain",
    title="LLaVA-Pretrain (BLIP captions of LAION/CC/SBU, 558K)",
    url=ADDRESS,
    terms=Terms(
        licence="those of CC-3M, LAION and SBU",
        faces="yes",
        stated="github.com/haotian-liu/LLaVA/blob/main/docs/Data.md",
    ),
    raws=(
        Raw(
            name="llava_pretrain",
            obtain="Put blip_laion_cc_sbu_558k.json and images.zip of "
            "huggingface.co/datasets/liuhaotian/LLaVA-Pretrain into llava_pretrain/",
            files=(
                # addresses: docs/Data.md of haotian-liu/LLaVA; myProject/setup.sh of silveroxides/LLaVA
                Download(f"{ADDRESS}/resolve/main/blip_laion_cc_sbu_558k.json"),
                Download(f"{ADDRESS}/resolve/main/images.zip"),
            ),
        ),
    ),
    read=json_array({"all": "blip_laion_cc_sbu_558k.json"}, conversation),
    whole=True,
)


@LLAVA_PRETRAIN.task(
    "caption",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="",
    evidence="the category is ours",
)
def caption(row: ConversationRow) -> Made:
    """The file's own question and caption."""
    return converse(row.image, row.texts)
