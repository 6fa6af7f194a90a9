"""What goes out is all that was prepared, no picture that may not, and comes in again unchanged."""

import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image, ImageChops
from typer.testing import CliRunner

from tests.exchange.prepared import FREE, TASKS, prepared, recipe, write_raw
from vf_ray import artifacts
from vf_ray.cli import app
from vf_ray.exchange import parquet
from vf_ray.exchange.export import FORMS, SPLITS, export
from vf_ray.plan.plan import Plan
from vf_ray.raw.tree import RawTree
from vf_ray.shards.decode import NOTHING, sha256
from vf_ray.shards.schema import from_parquet
from vf_ray.sources.llava_json import ConversationRow
from vf_ray.store import Store
from vf_ray.tasks import catalogue, sources

Prepared = tuple[Plan, Store]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    root = tmp_path_factory.mktemp("prepared")
    store = Store.open(str(root / "store"))
    return prepared(write_raw(root / "raw", TASKS), store, TASKS, held_out=0.5), store


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def written(ready: Prepared, to: Path | str, form: str, **options: Any) -> Store:
    target = Store.open(str(to))
    plan, store = ready
    export(plan.instances, store, target, form, name=plan.recipe.name, about=plan.recipe.about, **options)
    return target


def instances(ready: Prepared, split: str) -> list[dict[str, Any]]:
    plan, store = ready
    tables = (
        from_parquet(artifacts.load(store, s.address).read(SPLITS[split])) for s in plan.instances.values()
    )
    return [row for table in tables for row in table.to_pylist()]


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(f"{row['task']}#{row['key']}" for row in rows)


def said(rows: list[dict[str, Any]]) -> Counter[Any]:
    return Counter((row["prompt"], row["response"], *row["further"], *row["shown"]) for row in rows)


def frames(target: Store, split: str) -> list[dict[str, Any]]:
    names = [name for name in target.list("data") if name.startswith(f"data/{split}-")]
    return [row for name in names for row in pq.read_table(io.BytesIO(target.read(name))).to_pylist()]


def test_the_miniature_holds_every_kind(ready: Prepared) -> None:
    rows = {split: instances(ready, split) for split in SPLITS}
    assert all(len(found) > 5 for found in rows.values())
    assert any(row["further"] for found in rows.values() for row in found)
    redistribution = {sources()[row["task"].partition("/")[0]].terms.redistribution for row in rows["train"]}
    assert redistribution == {"yes", "unknown"}


@pytest.mark.parametrize("form", ["llava", "llava-tar"])
def test_llava_json_comes_in_again_as_it_went_out(
    ready: Prepared, store: Store, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr("vf_ray.exchange.tars.TAR_BYTES", 1 << 12)
    target = written(ready, f"{store.url}/raw/llava_json", form, any_licence=True)
    assert len([name for name in target.list() if name.endswith(".tar")]) > 2 or form == "llava"
    own = sources()["llava_json"]
    tree = RawTree.of(f"{store.url}/raw", own.raws)
    back = [row for row in own.read(tree) if isinstance(row, ConversationRow)]
    found = Counter(
        (*row.texts, *(sha256(tree.read(p)) for p in row.images or (row.image,) if p)) for row in back
    )
    assert found == said([row for split in SPLITS for row in instances(ready, split)])
    assert not any("without-pictures" in name for name in target.list())


def test_what_was_held_out_stays_so_when_it_comes_in_again(ready: Prepared, tmp_path: Path) -> None:
    written(ready, tmp_path / "raw" / "llava_json", "llava", any_licence=True)
    store = Store.open(str(tmp_path / "again"))
    plan = prepared(tmp_path / "raw", store, ("llava_json/*",), held_out=0.1)
    again = {(row["prompt"], row["response"], *row["shown"]) for row in instances((plan, store), "train")}
    kept = {(row["prompt"], row["response"], *row["shown"]) for row in instances(ready, "held_out")}
    trained = {(row["prompt"], row["response"], *row["shown"]) for row in instances(ready, "train")}
    assert len(kept) > 5 and len(again) > 5
    assert not again & (kept - trained)


def test_images_that_may_not_go_out_stay_and_their_texts_say_where_they_are_from(
    ready: Prepared, tmp_path: Path
) -> None:
    target = written(ready, tmp_path / "out", "llava")
    images = [name for name in target.list("images")]
    assert {name.split("/")[1] for name in images} == set(FREE)
    for split in SPLITS:
        whole = json.loads(target.read(f"{split}.json"))
        bare = json.loads(target.read(f"{split}-without-pictures.json"))
        assert sorted(row["id"] for row in whole + bare) == ids(instances(ready, split))
        shown = [row for row in whole if "image" in row]
        assert {f"images/{row['image']}" for row in shown} <= set(images)
        assert all("image" not in row and row["image_from"] for row in bare)
        assert {row["task_name"].partition("/")[0] for row in shown} <= set(FREE)
        silent = [row for row in instances(ready, split) if not row["shown"]]
        assert ids(silent) == sorted(row["id"] for row in whole if "image" not in row)
        assert all("<image>" not in str(row) for row in whole if "image" not in row)
    assert b"are left out" in target.read("README.md")


def test_each_image_of_a_source_is_stored_once(ready: Prepared, tmp_path: Path) -> None:
    target = written(ready, tmp_path / "out", "llava", any_licence=True)
    rows = [row for split in SPLITS for row in instances(ready, split)]
    wanted = {(row["task"].partition("/")[0], sha256) for row in rows for sha256 in row["shown"]}
    stored = [name.split("/") for name in target.list("images")]
    assert sorted((source, file.partition(".")[0]) for _, source, _, file in stored) == sorted(wanted)
    assert all(sha256(target.read("/".join(name))) == name[-1].partition(".")[0] for name in stored)


@pytest.mark.chain
def test_datasets_opens_the_parquet_with_decoded_images(
    ready: Prepared, tmp_path: Path, offline: None
) -> None:
    from datasets import load_dataset

    written(ready, tmp_path / "out", "parquet")
    for split in SPLITS:
        files = str(tmp_path / "out" / "data" / f"{split}-*.parquet")
        data = load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path / "cache"))
        rows = {f"{row['task']}#{row['key']}": row for row in instances(ready, split)}
        assert sorted(data["id"]) == sorted(rows)
        for row in data:
            instance = rows[row["id"]]
            mark = "<image>\n" * len(instance["shown"])
            assert row["conversations"][0]["value"] == f"{mark}{instance['prompt']}"
            assert [turn["value"] for turn in row["conversations"][1:]] == [
                instance["response"], *instance["further"]
            ]  # fmt: skip
            assert (row["options"], row["answer"]) == (instance["options"], instance["answer"])
            assert (row["image"] is not None) == (row["source"] in FREE)
            if row["image"] is not None:
                assert not ImageChops.difference(
                    row["image"].convert("RGB"), stored(ready, instance)
                ).getbbox()


def stored(ready: Prepared, row: dict[str, Any]) -> Image.Image:
    plan, store = ready
    made = artifacts.load(store, plan.images[row["task"].partition("/")[0]].address)
    (at,) = [
        at for at in from_parquet(made.read("index.parquet")).to_pylist() if [at["sha256"]] == row["shown"]
    ]
    return Image.open(io.BytesIO(made.read_range(at["file"], at["offset"], at["size"]))).convert("RGB")


@pytest.mark.chain
def test_the_card_opens_the_folder_by_itself(ready: Prepared, tmp_path: Path, offline: None) -> None:
    from datasets import load_dataset

    for form in ("parquet", "llava"):
        written(ready, tmp_path / form, form, any_licence=True)
        data = load_dataset(str(tmp_path / form), cache_dir=str(tmp_path / "cache"))
        assert {split: len(rows) for split, rows in data.items()} == {
            split: len(instances(ready, split)) for split in SPLITS
        }


@pytest.mark.chain
def test_each_group_of_tasks_opens_by_its_name(ready: Prepared, tmp_path: Path, offline: None) -> None:
    from datasets import Image as ImageFeature
    from datasets import get_dataset_config_names, load_dataset

    folder, cache = str(tmp_path / "out"), str(tmp_path / "cache")
    written(ready, folder, "parquet", any_licence=True)
    rows = {split: Counter(catalogue()[r["task"]].group for r in instances(ready, split)) for split in SPLITS}
    groups = {group.replace(" ", "-"): group for group in rows["train"] | rows["held_out"]}
    assert len(groups) > 1 and {*get_dataset_config_names(folder)} == {"default", *groups}
    for name, group in groups.items():
        data = load_dataset(folder, name, cache_dir=cache)
        assert {split: len(part) for split, part in data.items()} == {
            split: count[group] for split, count in rows.items() if count[group]
        }
        for part in data.values():
            assert set(part["group"]) == {group} and isinstance(part.features["image"], ImageFeature)
            assert all(row["image"].size for row in part if row["image_from"])


def test_parquet_says_which_column_is_a_image(ready: Prepared, tmp_path: Path) -> None:
    target = written(ready, tmp_path / "out", "parquet", any_licence=True)
    for split in SPLITS:
        names = [name for name in target.list("data") if name.startswith(f"data/{split}-")]
        files = [pq.ParquetFile(io.BytesIO(target.read(name))) for name in names]
        file = files[0]
        features = json.loads(file.schema_arrow.metadata[b"huggingface"])["info"]["features"]
        assert list(features) == file.schema_arrow.names
        assert features["image"] == {"_type": "Image"}
        rows = {f"{row['task']}#{row['key']}": row for row in instances(ready, split)}
        found = {row["id"]: row["image"] for file in files for row in file.read().to_pylist()}
        assert {key: sha256(image["bytes"]) if image else NOTHING for key, image in found.items()} == {
            key: "".join(row["shown"]) or NOTHING for key, row in rows.items()
        }


@pytest.mark.parametrize("form", FORMS)
def test_the_same_artifacts_give_the_same_files(ready: Prepared, tmp_path: Path, form: str) -> None:
    one, other = (written(ready, tmp_path / name, form, any_licence=True) for name in "ab")
    assert one.list() == other.list()
    assert all(one.read(name) == other.read(name) for name in one.list())


def test_shards_part_the_rows_and_nothing_else(
    ready: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = written(ready, tmp_path / "whole", "parquet")
    monkeypatch.setattr(parquet, "SHARD_BYTES", 1)
    monkeypatch.setattr("vf_ray.exchange.export.BATCH", 3)
    parts = written(ready, tmp_path / "parts", "parquet")
    assert len(parts.list("data")) > 8 and len(whole.list("data")) == 2 * 3  # splits and groups
    assert all(frames(parts, split) == frames(whole, split) for split in SPLITS)


def test_a_target_that_holds_something_is_refused(ready: Prepared, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="not empty"):
        written(ready, tmp_path / "out", "llava")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_what_is_not_prepared_is_refused(ready: Prepared, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="not finished"):
        empty, out = (Store.open(str(tmp_path / name)) for name in ("empty", "out"))
        export(ready[0].instances, empty, out, "llava", name="none")
    assert not (tmp_path / "out").exists()


def test_the_front_matter_is_what_the_hub_takes(ready: Prepared, tmp_path: Path) -> None:
    target = written(ready, tmp_path / "out", "parquet")
    _, front, body = target.read("README.md").decode().split("---\n", 2)
    values = yaml.safe_load(front)
    assert values["license"] == "other" and values["size_categories"] == ["n<1K"]
    named = {entry["split"]: entry["path"] for entry in values["configs"][0]["data_files"]}
    assert sorted(path for paths in named.values() for path in paths) == target.list("data")
    assert all(f"| {task} |" in body for task in ready[0].tasks)
    shown = [line.partition("](")[2].rstrip(")") for line in body.splitlines() if line.startswith("![")]
    assert sorted(shown) == target.list("samples") == [f"samples/{name}.png" for name in FREE]


@pytest.fixture
def recipe_file(ready: Prepared, tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "miniature.yaml"
    file.write_text(yaml.safe_dump(recipe(Path(ready[0].recipe.prepare.raw), TASKS, held_out=0.5)))
    yield file


def test_the_command_line_exports_some_tasks(ready: Prepared, recipe_file: Path, tmp_path: Path) -> None:
    words = ["export", recipe_file, "--store", ready[1].url, "--format", "llava", "--to", tmp_path / "out"]
    result = CliRunner().invoke(app, [*map(str, words), "--task", "clevr/*", "--json"])
    assert result.exit_code == 0, result.stderr
    counts = json.loads(result.stdout)
    assert set(counts) == {task for task in ready[0].tasks if task.startswith("clevr/")}
    assert sum(sum(split.values()) for split in counts.values()) == sum(
        row["task"].startswith("clevr/") for split in SPLITS for row in instances(ready, split)
    )
    again = CliRunner().invoke(app, list(map(str, words)))
    assert again.exit_code == 1 and "not empty" in again.stderr
    none = CliRunner().invoke(app, [*map(str, words), "--task", "okvqa/*"])
    assert none.exit_code == 1 and "prepares none" in none.stderr
