"""Total-Text: photographs of words in any orientation."""

import re
from collections.abc import Iterable, Iterator

from vf_ray.sources.each_file import each_file
from vf_ray.sources.fields import text_of
from vf_ray.sources.mat_file import load_mat_bytes
from vf_ray.sources.records import At
from vf_ray.sources.rows import TextsRow
from vf_ray.text import tidy
from vf_ray.types import Example, Made, Raw, Reject, Source, Terms, Tree

IGNORED = "#"
FOLDERS = {"train": "Train", "test": "Test"}
_TEXT_CELL = 4
_WORD = re.compile(r"transcriptions:\s*\[\s*u?(?P<quote>['\"])(?P<word>.*?)(?P=quote)\s*\]", re.DOTALL)


def _from_text(data: bytes, at: At) -> TextsRow:
    return _row([match["word"] for match in _WORD.finditer(data.decode("utf-8-sig"))], at)


def _from_mat(data: bytes, at: At) -> TextsRow:
    """Take the fifth of a region's six cells: ``x:``, xs, ``y:``, ys, text, orientation."""
    regions = load_mat_bytes(data, at.path, ("polygt",))["polygt"]
    rows = [regions] if regions.ndim == 1 else regions  # of one region only the row is left
    return _row([text_of(row[_TEXT_CELL], "a text") if len(row[_TEXT_CELL]) else "" for row in rows], at)


def _row(words: Iterable[str], at: At) -> TextsRow:
    """Return a picture's texts under one key, whichever of the two forms they were published in."""
    folder, name = FOLDERS[at.split], at.path.rpartition("poly_gt_")[2].rpartition(".")[0]
    return TextsRow(
        key=f"{folder}/{name}",
        split=at.split,
        image=f"totaltext/Images/{folder}/{name}.jpg",
        texts=tuple(word for word in map(tidy, words) if word and word != IGNORED),
    )


def _read(tree: Tree) -> Iterator[TextsRow | Reject]:
    """Read the text files; the MATLAB files where only those are there."""
    mats = {split: f"Polygon/{folder}/poly_gt_*.mat" for split, folder in FOLDERS.items()}
    texts = {split: f"txt_format/{folder}/poly_gt_*.txt" for split, folder in FOLDERS.items()}
    if any(map(tree.glob, mats.values())) and not any(map(tree.glob, texts.values())):
        return each_file(mats, _from_mat)(tree)
    return each_file(texts, _from_text)(tree)


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
            obtain="Put totaltext.zip (pictures) and txt_format.zip (ground truth; or the MATLAB files, in "
            "Polygon/) of github.com/cs-chan/Total-Text-Dataset here",
        ),
    ),
    read=_read,
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
    return Example(image=row.image, answer="; ".join(row.texts))
