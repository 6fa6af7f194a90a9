"""Replies of a judge as an artifact: committed as they come, so that nobody is asked twice.

What can be read is kept at once. What came and cannot be read is kept at the end only, when something
else could be: a judge that says nothing usable is asked anew once it is mended. What failed is not kept.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec, Writer
from vf_ray.eval.asking import Incomplete, part, parts
from vf_ray.eval.item_lines import lines
from vf_ray.eval.judge import Judge, Reply, Request
from vf_ray.eval.judges import judging
from vf_ray.eval.judges.judging import Paper
from vf_ray.eval.unusable import stop_if_alike
from vf_ray.store import Store

CHUNK = 32
"""Requests of one file: what a kill may lose."""
UNREAD = "replies/unread.jsonl"
"""What came and cannot be read."""
ReadReply = Callable[[Request, Reply], object]


@dataclass
class Keeping:
    """A judge whose replies are committed, and are not asked for where they are known."""

    judge: Judge
    parse: ReadReply
    """The benchmark's."""
    threads: Executor
    """Where chunks wait for the judge."""
    replied: dict[str, Reply] = field(default_factory=dict)
    """Everything that was asked for, by the request's digest."""
    failures: list[str] = field(default_factory=list)
    """Why a reply is still to come, for each that is."""
    _unread: list[Mapping[str, object]] = field(default_factory=list)
    _writer: Writer | None = None

    @property
    def name(self) -> str:
        return self.judge.name

    @property
    def in_order(self) -> bool:
        return self.judge.in_order

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """Return replies; asks, of equal requests once, for what this build does not have yet."""
        keys = [judging.digest([request]) for request in requests]
        different = {key: r for key, r in zip(keys, requests, strict=True) if key not in self.replied}
        asked = list(different.values())
        chunks = [asked[start : start + CHUNK] for start in range(0, len(asked), CHUNK)]
        for replies in self.threads.map(self._chunk, chunks):
            self.replied |= replies
        return [self.replied[key] for key in keys]

    @contextmanager
    def into(self, writer: Writer) -> Iterator[None]:
        """Keep what the block asks for; where all of it came, also what cannot be read."""
        self._writer = writer
        yield
        if not self.failures:
            writer.commit(part(UNREAD, writer.attempt), lines(self._unread))

    def _chunk(self, requests: Sequence[Request]) -> dict[str, Reply]:
        assert self._writer is not None, "ask inside into()"
        name = f"replies/{judging.digest(requests)[:32]}.jsonl"
        replies: dict[str, Reply] = {}
        for file in parts(self._writer, name):
            replies |= _read(self._writer.read(file))
        missing = [request for request in requests if judging.digest([request]) not in replies]
        if missing:
            replies |= self._ask(self._writer, name, missing, len(requests))
        return replies

    def _ask(self, writer: Writer, name: str, requests: Sequence[Request], of: int) -> dict[str, Reply]:
        new = self.judge.replies(requests)
        read, failures = [], list[str]()
        for request, reply in zip(requests, new, strict=True):
            row = judging.record(self.judge, request, reply).plain()
            if reply.text and self.parse(request, reply) is not None:
                read.append(row)
            elif why := judging.failure(reply):
                failures.append(why)
            else:
                self._unread.append(row)
        writer.commit(part(name, writer.attempt), lines(read))
        self.failures += failures
        stop_if_alike(f"judge {self.name}", failures, of)
        return {judging.digest([request]): reply for request, reply in zip(requests, new, strict=True)}


@dataclass(frozen=True)
class RecordedJudge:
    """A judge that repeats what was said."""

    name: str
    said: Mapping[str, Reply]
    in_order: bool = False

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """Return the kept replies."""
        silent = Reply(text=None, error="this was never asked; evaluate again with force")
        return [self.said.get(judging.digest([request]), silent) for request in requests]


def judge_with_replies(
    store: Store, spec: Spec, judge: Judge, paper: Paper, threads: Executor
) -> tuple[RecordedJudge, list[str]]:
    """Return a judge that has its replies about some answers, as far as they come.

    ``spec`` is the artifact that keeps them: finished once all came, else gone on with by the next call.

    Returns:
        The judge, and why a reply is still to come for each that is.

    Raises:
        Unserved: if the judge refuses, or nothing that it says can be read.
    """
    parse = paper.benchmark.parse
    assert parse is not None, f"benchmark {paper.benchmark.name!r} is judged and has no parse"
    keeping = Keeping(judge, parse, threads)

    def make(writer: Writer) -> Mapping[str, Any]:
        with keeping.into(writer):
            paper.put_to(keeping)
        if keeping.failures:
            raise Incomplete
        return {"asked": len(keeping.replied)}

    try:
        return RecordedJudge(judge.name, said(artifacts.build(store, spec, make))), []
    except Incomplete:
        return RecordedJudge(judge.name, keeping.replied), keeping.failures


def said(artifact: Artifact) -> dict[str, Reply]:
    """Return the replies of a finished artifact by their request's digest, the readable if there are two."""
    names = sorted(artifact.names(), key=lambda name: not name.startswith(UNREAD.removesuffix(".jsonl")))
    return {key: reply for name in names for key, reply in _read(artifact.read(name)).items()}


def _read(data: bytes) -> dict[str, Reply]:
    rows = [json.loads(line) for line in data.decode().split("\n") if line]
    return {row["prompt_sha256"]: _reply(row) for row in rows}


def _reply(row: Mapping[str, object]) -> Reply:
    text = row["reply"]
    return Reply(
        text=None if text is None else str(text), error=str(row["error"]), version=str(row["version"]),
        cut=bool(row.get("cut")), how=str(row.get("how", "")),
    )  # fmt: skip
