"""Replies of a judge as an artifact: committed as they come, so that nobody is asked twice."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from vf_ray.artifacts import Artifact, Writer
from vf_ray.eval.benchmark import Judge, Reply, Request
from vf_ray.eval.judges import judging
from vf_ray.eval.record import lines

CHUNK = 32
"""Requests of one file: what a kill may lose."""
AT_ONCE = 4
"""Chunks that are under way at a time."""


@dataclass
class Keeping:
    """A judge whose replies are committed, and are not asked for where they are known."""

    judge: Judge
    writer: Writer
    known: Mapping[str, Reply] = field(default_factory=dict)
    asked: int = 0
    failed: int = 0

    @property
    def name(self) -> str:
        return self.judge.name

    @property
    def in_order(self) -> bool:
        return self.judge.in_order

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """Return replies; asks, of equal requests once, for what neither this build nor ``known`` has."""
        keys = [judging.digest([request]) for request in requests]
        different = list(dict(zip(keys, requests, strict=True)).values())
        chunks = [different[start : start + CHUNK] for start in range(0, len(different), CHUNK)]
        found: dict[str, Reply] = {}
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="judge") as threads:
            for replies in threads.map(self._chunk, chunks):
                found |= replies
        self.asked += len(found)
        self.failed += sum(reply.text is None for reply in found.values())
        return [found[key] for key in keys]

    def _chunk(self, requests: Sequence[Request]) -> dict[str, Reply]:
        name = f"replies/{judging.digest(requests)[:32]}.jsonl"
        if self.writer.committed(name) is None:
            self.writer.commit(name, lines(self._records(requests)))
        return _read(self.writer.read(name))

    def _records(self, requests: Sequence[Request]) -> list[Mapping[str, object]]:
        missing = [request for request in requests if judging.digest([request]) not in self.known]
        new = iter(self.judge.replies(missing) if missing else [])
        replies = [self.known.get(judging.digest([request])) or next(new) for request in requests]
        return [judging.record(self.judge, *pair) for pair in zip(requests, replies, strict=True)]


@dataclass(frozen=True)
class Kept:
    """A judge that repeats what an artifact holds."""

    name: str
    said: Mapping[str, Reply]
    in_order: bool = False

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """Return the kept replies."""
        silent = Reply(text=None, error="this was never asked; evaluate again with force")
        return [self.said.get(judging.digest([request]), silent) for request in requests]


def said(artifact: Artifact) -> dict[str, Reply]:
    """Return the replies of a finished artifact by their request's digest."""
    return {key: reply for name in artifact.names() for key, reply in _read(artifact.read(name)).items()}


def good(artifact: Artifact) -> dict[str, Reply]:
    """Return those of its replies that came about."""
    return {key: reply for key, reply in said(artifact).items() if reply.text is not None}


def _read(data: bytes) -> dict[str, Reply]:
    rows = [json.loads(line) for line in data.decode().split("\n") if line]
    return {
        row["prompt_sha256"]: Reply(text=row["reply"], error=row["error"], version=row["version"])
        for row in rows
    }
