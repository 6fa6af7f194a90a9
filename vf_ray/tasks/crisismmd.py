"""CrisisMMD: tweets with pictures during disasters, judged for what they report."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from html import unescape

from vf_ray.raw.tree import several
from vf_ray.sources.csv_table import TSV, Cells, csv_table
from vf_ray.sources.records import At
from vf_ray.text import tidy, words
from vf_ray.types import Download, Example, Made, Raw, Reject, Row, Source, Terms, Tree

UNJUDGED = ("", "dont_know_or_cant_judge")
REPORTED = (
    "affected_individuals", "infrastructure_and_utility_damage", "injured_or_dead_people",
    "missing_or_found_people", "not_humanitarian", "other_relevant_information",
    "rescue_volunteering_or_donation_effort", "vehicle_damage",
)  # fmt: skip
MISREAD_AS = ("cp1252", "mac_roman")
"""Encodings that the publisher took the UTF-8 of some tweets for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TweetRow(Row):
    """A picture of a tweet, its text, and the judgements of both by column name."""

    text: str
    judged: Mapping[str, str]


def mended(text: str) -> str:
    """Return a text whose UTF-8 was once read as another encoding as it was meant; others as they are."""
    for encoding in MISREAD_AS:
        with suppress(UnicodeError):
            return text.encode(encoding).decode("utf-8")
    return text


def _row(cells: Cells, at: At) -> TweetRow:
    return TweetRow(
        key=cells["image_id"],
        split=at.split,
        image=f"CrisisMMD_v2.0/{cells['image_path']}",
        text=tidy(unescape(mended(cells["tweet_text"]))),
        judged={name: value for name, value in cells.items() if name.startswith(("text_", "image_"))},
    )


def _read(tree: Tree) -> Iterator[TweetRow | Reject]:
    return csv_table(several(tree, "all", "CrisisMMD_v2.0/annotations/*_final_data.tsv"), _row, TSV)(tree)


CRISISMMD = Source(
    name="crisismmd",
    title="CrisisMMD v2.0",
    url="https://crisisnlp.qcri.org/crisismmd.html",
    terms=Terms(faces="yes"),  # said to be research only; not evidenced
    raws=(
        Raw(
            name="crisismmd",
            obtain="Put CrisisMMD_v2.0.tar.gz of crisisnlp.qcri.org/crisismmd here",
            files=(Download("https://crisisnlp.qcri.org/data/crisismmd/CrisisMMD_v2.0.tar.gz"),),
        ),
    ),
    read=_read,
)
EVIDENCE = "not in the paper's list; group and category are ours, as is the wording of the target"


def _both(row: TweetRow, text: str, image: str) -> Made:
    """What the text and what the picture was judged to be."""
    if row.judged[text] in UNJUDGED or row.judged[image] in UNJUDGED:
        return Reject(row.key, "not judged")
    answer = f"text: {words(row.judged[text])}; image: {words(row.judged[image])}"
    return Example(image=row.image, question=f"Tweet: {row.text}", answer=answer)


@CRISISMMD.task(
    "informativeness",
    upstream="CrisisMMD+Informativeness_classification",
    group="classification",
    category="Complex Reasoning",
    instruction="Is the tweet, and is its image, informative about a disaster or not? Answer in the form "
    '"text: informative; image: not informative".',
    ceiling=0.2,
    evidence=EVIDENCE,
)
def informativeness(row: TweetRow) -> Made:
    """Both judgements."""
    return _both(row, "text_info", "image_info")


@CRISISMMD.task(
    "humanitarian",
    upstream="CrisisMMD+humanitarian_categories_classification",
    group="classification",
    category="Complex Reasoning",
    instruction="What does the tweet report, and what does its image show? Choose for each of them from: "
    f"{', '.join(map(words, REPORTED))}. Answer in the form "
    '"text: affected individuals; image: not humanitarian".',
    ceiling=0.6,
    evidence=EVIDENCE,
)
def humanitarian(row: TweetRow) -> Made:
    """Both categories."""
    return _both(row, "text_human", "image_human")


@CRISISMMD.task(
    "damage",
    upstream="CrisisMMD+damage_severity_classification",
    group="classification",
    category="Complex Reasoning",
    instruction="How bad is the damage in the image that comes with the tweet? Answer severe damage, mild "
    "damage, or little or no damage.",
    ceiling=1.0,  # judged only where the picture shows damage
    evidence=EVIDENCE,
)
def damage(row: TweetRow) -> Made:
    """The picture's damage."""
    if (severity := row.judged["image_damage"]) in UNJUDGED:
        return Reject(row.key, "not judged")
    return Example(image=row.image, question=f"Tweet: {row.text}", answer=words(severity))
