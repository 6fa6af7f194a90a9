"""A folder that processes share: filled once, whoever is killed, and gone when the last one leaves."""

import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from vf_ray.store.shared_scratch import shared_scratch

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield tmp_path / f"vf-ray-shared-{os.getuid()}"


class Filler:
    """Fills a folder and notes that it did."""

    def __init__(self, notes: Path, dies: bool = False) -> None:
        self.notes, self.dies = notes, dies
        notes.mkdir(exist_ok=True)

    def __call__(self, folder: Path) -> None:
        (folder / "part").write_text("half")
        if self.dies:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.2)  # long enough for others to come in between
        (folder / "whole").write_text("model")
        (self.notes / f"{os.getpid()}-{time.time_ns()}").touch()


def use(filler: Filler, die: bool = False) -> None:
    with shared_scratch("model", filler) as folder:
        assert (folder / "whole").read_text() == "model"
        if die:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.2)
        assert (folder / "whole").read_text() == "model"


def test_many_processes_fill_it_once_and_leave_nothing(tmp_path: Path, scratch: Path) -> None:
    filler = Filler(tmp_path / "notes")
    with shared_scratch("model", filler):
        others = [SPAWN.Process(target=use, args=(filler,)) for _ in range(4)]
        for other in others:
            other.start()
        for other in others:
            other.join(60)
        assert [other.exitcode for other in others] == [0] * 4
    assert len(list(filler.notes.iterdir())) == 1
    assert list(scratch.iterdir()) == []


def test_what_a_killed_process_filled_is_used_and_what_it_half_filled_is_filled_again(tmp_path: Path) -> None:
    for number, killed in enumerate((Filler(tmp_path / "a", dies=True), Filler(tmp_path / "b"))):
        dead = SPAWN.Process(target=use, args=(killed, True))
        dead.start()
        dead.join(60)
        assert dead.exitcode == -signal.SIGKILL
        again = Filler(tmp_path / f"again-{number}")
        use(again)
        assert len(list(again.notes.iterdir())) == 1 - number


def test_another_ones_remains_are_swept_and_what_is_in_use_is_not(tmp_path: Path, scratch: Path) -> None:
    dead = SPAWN.Process(target=use, args=(Filler(tmp_path / "dead"), True))
    dead.start()
    dead.join(60)
    left = {path.name for path in scratch.iterdir()}
    assert len(left) == 2
    with shared_scratch("one", Filler(tmp_path / "one")) as one, ExitStack() as rest:
        rest.enter_context(shared_scratch("two", Filler(tmp_path / "two")))
        assert left.isdisjoint(path.name for path in scratch.iterdir())
        assert (one / "whole").exists()


def test_what_cannot_be_filled_leaves_nothing(scratch: Path) -> None:
    def fails(folder: Path) -> None:
        (folder / "part").touch()
        raise ValueError("no such model")

    with pytest.raises(ValueError, match="no such model"), shared_scratch("model", fails):
        pass
    assert list(scratch.iterdir()) == []
