"""Folders and secrets that nobody else may read or have put there; tried as another user."""

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.other_user import NOBODY, as_nobody, as_root
from vf_ray.store import private
from vf_ray.store.private import lasting_scratch, private_folder, secret, write_private


@pytest.fixture
def shared() -> Iterator[Path]:
    """Return a folder like /tmp, into which anybody may write; pytest closes those above its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o1777)
        yield folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0, 0o022])
def test_folders_and_files_are_closed_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        folder = private_folder(tmp_path / "a" / "b")
        assert mode(folder) == 0o700
        secret(folder / "token")
        write_private(folder / "env", "x=1\n")
    finally:
        os.umask(before)
    assert {mode(file) for file in folder.iterdir()} == {0o600}
    assert len(list(folder.iterdir())) == 2, "no parts are left"


def test_an_open_folder_of_ours_is_closed(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old").chmod(0o755)
    assert mode(private_folder(tmp_path / "old")) == 0o700


def test_a_secret_is_drawn_once_and_stays(tmp_path: Path) -> None:
    first = secret(tmp_path / "token")
    assert len(first) == 64
    assert secret(tmp_path / "token") == first != secret(tmp_path / "other")


@pytest.mark.parametrize("open_to", [0o644, 0o640, 0o602])
def test_a_secret_that_others_may_know_is_refused(tmp_path: Path, open_to: int) -> None:
    token = tmp_path / "token"
    token.write_text("known")
    token.chmod(open_to)
    with pytest.raises(
        PermissionError, match=rf"token is user {os.getuid()}'s, mode {open_to:o}; .* remove it"
    ):
        secret(token)


def test_a_link_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("known")
    (tmp_path / "theirs").chmod(0o600)
    (tmp_path / "token").symlink_to(tmp_path / "theirs")
    with pytest.raises(OSError, match="token"):
        secret(tmp_path / "token")


@as_root
def test_what_another_user_planted_is_never_used(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant = """
name, token = sys.argv[1:]
os.mkdir(name, 0o777)
with open(token, "w") as file:
    file.write("known")
os.chmod(token, 0o600)
"""
    planted, token = shared / f"vf-ray-{os.getuid()}", shared / "token"
    assert as_nobody(plant, str(planted), str(token)).returncode == 0
    monkeypatch.setattr(private, "_short", lambda: shared)
    with pytest.raises(PermissionError, match=f"belongs to user {NOBODY}"):
        private_folder(planted)
    with pytest.raises(PermissionError, match=f"token is user {NOBODY}'s"):
        secret(token)
    scratch = lasting_scratch()
    assert scratch != planted and mode(scratch) == 0o700 and scratch.stat().st_uid == os.getuid()


@as_root
def test_a_link_that_another_user_planted_is_not_followed(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    code = "os.symlink(*sys.argv[1:])"
    assert as_nobody(code, str(tmp_path / "ours"), str(shared / "up")).returncode == 0
    with pytest.raises(PermissionError, match=f"belongs to user {NOBODY}"):
        private_folder(shared / "up")


@as_root
def test_another_user_reads_nothing(shared: Path) -> None:
    folder = private_folder(shared / "up")
    secret(folder / "token")
    code = "print(open(sys.argv[1]).read())"
    (shared / "plain").write_text("seen")
    assert as_nobody(code, str(shared / "plain")).stdout == "seen\n", "the other user can read at all"
    refused = as_nobody(code, str(folder / "token"))
    assert refused.returncode and "Permission denied" in refused.stderr
