"""Messages and WebDataset, read back by ``datasets``: every instance, its words, its images to the byte."""

import io
import json
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.exchange.prepared import FREE, TASKS, prepared, write_raw
from tests.exchange.test_several import RECORDS, pictures_of
from tests.tasks.tree import write
from vf_ray import artifacts
from vf_ray.exchange.export import SPLITS, export
from vf_ray.plan.plan import Plan
from vf_ray.shards.decode import sha256
from vf_ray.shards.schema import from_parquet
from vf_ray.store import Store

Prepared = tuple[Plan, Store]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    root = tmp_path_factory.mktemp("forms")
    write(root / "raw", {"llava_json/several.json": RECORDS, **pictures_of()})
    store = Store.open(str(root / "store"))
    ceilings = {"llava_json/conversation": 0.5}
    plan = prepared(write_raw(root / "raw", TASKS), store, TASKS, held_out=0.5, ceilings=ceilings)
    return plan, store


def written(ready: Prepared, to: Path, form: str, **options: Any) -> Path:
    plan, store = ready
    export(plan.instances, store, Store.open(str(to)), form, name="forms", **options)
    return to


def rows(ready: Prepared, split: str) -> dict[str, dict[str, Any]]:
    plan, store = ready
    tables = (
        from_parquet(artifacts.load(store, s.address).read(SPLITS[split])) for s in plan.instances.values()
    )
    return {f"{row['task']}#{row['key']}": row for table in tables for row in table.to_pylist()}


@pytest.mark.chain
def test_messages_hold_every_instance(
    ready: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from datasets import load_dataset

    out = written(ready, tmp_path / "out", "messages", any_licence=True)
    for split in SPLITS:
        data = load_dataset("json", data_files=str(out / f"{split}.jsonl"), cache_dir=str(tmp_path / "cache"))
        wanted = rows(ready, split)
        assert sorted(data["train"]["id"]) == sorted(wanted)
        for row in data["train"]:
            instance = wanted[row["id"]]
            assert [sha256((out / file).read_bytes()) for file in row["images"]] == instance["shown"]
            said = [message["content"] for message in row["messages"]]
            assert "".join(said).count("<image>") == len(row["images"])
            assert [message["role"] for message in row["messages"]] == ["user", "assistant"] * (
                len(said) // 2
            )
            assert said[1] == instance["response"]


@pytest.mark.chain
def test_webdataset_holds_every_instance(
    ready: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from datasets import load_dataset

    out = written(ready, tmp_path / "out", "webdataset", any_licence=True)
    for split in SPLITS:
        wanted, seen = rows(ready, split), Counter[str]()
        for path in sorted(out.glob(f"{split}-*.tar")):
            data = load_dataset("webdataset", data_files=str(path), cache_dir=str(tmp_path / "cache"))[
                "train"
            ]
            assert not any(name.startswith("__index") for name in data.column_names)
            for sample, parts in zip(data, _samples(path), strict=True):
                instance = wanted[sample["json"]["id"]]
                assert [sha256(part) for name, part in parts.items() if name != "json"] == instance["shown"]
                seen[sample["json"]["id"]] += 1
        assert seen == Counter(list(wanted))


def _samples(path: Path) -> list[dict[str, bytes]]:
    """Return the parts of each sample of a tar, in order."""
    samples: dict[str, dict[str, bytes]] = {}
    with tarfile.open(path) as tar:
        for member in tar:
            key, _, name = member.name.partition(".")
            file = tar.extractfile(member)
            assert file is not None
            samples.setdefault(key, {})[name] = file.read()
    return list(samples.values())


@pytest.mark.parametrize("form", ["messages", "webdataset"])
def test_images_that_may_not_go_out_stay(ready: Prepared, tmp_path: Path, form: str) -> None:
    out = written(ready, tmp_path / "out", form)
    files = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    if form == "messages":
        lines = [
            json.loads(x) for split in SPLITS for x in files[f"{split}-bare.jsonl"].decode().splitlines()
        ]
        stored = {name.split("/")[1] for name in files if name.startswith("images/")}
    else:
        bare = [data for name, data in files.items() if "-bare-" in name]
        lines = [json.loads(part) for data in bare for part in _json_parts(data)]
        whole = [data for name, data in files.items() if name.endswith(".tar") and "-bare-" not in name]
        stored = {json.loads(part)["id"].partition("/")[0] for data in whole for part in _json_parts(data)}
        stored -= {"vision_flan_191", "llava_instruct", "llava_json"}  # of these, what shows nothing
    assert lines and all(line["image_from"] and "images" not in line for line in lines)
    assert stored == set(FREE)


def _json_parts(data: bytes) -> list[bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        files = [tar.extractfile(member) for member in tar if member.name.endswith(".json")]
        return [file.read() for file in files if file is not None]
