"""Conversations of the user's own, in LLaVA's JSON; also what ``vf-ray export`` has written."""

from vf_ray.instances.shapes import converse
from vf_ray.sources.llava_json import ConversationRow, own_llava_json
from vf_ray.types import Made, Raw, Several, Source, Terms

OWN = Source(
    name="llava_json",
    title="Conversations of your own",
    url="https://github.com/haotian-liu/LLaVA/blob/main/docs/Finetune_Custom_Data.md",
    terms=Terms(licence="your own"),
    raws=(
        Raw(
            name="llava_json",
            obtain="Put your *.json or *.jsonl files into llava_json/, and the pictures where the records' "
            "`image` names them: there, in a folder images/, or zipped; a record without "
            "`image` is of text alone",
        ),
    ),
    read=own_llava_json,
    whole=True,
)


@OWN.task(
    "conversation",
    group="generation",
    category="Visual Dialogue",
    instruction="",
    evidence="the category is ours",
)
def own(row: ConversationRow) -> Made:
    """Every record, as it is."""
    return converse(Several(row.images) if row.images else row.image or None, row.texts)
