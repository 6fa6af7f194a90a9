"""The tensors in weight files: names and shapes from headers alone, and values that are whole numbers.

A folder's weights are what transformers would take, in its order: one safetensors file, an index of
several, then the same as torch files. Whatever else lies there is no part of the model.
"""

import json
import pickle
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from vf_ray.errors import MendableError, UserError

Shape = tuple[int, ...]
CONFIG = "config.json"
WHOLE = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
"""Where the weights of a folder are looked for, the first that is there."""
SHOWN = 6
"""Names that a message lists at most."""


@dataclass(frozen=True)
class Tensors:
    """The tensors of one model."""

    where: Path
    files: Mapping[str, Path]
    """The file that holds each."""
    shapes: Mapping[str, Shape]

    @classmethod
    def of(cls, path: Path) -> "Tensors":
        """List a file's tensors, or those of a model's folder, from the headers of its files.

        Raises:
            ValueError: if there are no weights, a file that an index names is not there or damaged, or two
                files hold tensors of one name.
        """
        files: dict[str, Path] = {}
        shapes: dict[str, Shape] = {}
        for file in weight_files(path):
            held = _shapes(file)
            if twice := sorted(files.keys() & held.keys()):
                raise UserError(f"{file} and {files[twice[0]]} both hold {few(twice)}")
            shapes |= held
            files |= dict.fromkeys(held, file)
        return cls(path, files, shapes)

    def within(self, names: re.Pattern[str]) -> "Tensors":
        """Return those whose names hold the pattern."""
        return self._some(name for name in self.shapes if names.search(name))

    def without(self, names: re.Pattern[str]) -> "Tensors":
        """Return the others."""
        return self._some(name for name in self.shapes if not names.search(name))

    def read(self, names: Iterable[str] | None = None) -> dict[str, Tensor]:
        """Read the values of some tensors, by default of all.

        Raises:
            ValueError: if one holds a NaN or an infinity.
        """
        wanted = set(self.shapes if names is None else names)
        values: dict[str, Tensor] = {}
        for file in dict.fromkeys(self.files[name] for name in sorted(wanted)):
            values |= _values(file, {name for name in wanted if self.files[name] == file})
        return values

    def _some(self, names: Iterable[str]) -> "Tensors":
        chosen = list(names)
        return Tensors(self.where, {n: self.files[n] for n in chosen}, {n: self.shapes[n] for n in chosen})


def weight_files(path: Path) -> list[Path]:
    """Return the files that hold a model's weights.

    Raises:
        ValueError: if there are none, or an index names one that is not there.
    """
    if path.is_file():
        return [path]
    there = [path / name for name in WHOLE if (path / name).is_file()]
    if not there:
        raise UserError(f"{path} holds no weights; expected {' or '.join(WHOLE)}{_instead(path)}")
    if there[0].suffix != ".json":
        return there[:1]
    # an index names files that must all be there
    index = read_json(there[0])
    names = sorted(set(index.get("weight_map", {}).values()))
    if missing := [name for name in names if not (path / name).is_file()] or not names:
        absent = few(missing) if isinstance(missing, list) else "no file at all"
        raise UserError(f"{there[0]} names {absent}, which is not there; copy the whole folder")
    return [path / name for name in names]


def holds_weights(path: Path) -> bool:
    """Tell whether a folder has weights of a model."""
    return any((path / name).is_file() for name in WHOLE)


def read_config(folder: Path) -> dict[str, Any]:
    """Return the ``config.json`` of a model's folder; raises as ``read_json`` does."""
    return read_json(folder / CONFIG)


def weight_bytes(folder: Path) -> int:
    """Return what a weight takes as it is read: of the kind that the configuration names, else the files'."""
    config = read_config(folder)
    kind = getattr(torch, str(config.get("dtype") or config.get("torch_dtype")), None)
    if isinstance(kind, torch.dtype):
        return kind.itemsize
    tensors = Tensors.of(folder)
    (first,) = tensors.read([next(iter(tensors.shapes))]).values()
    return first.itemsize


def read_json(file: Path) -> dict[str, Any]:
    """Return the mapping that a JSON file holds.

    Raises:
        ValueError: if it is not there, or holds something else.
    """
    if not file.is_file():
        raise UserError(f"{file.parent} holds no {file.name}{_instead(file.parent)}")
    try:
        values = json.loads(file.read_bytes())
    except ValueError as error:
        raise UserError(f"{file}: not JSON ({error}); copy it again") from error
    if not isinstance(values, dict):
        raise UserError(f"{file} holds a {type(values).__name__}; expected a mapping")
    return values


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Say what is meant where a library cannot make sense of files that a person named.

    Raises:
        UserError: with the library's own words.
    """
    try:
        yield
    except (MendableError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # they raise whatever comes to hand
        fault = (str(error).splitlines() or [""])[0][:200]
        raise UserError(f"{what} cannot be read: {type(error).__name__}: {fault}; is it whole?") from error


def few(names: Iterable[str]) -> str:
    """Return some names for a message, and how many more there are."""
    listed = sorted(names)
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more


def _instead(folder: Path) -> str:
    """Say what lies in a folder that is not what was expected, models below it first."""
    models = [below.parent.name for below in sorted(folder.glob("*/config.json"))]
    if models:
        return f"; models lie in folders below it: {few(models)}"
    names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    if "adapter_config.json" in names:
        return "; it holds adapters alone: merge them into their base (peft's merge_and_unload)"
    return f"; it holds {few(names) or 'nothing'}"


@contextmanager
def _whole(file: Path) -> Iterator[None]:
    """Say which file is meant where its reader finds it damaged, or something else than tensors."""
    try:
        yield
    except (SafetensorError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        fault = (str(error).splitlines() or ["it ends too early"])[0][:200]
        raise UserError(f"{file} cannot be read as weights: {fault}; copy it again") from error


def _shapes(file: Path) -> dict[str, Shape]:
    with _whole(file):
        if file.suffix == ".safetensors":
            with safe_open(file, "pt") as held:
                return {name: tuple(held.get_slice(name).get_shape()) for name in held.keys()}  # noqa: SIM118
        with FakeTensorMode():  # headers alone
            return {name: tuple(tensor.shape) for name, tensor in _loaded(file).items()}


def _values(file: Path, names: set[str]) -> dict[str, Tensor]:
    with _whole(file):
        if file.suffix == ".safetensors":
            with safe_open(file, "pt") as held:
                values = {name: held.get_tensor(name) for name in sorted(names)}
        else:
            loaded = _loaded(file, mmap=zipfile.is_zipfile(file))
            values = {name: loaded[name] for name in sorted(names)}
    require_finite(str(file), values)
    return values


def _loaded(file: Path, *, mmap: bool = False) -> dict[str, Tensor]:
    """Load a torch file as tensors only: one that asks for anything else is refused by torch."""
    loaded = torch.load(file, map_location="cpu", weights_only=True, mmap=mmap)
    if not isinstance(loaded, dict) or not all(isinstance(tensor, Tensor) for tensor in loaded.values()):
        raise UserError(f"{file} holds something else than tensors by name")
    return loaded


def require_finite(what: str, tensors: Mapping[str, Tensor]) -> None:
    """Refuse tensors that hold a NaN or an infinity.

    Raises:
        ValueError: naming the first such tensor.
    """
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not _finite(tensor):
            raise UserError(f"{what}: {name} holds values that are no numbers (NaN or infinite)")


def _finite(tensor: Tensor) -> bool:
    if not tensor.numel():
        return True
    ends = torch.stack((tensor if tensor.itemsize > 1 else tensor.float()).aminmax())
    return bool(ends.isfinite().all())
