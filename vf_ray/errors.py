"""What a person can mend is told in one line; everything else is a fault of ours and keeps its traceback.

A library's error becomes one of these where it arises, and only where it is known to come from outside:
a file that a person named, a full disk, a server that does not answer. So a bug of ours is never taken for
bad input, whatever type it has.
"""

import difflib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

DEBUG = "VF_RAY_DEBUG"
"""Environment variable: set to anything, it shows the traceback of what a person can mend, too."""
TORCH_ON_CPU = "DefaultCPUAllocator"
"""How torch begins, in an error without a type of its own, when the machine's memory is used up."""
NAMED = 12
"""Known names that an error lists at most."""
OURS = (
    "this is a fault of vf-ray, not of what you asked for: please report it with everything above; "
    "what is finished is kept"
)


class MendableError(Exception):
    """The base of all that a person can mend: says where, what was found, what was expected, what to do."""


class ExtensionError(Exception):
    """Code of an extension fails: its traceback is for whoever wrote that, and no fault of ours."""


class UserError(MendableError, ValueError):
    """Something that was asked for or given is wrong; this is the kind to raise where no other fits."""


class MissingError(MendableError, FileNotFoundError):
    """Something that was named is not there."""


class OutsideError(MendableError, OSError):
    """A disk, a machine or a service refuses."""


class DeniedError(OutsideError, PermissionError):
    """It refuses this user."""


class LateError(OutsideError, TimeoutError):
    """It did not answer in time."""


class UnreachableError(OutsideError, ConnectionError):
    """It could not be reached, or broke off."""


def require(condition: bool, message: str) -> None:
    """Raise ``UserError(message)`` unless ``condition`` holds."""
    if not condition:
        raise UserError(message)


def near(name: str, known: Iterable[str]) -> str:
    """Say which known names are nearest to ``name``, or which there are."""
    names = sorted(known)
    if close := difflib.get_close_matches(name, names, n=3, cutoff=0.5):
        return f"did you mean {' or '.join(map(repr, close))}?"
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f"known: {', '.join(names[:NAMED]) or 'none'}{more}"


@contextmanager
def about(what: str) -> Iterator[None]:
    """Name ``what`` a person gave (a file, a folder) in the trouble that the block has with it.

    Raises:
        UserError: if it is not UTF-8 where text is expected.
        MissingError, DeniedError, OutsideError: for what the operating system says.
    """
    try:
        yield
    except MendableError:
        raise
    except UnicodeDecodeError as error:
        raise UserError(f"{what} is not UTF-8 text ({error}); is it the right file?") from error
    except FileNotFoundError as error:
        raise MissingError(f"{what}: no such file or folder") from error
    except PermissionError as error:
        raise DeniedError(f"{what}: not allowed ({error.strerror}); let this user read it") from error
    except OSError as error:
        raise OutsideError(f"{what}: {error.strerror or error}") from error


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Say how to install what the block imports, packages of the extra ``name``, where one is lacking.

    Raises:
        UserError: naming the package.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("vf_ray", "flows"):
            raise
        raise UserError(
            f"the package {error.name!r} is not installed: pip install 'vf-ray[{name}]'"
        ) from error


def out_of_memory(error: BaseException) -> OutsideError | None:
    """Return what an error says that there is too little memory for; None if it says nothing such.

    torch's own type is known by its name, so that nobody who meets an error need import torch.
    """
    kind, message = type(error), str(error).strip().splitlines() or [type(error).__name__]
    first = message[0].rstrip(".")
    if kind.__name__ == "OutOfMemoryError" and kind.__module__.startswith("torch"):
        return OutsideError(
            f"a GPU's memory did not suffice ({first}); end what else runs on it, or lower the stage's "
            "micro_tokens, or set its recompute, zero or offload: `vf-ray doctor RECIPE` says what it needs"
        )
    if isinstance(error, MemoryError) or (kind is RuntimeError and TORCH_ON_CPU in str(error)):
        return OutsideError(
            f"a machine's memory did not suffice ({first}); give it more, or lower resources.workers "
            "or resources.threads: `vf-ray doctor RECIPE` says what a stage needs"
        )
    return None


def told(error: BaseException) -> str:
    """Return what a person is to read of an error; its notes are always part of it."""
    return "\n".join([f"error: {out_of_memory(error) or error}", *getattr(error, "__notes__", ())])


def one_line(error: Exception) -> bool:
    """Tell whether ``told(error)`` is all that a person needs; if not, let it go on with its traceback.

    A fault of ours goes on with the note that it is one.
    """
    if isinstance(error, MendableError) or out_of_memory(error):
        return not os.environ.get(DEBUG)
    if not isinstance(error, ExtensionError) and OURS not in getattr(error, "__notes__", ()):
        error.add_note(OURS)
    return False


@contextmanager
def reported() -> Iterator[None]:
    """End this process with what a person can mend, if that ends the block, and exit code 1."""
    try:
        yield
    except Exception as error:
        if one_line(error):
            sys.exit(told(error))
        raise
