"""What a machine runs out of is one line that says what, and what to do."""

import errno
import os
import tempfile
from pathlib import Path

import pytest
import torch
from ray.exceptions import ObjectStoreFullError, OutOfDiskError, OutOfMemoryError, RayError
from ray.train import WorkerGroupError

from vf_ray.errors import MendableError, OutsideError, UserError
from vf_ray.on_ray.errors import unwrapped
from vf_ray.on_ray.shortages import shortage

LOW = "1 worker(s) were killed due to the node running low on memory.\nMore of it\nand more"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            OutOfMemoryError(LOW),
            r"a machine's memory .*\(1 worker\(s\) were .* memory\); .*workers",
        ),
        (RayError(LOW), r"a machine's memory .*resources\.threads"),
        (MemoryError(), r"a machine's memory did not suffice \(MemoryError\)"),
        (
            torch.cuda.OutOfMemoryError("CUDA out of memory. Tried\nmore"),
            r"a GPU's memory .*\(CUDA .*micro_tokens",
        ),
        (OutOfDiskError("Local disk is full\nmore"), "Ray has no room for its objects .*TMPDIR"),
        (ObjectStoreFullError("full"), "Ray has no room for its objects"),
        (OSError(errno.ENOSPC, "No space", "/nosuch/folder/file"), r"/nosuch/folder/file: the disk .*TMPDIR"),
        (OSError(errno.EDQUOT, "quota"), rf"{tempfile.gettempdir()}: this user's quota"),
    ],
)
def test_it_is_one_line_with_a_remedy(error: Exception, told: str) -> None:
    for raised in (error, WorkerGroupError("rank 1 died", {0: KeyError("x"), 1: error})):
        with pytest.raises(OutsideError, match=f"^{told}") as ended, unwrapped():
            raise raised
        assert "\n" not in str(ended.value)
        assert ended.value.__cause__ is raised


def test_a_disk_without_inodes_is_not_called_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs(tmp_path)
    values = {name: getattr(real, name) for name in dir(real) if name.startswith("f_")}
    monkeypatch.setattr(
        os, "statvfs", lambda folder: type("S", (), {**values, "f_files": 100, "f_favail": 0})
    )
    found = shortage(OSError(errno.ENOSPC, "No space", str(tmp_path / "x")))
    assert "can hold no more files (all of its 100 inodes are taken)" in str(found)


@pytest.mark.parametrize(
    "error", [KeyError("x"), OSError(errno.EIO, "x"), UserError("here"), RuntimeError("memory")]
)
def test_other_errors_are_none(error: Exception) -> None:
    assert shortage(error) is None


def test_what_is_explained_already_stays(tmp_path: Path) -> None:
    explained: MendableError = OutsideError(errno.ENOSPC, "file:///x: the disk is full")
    with pytest.raises(OutsideError) as ended, unwrapped():
        raise explained
    assert ended.value is explained
