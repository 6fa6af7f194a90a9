"""Emoji as drawn by Google (Noto), with their names, groups and finer groups."""

from dataclasses import dataclass

from vf_ray.instances.shapes import caption, choose, name_it
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.types import Download, Made, Raw, Row, Source, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class EmojiRow(Row):
    """One emoji."""

    name: str
    group: str
    subgroup: str


def _row(record: Fields, at: At) -> tuple[EmojiRow, ...]:
    if not record.flag("has_img_google"):
        return ()
    return (
        EmojiRow(
            key=at.key(record["unified"]),
            split=at.split,
            image=f"img/google/64/{record['image']}",
            name=(record.get("name") or record["short_name"]).replace("_", " ").lower(),
            group=record["category"],
            subgroup=record["subcategory"].replace("-", " "),
        ),
    )


EMOJI = Source(
    name="emoji",
    title="Noto emoji",
    url="https://github.com/iamcal/emoji-data",
    terms=Terms(
        licence="Apache-2.0", training="yes", redistribution="yes", faces="no",
        stated="github.com/iamcal/emoji-data, README; the pictures are Noto's",
    ),
    raws=(
        Raw(
            name="emoji",
            obtain="Unpack the npm package here: npm pack emoji-datasource-google && mkdir -p emoji && "
            "tar xzf emoji-datasource-google-*.tgz -C emoji",
            files=(
                Download(
                    "https://registry.npmjs.org/emoji-datasource-google/-/emoji-datasource-google-16.0.0.tgz",
                    "sha512:6517b17f3b3b315a0b9e6cd998db0ee132a19c0269e43fbe566e8fa54a47fe31"
                    "104257a6a7797cf028d9f83a19d9f68cf51e10c5990e3c90a84fc0e53e17d0dc",
                ),
            ),
        ),
    ),
    read=json_array({"all": "emoji.json"}, _row),
)  # fmt: skip
GROUPS = (
    "Activities", "Animals & Nature", "Flags", "Food & Drink", "Objects", "People & Body",
    "Smileys & Emotion", "Symbols", "Travel & Places",
)  # fmt: skip
"""Unicode's groups; a tenth one holds hair and skin tones alone."""


@EMOJI.task(
    "caption",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="Which emoji is this, and of what kind is it?",
)
def emoji_caption(row: EmojiRow) -> Made:
    """Name and finer group."""
    return caption(row.image, f"The emoji {row.name}, of the kind {row.subgroup}.")


@EMOJI.task(
    "group",
    group="classification",
    category="General Object",
    instruction="Into which group of emoji does this one belong? Answer with the letter and the group.",
)
def group(row: EmojiRow) -> Made:
    """Unicode's group."""
    return choose(row.image, row.group, GROUPS) if row.group in GROUPS else None


@EMOJI.task(
    "face",
    group="question answering",
    category="Perception",
    instruction="Does the emoji show a face that expresses a feeling? Answer with yes or no.",
)
def face(row: EmojiRow) -> Made:
    """Whether the finer group is one of faces."""
    return name_it(row.image, "yes" if row.subgroup.startswith("face ") else "no")
