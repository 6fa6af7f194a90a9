"""What a machine may run out of while a step runs, in one line with what to do about it."""

import errno
import tempfile
from pathlib import Path

from ray.exceptions import ObjectStoreFullError, OutOfDiskError, OutOfMemoryError, RayError

from vf_ray.errors import MendableError, OutsideError, out_of_memory
from vf_ray.store.disk import room
from vf_ray.store.variables import SCRATCH_FOLDER, STORE_URL

FULL = (errno.ENOSPC, errno.EDQUOT)
ENDED = "running low on memory"
"""How Ray says of an actor, whose end has no type of its own, why it ended it."""


def shortage(error: BaseException) -> MendableError | None:
    """Return what an error of a worker says that there is too little of; None if it says nothing such."""
    if isinstance(error, OutOfDiskError | ObjectStoreFullError):
        return OutsideError(f"Ray has no room for its objects ({_first(error)}); {_more_disk()}")
    if isinstance(error, OutOfMemoryError) or ENDED in _ray_s_words(error):
        return out_of_memory(MemoryError(str(error)))
    if lacking := out_of_memory(error):
        return lacking
    if isinstance(error, OSError) and error.errno in FULL and not isinstance(error, MendableError):
        return OutsideError(f"{_place(error)}: {_state(error)}; {_more_disk()}")
    return None


def _ray_s_words(error: BaseException) -> str:
    return str(error) if isinstance(error, RayError) else ""


def _first(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _place(error: OSError) -> str:
    return str(error.filename or tempfile.gettempdir())


def _state(error: OSError) -> str:
    """Say what is used up, as seen from this machine."""
    folder = Path(_place(error)).absolute()
    while not folder.is_dir():
        folder = folder.parent
    return room(folder, error)


def _more_disk() -> str:
    places = f"TMPDIR, {SCRATCH_FOLDER} or {STORE_URL}"
    return f"free some, or point {places} at a larger disk, then run it again"
