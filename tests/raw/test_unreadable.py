"""What this user may not read is named; it never counts as empty."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.other_user import raised_as_nobody
from tests.raw.packing import PHOTOS
from tests.tasks.tree import write
from vf_ray.raw.listing import listings
from vf_ray.raw.tree import RawTree
from vf_ray.sources.image_folder import image_folder

PATHS = ("", "photos", "photos/set/cat", "photos/set/cat/1.jpg", "photos/more.zip")


@pytest.fixture
def raw() -> Iterator[Path]:
    """Yield a tree that others may come to, unlike pytest's folders."""
    root = Path(tempfile.mkdtemp(prefix="vf-ray-test-"))
    write(
        root / "raw",
        {
            "photos/set/cat/1.jpg": b"1",
            "photos/set/dog/2.jpg": b"2",
            "photos/more.zip": b"PK\5\6" + bytes(18),
        },
    )
    for path in (root, *root.rglob("*")):
        path.chmod(0o755)
    yield root / "raw"
    for path in (root / "raw" / name for name in PATHS):
        path.chmod(0o755)
    shutil.rmtree(root)


@pytest.mark.parametrize("path", PATHS)
def test_it_is_named(raw: Path, path: str) -> None:
    locked = (raw / path).absolute()
    locked.chmod(0)

    def look() -> object:
        tree = RawTree.of(str(raw), (PHOTOS,))
        return [tree.read(row.key) for row in image_folder("set/{label}/*")(tree)], tree.read("x.txt")

    message = raised_as_nobody(look)
    assert message.startswith(f"DeniedError: file://{locked}") and "let this user read it" in message, message
    if not path.endswith((".jpg", ".zip")):  # a file's name and size are its folder's
        assert raised_as_nobody(lambda: listings(str(raw))).startswith(f"DeniedError: file://{locked}:")


def test_what_is_the_disks_own_is_passed_over(raw: Path) -> None:
    (raw / "lost+found").mkdir(mode=0)
    assert raised_as_nobody(lambda: listings(str(raw))[""].bytes) == "nothing, but 24"
    (raw / "lost+found").chmod(0o755)
