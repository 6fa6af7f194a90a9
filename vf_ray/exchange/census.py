"""Counts of what goes out, taken as it streams by; memory follows tasks, not instances."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from vf_ray.exchange.records import Record

SAMPLES = 12
"""Pictures that the card shows, each of another source."""


@dataclass
class Count:
    """What one task gives."""

    instances: Counter[str] = field(default_factory=Counter)
    """By split."""
    asked: Counter[int] = field(default_factory=Counter)
    """Instances by the words that the user says."""
    answered: Counter[int] = field(default_factory=Counter)
    """Instances by the words that the model says."""


@dataclass
class Census:
    """What all tasks give, and whose pictures go out."""

    tasks: Mapping[str, Count]
    images: Counter[str] = field(default_factory=Counter)
    """Different pictures by source."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Those of them that stay here."""
    samples: dict[str, Record] = field(default_factory=dict)
    """By source: its first record whose picture goes out."""
    _source: str = ""
    _seen: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, tasks: Iterable[str]) -> "Census":
        """Return an empty census of some tasks; those that give nothing stay in it."""
        return cls({task: Count() for task in tasks})

    def add(self, split: str, batch: Iterable[Record]) -> None:
        """Count some records of a split; a source's records come one after the other."""
        for record in batch:
            count = self.tasks[record.task.id]
            count.instances[split] += 1
            count.asked[_words(record.texts[::2])] += 1
            count.answered[_words(record.texts[1::2])] += 1
            self._add_image(record)

    def _add_image(self, record: Record) -> None:
        name = record.source.name
        if name != self._source:
            self._source, self._seen = name, set()
        for file in {*record.files} - self._seen:
            self._seen.add(file)
            self.images[name] += 1
            self.left_out[name] += record.stays
        if record.places and len(self.samples) < SAMPLES:
            self.samples.setdefault(name, record)

    def instances(self, split: str | None = None) -> int:
        """Return the instances of a split, or of all."""
        counts = (count.instances for count in self.tasks.values())
        return sum(count.total() if split is None else count[split] for count in counts)


def _words(texts: Iterable[str]) -> int:
    return sum(len(text.split()) for text in texts)


def summary(lengths: Mapping[int, int]) -> dict[str, float]:
    """Return mean, median, 99th percentile and longest of lengths given as length -> how many; 0 of none."""
    ascending, total = sorted(lengths), sum(lengths.values())
    upto = list(accumulate(lengths[length] for length in ascending))
    at = {
        name: ascending[bisect_left(upto, share * total)] if total else 0
        for name, share in {"median": 0.5, "99%": 0.99, "longest": 1.0}.items()
    }
    return {"mean": sum(n * many for n, many in lengths.items()) / max(1, total), **at}
