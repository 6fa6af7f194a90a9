"""From a publisher's server to instances: the fetch step brings, the prepare step reads in place."""

import io
import tarfile
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.tasks.tree import content
from tests.tasks.trees import TREES
from tests.web_server import Web, web_server
from vf_ray import artifacts
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store
from vf_ray.tasks import sources
from vf_ray.types import Download

pytestmark = pytest.mark.chain


@pytest.fixture
def web() -> Iterator[Web]:
    """Serve DTD's miniature tree, packed as its publisher does, under the catalogue's own declaration."""
    source, declared = sources()["dtd"], sources()["dtd"].raws
    with web_server() as served, io.BytesIO() as packed:
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for path, value in TREES["dtd"]().items():
                member = tarfile.TarInfo(path.partition("/")[2])
                member.size = len(content(value))
                archive.addfile(member, io.BytesIO(content(value)))
        served.files = {"dtd-r1.0.1.tar.gz": packed.getvalue()}
        public = replace(declared[0], files=(Download(served.url("dtd-r1.0.1.tar.gz")),))
        object.__setattr__(source, "raws", (public,))
        yield served
        object.__setattr__(source, "raws", declared)


def asked(*tasks: str) -> Recipe:
    stage = {f"{stage}.tasks": list(tasks) for stage in ("stage1",)}
    chosen = {"prepare.tasks": list(tasks), "prepare.fetch": True, "prepare.raw": "", **stage}
    return load_recipe("smoke", {**chosen, "align": None, "stage2": None})


def test_public_files_become_instances(s3_store_url: str, ray_cluster: None, web: Web) -> None:
    from vf_ray.on_ray.steps import run

    store = Store.open(f"{s3_store_url}-fetched")
    plan = Plan.of(asked("dtd/texture", "dtd/all_textures"), store)
    web.faults = {"dtd-r1.0.1.tar.gz": ["503", "drop"]}
    run("fetch", plan, store)
    run("prepare", plan, store)
    assert not plan.unfinished("fetch", store) and not plan.unfinished("prepare", store)
    for spec in plan.instances.values():
        made = artifacts.load(store, spec.address).stats
        assert made["train"] + made["held_out"] > 0
    asked_for = len(web.asked)
    run("fetch", plan, store)
    assert len(web.asked) == asked_for


def test_what_is_not_public_stops_the_step(s3_store_url: str, ray_cluster: None, web: Web) -> None:
    from vf_ray.on_ray.steps import run

    store = Store.open(f"{s3_store_url}-refused")
    with pytest.raises(
        FileNotFoundError, match=r"(?s)3 raw archives .*flickr30k/: Put.*flickr30k_images/: Ask.*kvqa/: Put"
    ):
        run("fetch", Plan.of(asked("dtd/texture", "kvqa/answer", "flickr30k/captions"), store), store)
    assert not web.asked
