"""What is said when the disk of temporary files is full."""

import errno
import os
from pathlib import Path

import pytest

from vf_ray.errors import OutsideError
from vf_ray.store.disk import room
from vf_ray.store.scratch import in_temporary_space, scratch


class LibraryError(Exception):
    """As one that is no Python raises it."""


FULL = [
    OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
    LibraryError("I/O error: No space left on device (os error 28)"),
]


@pytest.mark.parametrize("error", FULL, ids=str)
def test_a_full_disk_is_named_with_what_to_do(error: Exception) -> None:
    with (
        pytest.raises(OutsideError, match=r"temporary files go: .*; .* set TMPDIR"),
        scratch(),
    ):
        raise error


@pytest.mark.parametrize("error", [OSError(errno.ENOENT, "no"), KeyError("a bug"), OutsideError("the store")])
def test_nothing_else_is_taken_for_it(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, in_temporary_space():
        raise error
    assert raised.value is error


def test_a_folder_is_given_and_goes() -> None:
    with scratch("vf-ray-test-") as folder:
        (folder / "a").write_bytes(b"1")
        assert folder.name.startswith("vf-ray-test-")
    assert not folder.exists()


@pytest.mark.parametrize(
    ("number", "inodes", "said"),
    [
        (errno.ENOSPC, 0, "no more files .all of its 100 inodes"),
        (errno.ENOSPC, 7, r"the disk is full .*bytes free"),
        (errno.EDQUOT, 7, "quota"),
    ],
)
def test_what_is_used_up_is_told_apart(
    number: int, inodes: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = list(os.statvfs(tmp_path))
    state[5:8] = [100, inodes, inodes]
    monkeypatch.setattr(os, "statvfs", lambda folder: os.statvfs_result(state))
    with pytest.raises(OutsideError, match=said):
        raise OutsideError(room(tmp_path, OSError(number, "full")))
