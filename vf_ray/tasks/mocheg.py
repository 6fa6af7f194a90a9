"""Mocheg: claims that were fact-checked, with the evidence and pictures of the check."""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vf_ray.instances.shapes import choose
from vf_ray.sources.csv_table import Cells, csv_table
from vf_ray.sources.image_folder import matching
from vf_ray.sources.records import At
from vf_ray.text import tidy
from vf_ray.types import Made, Raw, Reject, Row, Source, Terms, Tree

SPLITS = ("train", "val", "test")
VERDICTS = {"supported": "yes", "refuted": "no", "NEI": "not sure"}
_RATING = re.compile(
    r"\b(true|false|fake|hoax|mixture|unproven|misleading|inaccurate|accurate|incorrect|correct|"
    r"miscaptioned|satire|scam|legend|pants on fire|rate|rated|rating|claim)\b",
    re.IGNORECASE,
)
"""Words that give the verdict away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow(Row):
    """A claim, the outline of its check, and the verdict in our words."""

    claim: str
    outline: str
    verdict: str


def without_verdict(text: str) -> str:
    """Return an outline without markup, and without a first or last sentence that rates the claim."""
    plain = tidy(html.unescape(re.sub(r"<[^>]*>", " ", text)))
    sentences = re.split(r"(?<=[.!?])\s+", plain)
    for end in (0, -1):
        if sentences and _RATING.search(sentences[end]):
            del sentences[end]
    return " ".join(sentences)


def _proofs(tree: Tree, split: str) -> Mapping[int, str]:
    """Return each claim's first proof picture; names begin with the padded number of the claim."""
    proofs: dict[int, str] = {}
    for path, named in matching(tree, f"mocheg/{split}/images/{{claim}}-proof-*"):
        if named["claim"].isdecimal():
            proofs.setdefault(int(named["claim"]), path)
    return proofs


def _rows(tree: Tree, split: str) -> Iterator[ClaimRow | Reject]:
    """Yield each claim once: the table has a line for every piece of evidence."""
    proofs, seen = _proofs(tree, split), set[str]()

    def parse(cells: Cells, at: At) -> ClaimRow | Reject | tuple[()]:
        number = cells["claim_id"]
        if number in seen:
            return ()
        seen.add(number)
        key = f"{split}/{number}"
        if int(number) not in proofs:
            return Reject(key, "claim without picture")
        return ClaimRow(
            key=key,
            split=split,
            image=proofs[int(number)],
            claim=tidy(cells["Claim"]),
            outline=without_verdict(cells["ruling_outline"]),
            verdict=VERDICTS[cells["cleaned_truthfulness"]],
        )

    return csv_table({split: f"mocheg/{split}/Corpus2.csv"}, parse)(tree)


def _read(tree: Tree) -> Iterator[ClaimRow | Reject]:
    present = [split for split in SPLITS if tree.exists(f"mocheg/{split}/Corpus2.csv")]
    for split in present or SPLITS[:1]:
        yield from _rows(tree, split)


MOCHEG = Source(
    name="mocheg",
    title="Mocheg",
    url="https://github.com/VT-NLP/Mocheg",
    terms=Terms(
        licence="CC BY 4.0",
        training="yes",
        redistribution="yes",
        faces="yes",
        stated="the dataset statement at github.com/VT-NLP/Mocheg",
    ),
    raws=(
        Raw(
            name="mocheg",
            obtain="Ask for mocheg.tar.gz with the form of github.com/VT-NLP/Mocheg and put it here",
        ),
    ),
    read=_read,
)


@MOCHEG.task(
    "fact_check",
    upstream="multimodal_factual_checking",
    group="classification",
    category="Complex Reasoning",
    instruction="Judge from the image and the context whether the claim is true. Answer with the letter and "
    "the text of one option.",
    evidence="the first proof picture of a claim; which words give a rating away is ours",
    ceiling=0.6,  # claims without a picture
)
def fact_check(row: ClaimRow) -> Made:
    """Claim and context to yes, no or not sure."""
    if not row.outline:
        return Reject(row.key, "no context")
    question = f"Context: {row.outline}\nClaim: {row.claim}"
    return choose(row.image, row.verdict, tuple(VERDICTS.values()), question)
