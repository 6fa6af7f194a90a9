"""Total-Text: photographs of words in any orientation."""

import re

from vf_ray.shapes import tidy
from vf_ray.sources.each_file import each_file
from vf_ray.sources.records import At, Record
from vf_ray.sources.rows import TextsRow
from vf_ray.types import Example, Made, Raw, Reject, Source, Terms

IGNORED = "#"
_WORD = re.compile(r"transcriptions:\s*\[\s*u?(?P<quote>['\"])(?P<word>.*?)(?P=quote)\s*\]", re.DOTALL)


def _row(data: Record, at: At) -> TextsRow:
    words = (tidy(found["word"]) for found in _WORD.finditer(data.decode("utf-8-sig")))
    folder = {"train": "Train", "test": "Test"}[at.split]
    name = at.path.rpartition("poly_gt_")[2].removesuffix(".txt")
    return TextsRow(
        key=at.path,
        split=at.split,
        image=f"totaltext/Images/{folder}/{name}.jpg",
        texts=tuple(word for word in words if word and word != IGNORED),
    )


TOTAL_TEXT = Source(
    name="total_text",
    title="Total-Text",
    url="https://github.com/cs-chan/Total-Text-Dataset",
    terms=Terms(
        licence="BSD-3-Clause (code); data for non-commercial research",
        training="yes",
        faces="unknown",
        stated="github.com/cs-chan/Total-Text-Dataset",
    ),
    raws=(
        Raw(
            name="total_text",
            obtain="Put totaltext.zip (pictures) and txt_format.zip (ground truth) of "
            "github.com/cs-chan/Total-Text-Dataset here",
        ),
    ),
    read=each_file(
        {"train": "txt_format/Train/poly_gt_*.txt", "test": "txt_format/Test/poly_gt_*.txt"}, _row
    ),
)


@TOTAL_TEXT.task(
    "texts",
    upstream="Total-Text+text_detection",
    group="generation",
    category="Document-Level OCR",
    instruction="Find all words in the photograph, also bent and slanted ones, and list them, separated by "
    "semicolons.",
)
def texts(row: TextsRow) -> Made:
    """All words that can be read, in file order."""
    if not row.texts:
        return Reject(row.key, "no readable text")
    return Example(image=row.image, answer=";".join(row.texts))
