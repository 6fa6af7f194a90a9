"""The base step, from prepared text to a committed folder."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from tests.tiny import make_tiny, tiny_base
from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec
from vf_ray.doctor.weights import base_weights, outliner
from vf_ray.model.base import build_base, conversations, make_base
from vf_ray.model.families import encoder_of, family_of_base
from vf_ray.model.fetcher import fetcher, folder_at_hand
from vf_ray.model.load import load
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe
from vf_ray.recipe.strict import plain
from vf_ray.shards.schema import to_parquet
from vf_ray.store import Store
from vf_ray.tasks import catalogue
from vf_ray.work import LocalPool, WorkPool


def prepared(store: Store, task: str, prompt: str) -> Artifact:
    rows = pa.table({"prompt": [prompt] * 30, "response": ["yes"] * 30, "further": [["Why?", "So."]] * 30})
    spec = Spec(kind="instances", name=task, config={"prompt": prompt})

    def make(writer: artifacts.Writer) -> Mapping[str, int]:
        writer.commit("train.parquet", to_parquet(rows))
        return {}

    return artifacts.build(store, spec, make)


@pytest.fixture
def sources(store: Store) -> dict[str, Artifact]:
    return {
        "b/second": prepared(store, "b/second", "Are there zebras?"),
        "a/first": prepared(store, "a/first", "Is it odd?"),
    }


def built(store: Store, name: str, sources: Mapping[str, Artifact]) -> Artifact:
    spec = Spec(kind="base", name=name, config={})
    return artifacts.build(store, spec, lambda writer: make_base(writer, tiny_base(), 3, sources))


def test_the_folder_loads_and_knows_the_prepared_words(
    store: Store, sources: dict[str, Artifact], tmp_path: Path
) -> None:
    artifact = built(store, "one", sources)
    folder = artifact.download(tmp_path, "model/")
    encoder = encoder_of(folder)
    assert "▁zebras" in encoder.tokenizer.get_vocab()
    assert load(folder).config.image_token_id == encoder.image_id
    sizes = artifact.stats["parameters"]
    assert sizes.keys() == {"language_model", "projector", "vision_tower"}
    assert sum(sizes.values()) == sum(p.numel() for p in load(folder).parameters())


def test_the_order_of_the_sources_does_not_matter(store: Store, sources: dict[str, Artifact]) -> None:
    one, other = built(store, "one", sources), built(store, "other", dict(reversed(sources.items())))
    assert one.manifest["files"] == other.manifest["files"]
    texts = family_of_base(tiny_base(), Path).adopted(tiny_base(), Path).texts(conversations(sources))
    assert next(texts) == "\nIs it odd? ASSISTANT: yes"


def test_parts_are_fetched_from_wherever_they_lie(store: Store, tmp_path: Path) -> None:
    for file in make_tiny(tmp_path / "made").iterdir():
        store.create_file(f"parts/tiny/{file.name}", file)
    fetch = fetcher(tmp_path / "scratch")
    folder = fetch(store.at("parts/tiny"))
    assert {f.name for f in folder.iterdir()} == {f.name for f in (tmp_path / "made").iterdir()}
    file = fetch(store.at("parts/tiny/config.json"))
    assert file.read_bytes() == (tmp_path / "made" / "config.json").read_bytes()
    with pytest.raises(FileNotFoundError, match="parts/absent"):
        fetch(store.at("parts/absent"))


def test_of_a_judge_in_a_bucket_a_machine_holds_one_copy(store: Store, tmp_path: Path) -> None:
    store.create("judges/one/config.json", b"{}")
    url = store.at("judges/one")
    with folder_at_hand(url) as one, folder_at_hand(url) as other:
        assert one == other and (one / "config.json").read_bytes() == b"{}"
    assert one.exists() == (store.local_path("") is not None)
    with pytest.raises(FileNotFoundError, match="judges/absent"), folder_at_hand(store.at("judges/absent")):
        pass


def test_a_model_of_the_store_is_fetched_by_its_address(
    store: Store, sources: dict[str, Artifact], tmp_path: Path
) -> None:
    made = built(store, "one", sources)
    folder = fetcher(tmp_path / "scratch", store)(made.address)
    outline = outliner(tmp_path, store)(made.address)
    names = {name.removeprefix("model/") for name in made.names()}
    assert {f.name for f in folder.iterdir()} == names == {f.name for f in outline.iterdir()}
    assert (folder / "config.json").read_bytes() == made.read("model/config.json")
    assert all((outline / n).stat().st_size == (folder / n).stat().st_size for n in names)
    assert all(check.ok for check in base_weights(replace(tiny_base(), checkpoint=made.address), store))


def recipe(**base: object) -> Recipe:
    tasks = sorted(catalogue())[:2]
    stage = {"tasks": tasks, "lr": 1e-3, "batch": 2, "steps": 1}
    return Recipe.from_mapping({"name": "tiny", "prepare": {"tasks": tasks}, "base": base, "stage1": stage})


def instances(store: Store, plan: Plan) -> None:
    for spec in plan.instances.values():
        rows = pa.table({"prompt": ["Is it odd?"], "response": ["yes"], "further": [[]]})

        def make(writer: artifacts.Writer, rows: pa.Table = rows) -> Mapping[str, int]:
            writer.commit("train.parquet", to_parquet(rows))
            return {}

        artifacts.build(store, spec, make)


def base(store: Store, plan: Plan, pool: WorkPool) -> Artifact:
    return build_base(store, plan.base, plan.recipe.base, plan.recipe.seed, plan.instances, pool)


def test_a_second_time_finds_its_result(local_store: Store, tmp_path: Path) -> None:
    require_found_again(local_store, tmp_path, LocalPool())


def require_found_again(local_store: Store, tmp_path: Path, pool: WorkPool) -> None:
    plan = Plan.of(recipe(**plain(tiny_base())), local_store)
    with pytest.raises(FileNotFoundError, match="not finished"):
        base(local_store, plan, pool)
    instances(local_store, plan)
    first = base(local_store, plan, pool)
    assert first.address == plan.base.address and first.manifest == base(local_store, plan, pool).manifest
    folder = first.download(tmp_path, "model/")
    ready = Plan.of(recipe(checkpoint=str(folder), image_size=16, patch_size=8), local_store)
    again = base(local_store, ready, pool)
    assert again.stats == first.stats and again.address != first.address
