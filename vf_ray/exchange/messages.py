"""Messages as JSON Lines, as LLaMA-Factory and TRL name them: ``messages`` of role and content, ``images``.

``<image>`` stands in a content where an image is shown; ``images`` lists their files in that order.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from vf_ray.exchange.llava import IMAGES, ImageFolder, SentImages
from vf_ray.exchange.records import Record
from vf_ray.store import Store

ROLES = ("user", "assistant")


class MessageFiles:
    """``<split>.jsonl`` and ``images/``; a record whose pictures stay here is in ``<split>-bare.jsonl``.

    That one names the raw pictures (``image_from``) in place of ``images``.
    """

    def __init__(self, target: Store, split: str, scratch: Path, pool: Executor) -> None:
        self._target, self._images = target, ImageFolder(target, pool)
        self._whole, self._bare = (_JsonLines(scratch / f"{split}{end}.jsonl") for end in ("", "-bare"))
        self._sent = SentImages()

    def add(self, batch: Sequence[Record]) -> None:
        """Append some records, and store their pictures."""
        self._images.add(self._sent.new(batch))
        for record in batch:
            (self._bare if record.stays else self._whole).add(_line(record))

    def close(self) -> list[str]:
        """Store what is left; return the names of the files that have everything."""
        for lines in (self._whole, self._bare):
            lines.close()
            if lines.count:
                self._target.create_file(lines.local.name, lines.local)
        return [self._whole.local.name] if self._whole.count else []


class _JsonLines:
    """A file that grows by a JSON object a line."""

    def __init__(self, local: Path) -> None:
        self.local, self.count = local, 0
        self._file = local.open("w", encoding="utf-8")

    def add(self, element: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(element, ensure_ascii=False) + "\n")
        self.count += 1

    def close(self) -> None:
        self._file.close()


def _line(record: Record) -> dict[str, Any]:
    turns = enumerate(turn["value"] for turn in record.conversations())
    files = [f"{IMAGES}/{file}" for file in record.files]
    return {
        "id": record.id,
        "task": record.task.id,
        "messages": [{"role": ROLES[place % 2], "content": text} for place, text in turns],
        **({"image_from": record.row["images"]} if record.stays else {"images": files}),
    }
