"""The base step: one LLaVA folder, assembled in a Ray task."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Writer
from vf_ray.errors import MissingError
from vf_ray.instances.chance import rank
from vf_ray.on_ray.cluster import without_gpus
from vf_ray.plan.plan import Plan, finished
from vf_ray.recipe import Base
from vf_ray.recipe.recipe import is_model_address
from vf_ray.store import Store
from vf_ray.store.scratch import scratch

if TYPE_CHECKING:
    from vf_ray.model.template import Template

PREFIX = "model/"
"""Where a model's folder lies in every artifact that holds one."""


def base(store: Store, plan: Plan, *, force: bool = False) -> Artifact:
    """Return the assembled model, a tokenizer trained on the prepared text included where none is given.

    Raises:
        FileNotFoundError: if the prepared text is needed and not finished, or a part's URL names nothing.
    """
    needed = {task: spec for task, spec in plan.instances.items() if task in plan.base.inputs}
    sources = finished(store, needed)
    recipe = plan.recipe

    def make(writer: Writer) -> Mapping[str, Any]:
        task = ray.remote(num_cpus=1, label_selector=without_gpus())(make_base)
        stats: Mapping[str, Any] = ray.get(task.remote(writer, recipe.base, recipe.seed, sources))
        return stats

    return artifacts.build(store, plan.base, make, force=force)


def make_base(writer: Writer, base: Base, seed: int, sources: Mapping[str, Artifact]) -> Mapping[str, Any]:
    """Assemble the model in a scratch folder and commit its files; return its sizes."""
    from vf_ray.model.adopted import Adopted
    from vf_ray.model.assemble import assemble
    from vf_ray.model.template import TEMPLATES

    with scratch("vf-ray-base-") as below:
        out, fetch = below / "model", fetcher(below / "parts", writer.store)
        texts = conversations(sources, TEMPLATES[Adopted(base, fetch).input_format.template])
        assemble(base, texts, out, seed=seed, fetch=fetch)
        files = sorted(file for file in out.iterdir() if file.is_file())
        for done, file in enumerate(files):
            writer.progress(done, len(files), "files")
            writer.commit(f"{PREFIX}{file.name}", file)
        writer.progress(len(files), len(files), "files")
        return _sizes(out)


def conversations(sources: Mapping[str, Artifact], template: "Template") -> Iterator[str]:
    """Yield every conversation that may be trained on, as the model will read it; task by task."""
    from vf_ray.shards.schema import from_parquet

    for task in sorted(sources):
        table = from_parquet(sources[task].read("train.parquet"), columns=["prompt", "response", "further"])
        for row in table.to_pylist():
            yield from (turn.text for turn in template.render(**row))


def fetcher(folder: Path, models: Store | None = None) -> Callable[[str], Path]:
    """Return what brings a path, ``file://`` or ``s3://`` URL to this machine; downloads go to ``folder``.

    So does a copy, checksums verified, of a model that is named by its address in the store ``models``.
    """

    @cache
    def fetch(url: str) -> Path:
        if models and is_model_address(url):
            return artifacts.load(models, url).download(folder / f"{rank(url):x}", PREFIX)
        store = Store.open(url)
        local = store.local_path("")
        if local is not None:
            if not local.exists():
                raise MissingError(f"{url}: no such file or folder; the recipe's base names it")
            return local
        below = folder / f"{rank(url):x}"
        for name in store.list():
            store.download(name, below / name)
        return below if below.exists() else _fetch_file(url, below)

    return fetch


def _fetch_file(url: str, below: Path) -> Path:
    parent, _, name = url.rpartition("/")
    Store.open(parent).download(name, below / name)
    return below / name


def _sizes(folder: Path) -> Mapping[str, Any]:
    from vf_ray.model.conversation import Encoder
    from vf_ray.model.load import parameters

    encoder = Encoder.of(folder)
    return {
        "parameters": parameters(folder),
        "vocabulary": encoder.tokenizer.get_vocab_size(),
        "image_tokens": encoder.image_tokens,
    }
