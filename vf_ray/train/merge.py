"""A model whose weights are averages of other models' weights, one tensor in memory at a time."""

import filecmp
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from vf_ray import artifacts
from vf_ray.artifacts import MODEL, Artifact, Writer
from vf_ray.errors import UserError
from vf_ray.model.export import WEIGHTS
from vf_ray.model.load import parameters
from vf_ray.model.tensors import Tensors, few
from vf_ray.model.whole import require_same
from vf_ray.plan.stages import Merging
from vf_ray.store import Store
from vf_ray.store.scratch import scratch
from vf_ray.work import WorkPool


def build_merge(store: Store, wanted: Merging, pool: WorkPool, *, force: bool = False) -> Artifact:
    """Return the model that a merging stage makes, averaging where a pool has room for it.

    Raises:
        FileNotFoundError: if one of the models is not finished.
        UserError: if they do not fit each other.
    """
    from vf_ray.train.model_card import card

    models = {name: artifacts.load(store, address) for name, address in wanted.models.items()}

    def make(writer: Writer) -> Mapping[str, Any]:
        return pool.call(make_merge, writer, models, wanted.shares, card(wanted.making))

    return artifacts.build(store, wanted.merged, make, force=force)


def make_merge(
    writer: Writer, models: Mapping[str, Artifact], shares: Mapping[str, float], card: str
) -> Mapping[str, Any]:
    """Average in a scratch folder and commit the files; return the model's sizes."""
    from vf_ray.train.model_card import CARD

    with scratch("vf-ray-merge-") as below:
        folders = {
            name: model.download(below / str(place), MODEL)
            for place, (name, model) in enumerate(models.items())
        }
        average(folders, shares, below / MODEL)
        (below / MODEL / CARD).write_text(card)
        for file in sorted((below / MODEL).iterdir()):
            writer.commit(f"{MODEL}{file.name}", file)
        return {"parameters": parameters(below / MODEL)}


def average(folders: Mapping[str, Path], shares: Mapping[str, float], out: Path) -> None:
    """Write the model whose every weight is the models' shares of theirs; all else is the first model's.

    Weights are added up in fp64 and kept in the first model's type. ``folders`` and ``shares`` are by name.

    Raises:
        UserError: if tensors are not of the same names and shapes, what they count differs, or the models
            read text or pictures in different ways.
    """
    # all must be one model in all but the values
    (first, folder), *others = folders.items()
    held = {name: Tensors.of(folder) for name, folder in folders.items()}
    for name, other in others:
        require_same(name, held[first].shapes, held[name].shapes, purpose=f"{first} has")
        _require_alike(first, folder, name, other)
    # what is not weights comes from the first
    out.mkdir()
    for file in sorted(path for path in folder.iterdir() if path.is_file()):
        if file not in held[first].files.values():
            shutil.copyfile(file, out / file.name)
    # file by file, as the first is cut, so that memory holds one tensor of each
    for file in sorted({*held[first].files.values()}):
        _write(out / file.name, file, list(held.values()), [shares[name] for name in folders])


def _require_alike(first: str, folder: Path, name: str, other: Path) -> None:
    """Refuse models that text and pictures become different inputs of: an average would read neither."""
    # tokenizer, processor and template decide what the weights mean
    files = {file.name for where in (folder, other) for file in where.iterdir() if file.is_file()}
    alike = [file for file in files if not WEIGHTS.fullmatch(file)]
    _, differing, lacking = filecmp.cmpfiles(folder, other, alike, shallow=False)
    if differing or lacking:
        raise UserError(
            f"{first} and {name} cannot be averaged: they differ in {few([*differing, *lacking])}, by which "
            "text and pictures become input; merge models that come from one base"
        )


def _write(out: Path, first: Path, models: Sequence[Tensors], shares: Sequence[float]) -> None:
    """Write one safetensors file of averages, with the tensors and types that ``first`` has.

    The format: the length of a JSON header, the header, then the tensors one behind the other.
    """
    with safe_open(first, "pt") as held:
        # the header, as the first model's file has it
        end, header = 0, dict[str, Any]({"__metadata__": {"format": "pt"}})
        for name in held.keys():  # noqa: SIM118 - not a mapping
            part = held.get_slice(name)
            size = held.get_tensor(name).nbytes
            header[name] = {
                "dtype": part.get_dtype(), "shape": part.get_shape(), "data_offsets": [end, end + size],
            }  # fmt: skip
            end += size
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        # header and tensors, one in memory at a time
        with out.open("wb") as sink:
            sink.write(len(text).to_bytes(8, "little") + text)
            for name in held.keys():  # noqa: SIM118 - not a mapping
                average = _average(name, models, shares, held.get_tensor(name).dtype)
                sink.write(average.reshape(-1).view(torch.uint8).numpy().data)


def _average(name: str, models: Sequence[Tensors], shares: Sequence[float], dtype: torch.dtype) -> Tensor:
    first = models[0].read([name])[name]
    if not first.is_floating_point():
        if not all(torch.equal(first, other.read([name])[name]) for other in models[1:]):
            raise UserError(f"{name} holds whole numbers that differ from model to model: no average of them")
        return first
    # in double precision, so that the order of models does not show
    total = first.double() * shares[0]
    for other, share in zip(models[1:], shares[1:], strict=True):
        total += other.read([name])[name].double() * share
    return total.to(dtype)
