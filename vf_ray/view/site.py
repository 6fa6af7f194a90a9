"""What all pages share: the store, its index, and what was opened of it."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NoReturn

from starlette.exceptions import HTTPException
from starlette.requests import Request

from vf_ray.artifacts import Artifact
from vf_ray.shards.finish import HELD_OUT, TRAIN
from vf_ray.store import Store
from vf_ray.view.alike import AlikeFinder
from vf_ray.view.benchmark_looks import BenchmarkLooks
from vf_ray.view.benchmark_words import BenchmarkWords
from vf_ray.view.chat_room import ChatRoom
from vf_ray.view.questions import QuestionFinder
from vf_ray.view.row_files import RowFile
from vf_ray.view.store_index import StoreIndex
from vf_ray.view.stored_images import ImageFinder
from vf_ray.view.tokens import Encoders
from vf_ray.view.under_way import HeartbeatWatch

SPLITS = {"train": TRAIN, "held_out": HELD_OUT}
"""Name in an address to the file of an instances artifact."""


@dataclass(frozen=True)
class Site:
    """One store, looked at."""

    store: Store
    images: ImageFinder = field(default_factory=ImageFinder)
    alike: AlikeFinder = field(default_factory=AlikeFinder)
    encoders: Encoders = field(default_factory=Encoders)
    chats: ChatRoom = field(default_factory=ChatRoom)

    @cached_property
    def index(self) -> StoreIndex:
        """Return the store's records."""
        return StoreIndex(self.store)

    @cached_property
    def questions(self) -> QuestionFinder:
        """Return what reads benchmarks' questions, and what became of them."""
        return QuestionFinder(self.index, self.images)

    @cached_property
    def benchmark_looks(self) -> BenchmarkLooks:
        """Return what compares images with those of benchmarks."""
        return BenchmarkLooks(self.index)

    @cached_property
    def benchmark_words(self) -> BenchmarkWords:
        """Return what compares words with those of benchmarks."""
        return BenchmarkWords(self.questions)

    @cached_property
    def watch(self) -> HeartbeatWatch:
        """Return what tells whether something is being built."""
        return HeartbeatWatch(self.store)

    def artifact(self, address: str) -> Artifact:
        """Return a finished artifact.

        Raises:
            HTTPException: 404, if there is none.
        """
        return self.index.artifact(address) or missing(f"no finished {address}")

    def instances(self, task: str, version: str, split: str) -> RowFile:
        """Return one of the two files of a task's instances.

        Raises:
            HTTPException: 404, if there is none.
        """
        if split not in SPLITS:
            missing(f"no split {split!r}")
        artifact = self.artifact(f"instances/{task}/{version}")
        return RowFile(artifact, SPLITS[split])


def missing(words: str) -> NoReturn:
    """End a request for what is not there."""
    raise HTTPException(404, words)


def whole_number(request: Request, key: str, least: int = 0) -> int:
    """Return a number of an address; what is none, or too small, is the least."""
    text = request.query_params.get(key, "")
    return max(least, int(text)) if text.isascii() and text.isdigit() and len(text) < 12 else least


def images_of(instances: Artifact) -> str:
    """Return the address of the pictures that instances show."""
    return str(instances.manifest["spec"]["inputs"]["images"])
