"""Pictures inside containers come out as the pixels that went in."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.tasks.tree import write
from vf_ray.raw.lmdb_pages import Pages
from vf_ray.raw.tree import RawTree
from vf_ray.sources.images import image_bytes

LSUN = Path(__file__).parents[1] / "tasks" / "raw" / "lsun"


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("name", ["images", "images.gz"])
def test_idx_plain_and_gzipped(tmp_path: Path, name: str) -> None:
    import gzip

    data = b"\0\0\x08\x03\0\0\0\2\0\0\0\2\0\0\0\3" + bytes(range(12))
    tree = RawTree.of(str(write(tmp_path, {name: gzip.compress(data) if name.endswith("gz") else data})))
    assert opened(image_bytes(tree, "images!idx:1")).tobytes() == bytes(range(6, 12))
    with pytest.raises(ValueError, match="holds no picture 2"):
        image_bytes(tree, "images!idx:2")


def test_stl_is_stored_column_by_column(tmp_path: Path) -> None:
    pixels = bytearray(3 * 96 * 96)
    pixels[5 * 96 + 2] = 200  # band red, column 5, row 2
    tree = RawTree.of(str(write(tmp_path, {"x.bin": bytes(3 * 96 * 96) + bytes(pixels)})))
    image = opened(image_bytes(tree, "x.bin!stl:1"))
    assert image.getpixel((5, 2)) == (200, 0, 0)
    assert sum(image.tobytes()) == 200


def test_a_name_that_only_looks_like_a_container_is_a_file(tmp_path: Path) -> None:
    tree = RawTree.of(str(write(tmp_path, {"what!now:5": b"x"})))
    assert image_bytes(tree, "what!now:5") == b"x"


def test_lmdb_values_in_and_beyond_a_page() -> None:
    with (LSUN / "tower.mdb").open("rb") as file:
        pages = Pages(file, "tower.mdb")
        entries = list(pages.entries())
        assert [e.key for e in entries] == sorted(e.key for e in entries) and len(entries) == 2
        assert sorted(opened(pages.value(e)).size for e in entries) == [(8, 8), (40, 40)]
        assert all(pages.find(e.key) == e for e in entries)
        assert pages.find(b"nothing") is None


def test_another_file_is_no_database(tmp_path: Path) -> None:
    write(tmp_path, {"x.mdb": bytes(8192)})
    with (tmp_path / "x.mdb").open("rb") as file, pytest.raises(ValueError, match="no LMDB database"):
        Pages(file, "x.mdb")


def test_a_cell_without_a_image_is_a_missing_one_that_is_named(tmp_path: Path) -> None:
    cells = {"a": [b"x", None], "b": [{"bytes": None, "path": "1.png"}, {"bytes": b"y", "path": ""}]}
    with io.BytesIO() as data:
        pq.write_table(pa.table(cells), data)
        tree = RawTree.of(str(write(tmp_path, {"t.parquet": data.getvalue()})))
    assert (image_bytes(tree, "t.parquet!parquet:a:0"), image_bytes(tree, "t.parquet!parquet:b:1")) == (
        b"x",
        b"y",
    )
    for which in ("a:1", "b:0"):
        with pytest.raises(
            FileNotFoundError, match=rf"t\.parquet holds no picture in '{which[0]}', row {which[2]}"
        ):
            image_bytes(tree, f"t.parquet!parquet:{which}")
