"""The weights of a saved model where they lie: tensors by name, their values piece by piece.

Only what is asked for is read, by ranges of bytes, so that a part of a large model in a bucket costs no copy
of it. Layout of the files: https://github.com/huggingface/safetensors#format.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vf_ray.artifacts import MODEL, Artifact
from vf_ray.errors import UserError, near, require
from vf_ray.model.families import of_config
from vf_ray.model.tensors import CONFIG, few, read_config, weight_files

Numbers = npt.NDArray[np.float64]
ReadRange = Callable[[str, int, int], bytes]
"""Gives bytes of a file, by its name, their start and their number."""
KINDS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
"""What safetensors calls the kinds of number, and how numpy does; it has no bfloat16."""
AT_ONCE = 1 << 20
"""Values that are read at a time."""
SUFFIX = ".safetensors"


@dataclass(frozen=True)
class StoredTensor:
    """Where one tensor lies."""

    file: str
    kind: str
    shape: tuple[int, ...]
    start: int


@dataclass(frozen=True)
class StoredWeights:
    """The tensors of a saved model."""

    where: str
    """How messages call it."""
    config: Mapping[str, Any]
    files: tuple[str, ...]
    read: ReadRange

    @classmethod
    def of(cls, model: Artifact) -> "StoredWeights":
        """Return those of a model in the store."""
        files = tuple(name for name in model.names() if name.startswith(MODEL) and name.endswith(SUFFIX))
        return cls(model.address, json.loads(model.read(f"{MODEL}{CONFIG}")), files, model.read_range)

    @classmethod
    def of_folder(cls, folder: Path) -> "StoredWeights":
        """Return those of a model's folder on this machine.

        Raises:
            UserError: if it has none, or not as safetensors.
        """
        files = tuple(str(file) for file in weight_files(folder))
        require(files[0].endswith(SUFFIX), f"{folder} holds {files[0]}; expected safetensors, save it anew")
        return cls(str(folder), read_config(folder), files, _read_range)

    def tensors(self, module: str) -> dict[str, StoredTensor]:
        """Return those of a module, such as ``projector``, by the names that files give them.

        Raises:
            UserError: if its family has no such module, or the files hold nothing of it.
        """
        modules = of_config(self.config, self.where).saved_modules
        require(module in modules, f"no module is named {module!r}; {near(module, modules)}")
        held = {name: tensor for file in self.files for name, tensor in _header(file, self.read)}
        chosen = {name: tensor for name, tensor in held.items() if name.startswith(modules[module])}
        require(bool(chosen), f"{self.where} holds no tensor of its {module}; it holds {few(held)}")
        return dict(sorted(chosen.items()))

    def values(self, tensor: StoredTensor) -> Iterator[Numbers]:
        """Yield a tensor's values in the order of the file, so many at a time."""
        require(tensor.kind in KINDS, f"{self.where}: numbers of kind {tensor.kind} are not compared")
        kind = np.dtype(KINDS[tensor.kind])
        whole = math.prod(tensor.shape)
        for first in range(0, whole, AT_ONCE):
            size = min(AT_ONCE, whole - first) * kind.itemsize
            numbers = np.frombuffer(self.read(tensor.file, tensor.start + first * kind.itemsize, size), kind)
            if tensor.kind == "BF16":  # the upper half of a float32
                numbers = (numbers.astype("<u4") << 16).view("<f4")
            yield numbers.astype(np.float64)


def _header(file: str, read: ReadRange) -> Iterable[tuple[str, StoredTensor]]:
    """Yield each tensor of a file by its name."""
    length = int.from_bytes(read(file, 0, 8), "little")
    for name, tensor in json.loads(read(file, 8, length)).items():
        if name != "__metadata__":
            start = 8 + length + tensor["data_offsets"][0]
            yield name, StoredTensor(file, tensor["dtype"], tuple(tensor["shape"]), start)


def _read_range(file: str, start: int, size: int) -> bytes:
    with Path(file).open("rb") as opened:
        opened.seek(start)
        data = opened.read(size)
    if len(data) != size:
        raise UserError(f"{file} ends before byte {start + size}; copy it again")
    return data
