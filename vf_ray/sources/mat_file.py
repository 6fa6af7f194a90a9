"""MATLAB files (up to version 7.2), as plain Python and NumPy values."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from vf_ray.errors import UserError
from vf_ray.raw.placeholder import in_place_of_bytes
from vf_ray.types import Tree

_HDF5 = b"\x89HDF\r\n\x1a\n"


def load_mat(tree: Tree, path: str, names: Sequence[str]) -> Mapping[str, Any]:
    """Return the named variables of a file; raises like ``load_mat_bytes``."""
    return load_mat_bytes(tree.read(path), path, names)


def load_mat_bytes(data: bytes, path: str, names: Sequence[str]) -> Mapping[str, Any]:
    """Return the named variables; structs are dicts, cells lists or arrays, single values scalars.

    Raises:
        ValueError: if the file is no MATLAB file, or lacks a variable.
    """
    from scipy.io import loadmat

    if data.startswith(_HDF5):
        raise _too_new(path, names)
    try:
        variables: dict[str, Any] = loadmat(io.BytesIO(data), variable_names=names, simplify_cells=True)
    except NotImplementedError as error:  # which it raises for HDF5, and for nothing else
        raise _too_new(path, names) from error
    except MemoryError:
        raise
    except Exception as error:  # the parser meets foreign bytes, and raises whatever comes to hand
        message = in_place_of_bytes(data) or f"no MATLAB file up to version 7.2 ({error}); fetch it again"
        raise UserError(f"{path} is {message}") from error
    if missing := [name for name in names if name not in variables]:
        raise UserError(f"{path} lacks the variables {missing}; fetch it again")
    return variables


def _too_new(path: str, names: Sequence[str]) -> UserError:
    variables = "', '".join(names)
    return UserError(
        f"{path} is a MATLAB file of version 7.3, which is not read; in MATLAB or Octave: "
        f"load('{path}'), save('-v7', '{path}', '{variables}')"
    )


def as_list(value: Any) -> list[Any]:
    """Return a cell or struct array as a list; one with a single element comes out of a file bare."""
    return [value] if isinstance(value, str | dict) else list(value)
