"""A Prefect server is told of the pool, the deployments and, once, of the automations."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.prefect.register import AUTOMATIONS, POOLS, Prefect, register
from infra.storage.keep import keep
from vf_ray.store.store import Store

OURS = "vf-ray crash silent runs"


def server(known: list[str], asked: list[tuple[str, ...]]) -> Prefect:
    def prefect(*words: str) -> str:
        asked.append(words)
        return json.dumps([{"name": name} for name in known]) if words[0] == "api" else ""

    return prefect


@pytest.mark.parametrize("kind", sorted(POOLS))
def test_pool_deployments_and_automations_are_registered(kind: str) -> None:
    asked: list[tuple[str, ...]] = []
    register(kind, server([], asked))
    pool, _, deployments = POOLS[kind]
    assert asked[0][:5] == ("work-pool", "create", pool, "--type", kind) and asked[0][-1] == "--overwrite"
    assert asked[1] == ("deploy", "--all", "--prefect-file", str(deployments)) and deployments.is_file()
    assert asked[-1] == ("automation", "create", "--from-file", str(AUTOMATIONS))


def test_automations_that_are_there_are_not_made_again() -> None:
    asked: list[tuple[str, ...]] = []
    register("process", server([OURS, "somebody else's"], asked))
    assert not [words for words in asked if words[0] == "automation"]


def test_a_backup_is_kept_under_its_time_and_never_overwritten(tmp_path: Path) -> None:
    dump = tmp_path / "prefect.dump"
    dump.write_bytes(b"history")
    store, at = Store.open(f"file://{tmp_path}/store"), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert keep(dump, store, at) == "backups/prefect-20260102T030405Z.dump"
    assert store.read("backups/prefect-20260102T030405Z.dump") == b"history"
    with pytest.raises(FileExistsError, match="left as it is"):
        keep(dump, store, at)
