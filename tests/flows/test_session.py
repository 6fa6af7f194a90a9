"""Where Prefect keeps its own files in a run of this process."""

import os
from pathlib import Path

import pytest

from flows.session import HOME, _home
from vf_ray.errors import OutsideError


@pytest.fixture
def no_folder(tmp_path: Path) -> Path:
    """Return a path below which nothing can be made, whoever tries."""
    (tmp_path / "file").write_bytes(b"")
    return tmp_path / "file" / "home"


def test_a_home_that_cannot_be_written_to_is_replaced_while_the_run_lasts(
    no_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME, "")
    monkeypatch.delenv(HOME)
    monkeypatch.setenv("HOME", str(no_folder))
    with _home():
        own = Path(os.environ[HOME])
        assert own.is_dir() and not own.is_relative_to(no_folder)
    assert not own.exists()


def test_a_home_of_the_user_s_choice_is_made_or_named(
    no_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME, str(tmp_path / "new"))
    with _home():
        assert (tmp_path / "new").is_dir() and os.environ[HOME] == str(tmp_path / "new")
    monkeypatch.setenv(HOME, str(no_folder))
    with pytest.raises(OutsideError, match=rf"{HOME}=.*/file/home: Not a directory"), _home():
        pass
