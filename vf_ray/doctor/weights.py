"""Would the models that a recipe names be taken: by headers, names and shapes, as the base step looks.

Of a large file in a bucket only its ends are fetched, which hold the header.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from vf_ray.artifacts import MODEL, Artifact, load
from vf_ray.doctor.check import Check
from vf_ray.errors import MendableError, MissingError
from vf_ray.model.families import family_of_base
from vf_ray.model.families.family import Dimensions
from vf_ray.model.families.published import PublishedModel, published_as
from vf_ray.recipe import Base, Recipe
from vf_ray.recipe.graph import is_model_address
from vf_ray.recipe.strict import is_http
from vf_ray.store import Store
from vf_ray.store.scratch import scratch

ENDS = 4 << 20
"""Bytes at each end of a weight file that hold its header and more."""
GGUF_HEAD = 64 << 20
"""Bytes at the start of a GGUF file that do: the vocabulary is in them."""
HEADED = (".safetensors", ".bin", ".gguf")
"""Ends of names of files that are known by their ends; of others all is read."""
NEEDED = (".json", ".model", ".txt", ".jinja", ".safetensors", ".bin", ".gguf")
"""Ends of names of files that a model is read from."""
WHOLE = "{}: every tensor that its configuration describes"


def base_weights(base: Base, store: Store | None = None) -> Iterator[Check]:
    """Check that each model a recipe names is there, whole, and what the recipe says."""
    parts = {f"base.{part}": url for part, url in base.parts().items()}
    with scratch("vf-ray-doctor-") as below:
        fetch = outliner(below, store)
        if not parts:
            yield _check(
                "base.family", "a fresh model", lambda: family_of_base(base, fetch).adopted(base, fetch)
            )
        for key, url in parts.items():
            yield _check(key, WHOLE.format(url), partial(_look, base, key, fetch))


def judge_weights(key: str, url: str) -> Check:
    """Check that a judge's folder holds every weight that its configuration describes, of whatever kind."""
    with scratch("vf-ray-doctor-") as below:
        return _check(key, WHOLE.format(url), lambda: _look_at_judge(outliner(below)(url), url))


def models_named(recipe: Recipe) -> dict[str, str]:
    """Return, by its key, each model that a recipe reads: folder, URL, or address in the store."""
    named = {f"base.{part}": url for part, url in recipe.base.parts().items()}
    judge = recipe.evaluate.judge
    return {**named, "evaluate.judge": judge} if judge and not is_http(judge) else named


def absent_models(named: Mapping[str, str], store: Store) -> dict[str, str]:
    """Return, of models by key, what to do about each that is nowhere, by where it should be."""
    absent = {}
    with scratch("vf-ray-doctor-") as below:
        fetch = outliner(below, store)
        for key, url in named.items():
            try:
                fetch(url)
            except MissingError as error:
                absent[url] = f"{error}; copy the whole model there, or correct {key}"
    return absent


@dataclass(frozen=True)
class CountedModel:
    """A model's sizes, and by what they are known."""

    model: Dimensions
    by: str
    is_guess: bool = False
    """Whether a checkpoint is named of which nothing is known."""


def counted(base: Base, store: Store | None = None) -> CountedModel:
    """Count the models that a recipe names for estimates.

    What cannot be read is counted as what is published under its name or, where that is unknown, by the
    recipe's sizes.
    """
    with scratch("vf-ray-doctor-") as below:
        fetch = outliner(below, store)
        try:
            return CountedModel(
                family_of_base(base, fetch).adopted(base, fetch).dimensions(), "what lies there"
            )
        except MendableError:  # the check of weights says what is wrong
            if named := published_as(base.checkpoint):
                return CountedModel(
                    _published(named, base, below / "published"), "what is published by that name"
                )
            nothing: dict[str, Any] = dict.fromkeys(("family", *base.parts()), "")
            fresh = replace(base, **nothing)
            model = family_of_base(fresh, fetch).adopted(fresh, fetch).dimensions()
            return CountedModel(model, f"base.size, {base.size}", bool(base.checkpoint))


def dimensions(base: Base, store: Store | None = None) -> Dimensions:
    """Return what is counted of the models that a recipe names."""
    return counted(base, store).model


def _published(named: PublishedModel, base: Base, folder: Path) -> Dimensions:
    """Count a published model whose folder is not there; its weights are in half precision."""
    from vf_ray.model.tensors import CONFIG, read_config

    folder.mkdir()
    named.write(folder)
    (folder / CONFIG).write_text(json.dumps(read_config(folder) | {"dtype": "bfloat16"}))
    there = replace(base, checkpoint=str(folder))
    return family_of_base(there, Path).adopted(there, Path).dimensions()


def _check(key: str, note: str, look: Callable[[], object]) -> Check:
    name, remedy = f"weights {key}", f"copy the whole model there, or correct {key}"
    try:
        look()
    except MendableError as error:
        return Check(name, False, str(error), remedy)
    return Check(name, True, note)


def _look(base: Base, key: str, fetch: Callable[[str], Path]) -> None:
    family_of_base(base, fetch).adopted(base, fetch).looks()[key]()


def _look_at_judge(folder: Path, url: str) -> None:
    from vf_ray.eval.judges.local import load_judge, load_tokenizer
    from vf_ray.model.tensors import Tensors

    load_judge(folder, url, device_map="meta")
    load_tokenizer(folder, url)
    Tensors.of(folder)  # none of its files is cut


def outliner(scratch: Path, models: Store | None = None) -> Callable[[str], Path]:
    """Return what gives a local path for a URL; in a bucket, files as long as there but only with their ends.

    So it does for the address of a model in the store ``models``. It raises MissingError where there is
    nothing.
    """

    @cache
    def fetch(url: str) -> Path:
        if models and is_model_address(url):
            return _of_artifact(load(models, url), scratch / str(len(list(scratch.iterdir()))))
        store = Store.open(url)
        if (local := store.local_path("")) is not None:
            if not local.exists():
                raise MissingError(f"{url}: nothing is there")
            return local
        folder = scratch / str(len(list(scratch.iterdir())))
        if sizes := store.sizes():
            below = {name: size for name, size in sizes.items() if name.count("/") <= 1}
            for name in (name for name in below if name.endswith(NEEDED)):
                _outline(store, name, below[name], folder / name)
            return folder
        return _file(url, folder)

    return fetch


def _of_artifact(model: Artifact, folder: Path) -> Path:
    for name in (name for name in model.names() if name.startswith(MODEL)):
        size = model.manifest["files"][name]["bytes"]
        _outline(model.store, model.path(name), size, folder / name.removeprefix(MODEL))
    return folder


def _file(url: str, folder: Path) -> Path:
    parent, _, name = url.rpartition("/")
    store = Store.open(parent)
    if not store.exists(name):
        raise MissingError(f"{url}: nothing is there")
    _outline(store, name, store.size(name), folder / name)
    return folder / name


def _outline(store: Store, name: str, size: int, local: Path) -> None:
    """Write a file of full length that has the ends of a stored one, and a hole between them."""
    head = GGUF_HEAD if name.endswith(".gguf") else ENDS
    local.parent.mkdir(parents=True, exist_ok=True)
    with local.open("wb") as file:
        if size <= head + ENDS or not name.endswith(HEADED):
            file.write(store.read(name))
            return
        file.write(store.read_range(name, 0, head))
        file.seek(size - ENDS)
        file.write(store.read_range(name, size - ENDS, ENDS))
