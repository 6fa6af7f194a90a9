"""Overlap of words: which questions of benchmarks occur in training prompts.

The convention is GPT-3's (Brown et al. 2020, appendix C): a question overlaps if a run of N words of it
occurs, or, if it is shorter, the whole; in lower case, without punctuation. GPT-3 takes N from 8 to 13
by the length of a benchmark's examples; questions about pictures are short, so N is 8 here, and the
whole is looked for as a line of a prompt, not in the middle of one. As GPT-3 does with runs that occur
everywhere, runs that many questions of one benchmark share say nothing and are left out.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vf_ray.instances.chance import rank
from vf_ray.quality.hamming import Rows

N = 8
"""Words of a run."""
COMMON = 10
"""A run that more different questions of one benchmark share is a form of words, not a question."""
_WORD = re.compile(r"\w+")
_FACTOR = 0x9E3779B97F4A7C15
"""Odd, so that a run's code tells the order of its words."""

Codes = npt.NDArray[np.uint64]


class AskedWording(NamedTuple):
    """What a benchmark asks: one wording, however many questions have it."""

    benchmark: str
    words: str
    """Normalised."""


class Hit(NamedTuple):
    """A wording that occurs in a training text."""

    row: int
    """Of the texts that were scanned."""
    asked: int
    """Number of the wording."""
    run: str
    """The first words they share."""


def normal(text: str) -> str:
    """Return a text's words in lower case without punctuation, one blank apart."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).lower()))


class Index:
    """The runs of words of all wordings; built once, asked by each training text once."""

    def __init__(self, asked: Sequence[AskedWording]) -> None:
        vocabulary = {word for wording in asked for word in wording.words.split()}
        self._code_of = {word: rank("word", word) for word in vocabulary}
        self._whole: dict[str, list[int]] = defaultdict(list)
        for number, wording in enumerate(asked):
            self._whole[wording.words].append(number)
        codes, owners = self._runs([wording.words.split() for wording in asked])
        pairs = np.unique(np.stack([codes, owners.astype(np.uint64)], axis=1), axis=0)
        self._codes, self._owners = pairs[:, 0], pairs[:, 1].astype(np.int64)
        telling = ~_common(self._codes, self._owners, asked)
        self._codes, self._owners = self._codes[telling], self._owners[telling]

    def scan(self, texts: Sequence[str], questions: Sequence[str]) -> Iterator[Hit]:
        """Yield the wordings that occur in each text, each once a text.

        ``texts`` are whole prompts, ``questions`` their parts that differ from instance to instance.
        """
        parts = [[normal(line) for line in text.split("\n")] for text in texts]
        shared = self._shared([" ".join(lines).split() for lines in parts])
        for row, (lines, question) in enumerate(zip(parts, questions, strict=True)):
            for whole in (normal(question), " ".join(filter(None, lines)), *lines):
                for asked in self._whole.get(whole, ()) if whole else ():
                    shared.setdefault((row, asked), whole)
        yield from (Hit(row, asked, run) for (row, asked), run in sorted(shared.items()))

    def _shared(self, spelled: Sequence[Sequence[str]]) -> dict[tuple[int, int], str]:
        """Return by text and wording the first run that they share."""
        codes, rows = self._runs(spelled)
        starts = np.searchsorted(self._codes, codes, side="left")
        ends = np.searchsorted(self._codes, codes, side="right")
        first = np.searchsorted(rows, np.arange(len(spelled)))
        shared: dict[tuple[int, int], str] = {}
        for place in np.flatnonzero(ends > starts).tolist():
            row = int(rows[place])
            at = place - int(first[row])
            for asked in self._owners[starts[place] : ends[place]].tolist():
                shared.setdefault((row, asked), " ".join(spelled[row][at : at + N]))
        return shared

    def _runs(self, spelled: Sequence[Sequence[str]]) -> tuple[Codes, Rows]:
        """Return the code of every run of N words, and the text it is from, in their order."""
        known = self._code_of.get  # words that no benchmark uses are all alike
        words = np.array([known(word, 0) for text in spelled for word in text], np.uint64)
        rows = np.repeat(np.arange(len(spelled)), [len(text) for text in spelled])
        runs = max(0, len(words) - N + 1)
        codes = np.zeros(runs, np.uint64)
        for place in range(N):
            codes = codes * np.uint64(_FACTOR) + words[place : place + runs]
        whole = rows[:runs] == rows[len(rows) - runs :]
        return codes[whole], rows[:runs][whole]


def _common(codes: Codes, owners: Rows, asked: Sequence[AskedWording]) -> npt.NDArray[np.bool_]:
    """Mark the runs that many wordings of one benchmark share."""
    numbers = {name: number for number, name in enumerate(sorted({one.benchmark for one in asked}))}
    benchmark = np.array([numbers[one.benchmark] for one in asked], np.uint64)[owners]
    _, run, counts = np.unique(
        np.stack([codes, benchmark], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    common: npt.NDArray[np.bool_] = (counts > COMMON)[run.reshape(-1)]
    return common
