"""What a person can mend becomes one line, and nothing else does."""

import errno
import os
import pickle
from pathlib import Path

import pytest
import torch

from vf_ray.errors import (
    DEBUG,
    OURS,
    DeniedError,
    LateError,
    MendableError,
    MissingError,
    OutsideError,
    UnreachableError,
    UserError,
    about,
    extra,
    one_line,
    reported,
    told,
)

KINDS = (UserError, MissingError, OutsideError, DeniedError, LateError, UnreachableError)
BUGS = (ValueError, KeyError, TypeError, OSError, RuntimeError, AssertionError, AttributeError)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_travels_whole(kind: type[MendableError]) -> None:
    error = kind("here: found this; do that")
    error.add_note("and this helps")
    came = pickle.loads(pickle.dumps(error))
    assert (type(came), str(came), came.__notes__) == (kind, str(error), error.__notes__)
    assert told(came) == "error: here: found this; do that\nand this helps"


@pytest.mark.parametrize("kind", KINDS)
def test_what_can_be_mended_ends_the_process_with_its_line(kind: type[MendableError]) -> None:
    with pytest.raises(SystemExit) as ended, reported():
        raise kind("here")
    assert ended.value.code == "error: here"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            torch.cuda.OutOfMemoryError("CUDA out of memory. Tried\nto allocate"),
            "a GPU's memory did not suffice (CUDA out of",
        ),
        (MemoryError(), "a machine's memory did not suffice (MemoryError); give"),
        (
            RuntimeError("[x] DefaultCPUAllocator: can't allocate"),
            "a machine's memory did not suffice",
        ),
    ],
)
def test_too_little_memory_is_one_line_wherever_it_shows(error: Exception, line: str) -> None:
    with pytest.raises(SystemExit) as ended, reported():
        raise error
    assert str(ended.value.code).startswith(f"error: {line}") and "\n" not in str(ended.value.code)


@pytest.mark.parametrize("kind", BUGS)
def test_a_fault_of_ours_goes_on_with_its_notes_and_is_called_one(kind: type[Exception]) -> None:
    with pytest.raises(kind) as ended, reported():
        error = kind("ours")
        error.add_note("while doing this")
        raise error
    assert type(ended.value) is kind
    assert ended.value.__notes__ == ["while doing this", OURS]
    assert not one_line(ended.value)
    assert ended.value.__notes__.count(OURS) == 1


def test_when_asked_for_the_traceback_of_both_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEBUG, "1")
    with pytest.raises(UserError), reported():
        raise UserError("here")


def test_trouble_with_a_named_file_names_it(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="the recipe: no such file"), about("the recipe"):
        (tmp_path / "none").read_text()
    with pytest.raises(OutsideError, match=r"the page: Is a directory"), about("the page"):
        tmp_path.write_text("")
    with pytest.raises(OutsideError, match=r"the page: No space left"), about("the page"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(UserError, match="the recipe is not UTF-8"), about("the recipe"):
        b"\xff".decode()
    with pytest.raises(KeyError), about("the recipe"):
        raise KeyError("a bug")
    with pytest.raises(UserError, match=r"^told already$"), about("the recipe"):
        raise UserError("told already")


def test_a_lacking_package_names_the_extra_but_a_module_of_ours_does_not() -> None:
    with (
        pytest.raises(UserError, match=r"'vf_ray_needs_this' .* pip install 'vf-ray\[demo\]'"),
        extra("demo"),
    ):
        import vf_ray_needs_this  # type: ignore[import-not-found]  # noqa: F401
    with pytest.raises(ModuleNotFoundError), extra("demo"):
        import vf_ray.no_such_module  # type: ignore[import-not-found]  # noqa: F401
