"""Containers of many pictures: every form is read, none runs code, a damaged one is told by its name."""

import base64
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.io import savemat

from tests.sources.test_readers import tree
from tests.tasks.tree import picture
from vf_ray.errors import MendableError, UserError
from vf_ray.raw.indexed import UnreadableError
from vf_ray.raw.lmdb_pages import Pages
from vf_ray.raw.tree import RawTree
from vf_ray.shards.decode import BadImageError
from vf_ray.shards.drawing import image as drawn
from vf_ray.sources.cifar_pickle import cifar_pickle
from vf_ray.sources.images import image_bytes
from vf_ray.sources.mat_file import load_mat, load_mat_bytes
from vf_ray.sources.parquet_table import records
from vf_ray.types import Reject

JPEG = picture(3)
ENCODED = base64.b64encode(JPEG).decode()
STRUCT = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
FORMS = {
    "bytes": pa.array([JPEG]),
    "large bytes": pa.array([JPEG], pa.large_binary()),
    "struct": pa.array([{"bytes": JPEG, "path": "1.jpg"}], STRUCT),
    "unsigned numbers": pa.array([list(JPEG)], pa.list_(pa.uint8())),
    "signed numbers": pa.array([np.frombuffer(JPEG, np.int8)], pa.list_(pa.int8())),
    "numbers in a struct": pa.array([{"bytes": list(JPEG)}], pa.struct([("bytes", pa.list_(pa.uint8()))])),
    "structs": pa.array([[{"bytes": JPEG, "path": None}]], pa.list_(STRUCT)),
    "base64": pa.array([ENCODED]),
    "base64 in bytes": pa.array([ENCODED.encode()]),
    "base64 for addresses": pa.array([base64.urlsafe_b64encode(JPEG).decode().rstrip("=")]),
    "base64 in lines": pa.array([base64.encodebytes(JPEG).decode()]),
    "base64 in an address": pa.array([f"data:image/jpeg;base64,{ENCODED}"]),
}


def _parquet(column: Any, **options: Any) -> bytes:
    with io.BytesIO() as sink:
        pq.write_table(pa.table({"image": column}), sink, **options)
        return sink.getvalue()


@pytest.mark.parametrize("form", FORMS)
def test_parquet_files_hold_images_in_every_form(tmp_path: Path, form: str) -> None:
    raw = tree(tmp_path, {"x.parquet": _parquet(FORMS[form])})
    assert image_bytes(raw, "x.parquet!parquet:image:0") == JPEG


@pytest.mark.parametrize("cell", [[JPEG, JPEG], "no base64", [], None])
def test_a_cell_that_holds_no_one_image_is_told(tmp_path: Path, cell: Any) -> None:
    kind = pa.string() if isinstance(cell, str) else pa.list_(pa.binary())
    raw = tree(tmp_path, {"x.parquet": _parquet(pa.array([cell], kind))})
    with pytest.raises((ValueError, FileNotFoundError)):
        image_bytes(raw, "x.parquet!parquet:image:0")


def test_a_damaged_page_names_its_file(tmp_path: Path) -> None:
    data = bytearray(_parquet(pa.array([JPEG * 9] * 40), compression="zstd"))
    data[30:90] = bytes(60)
    raw = tree(tmp_path, {"x.parquet": bytes(data)})
    with pytest.raises(ValueError, match=r"x\.parquet is damaged .* fetch it again"):
        list(records(raw, "x.parquet", ["image"]))
    with pytest.raises(BadImageError, match="container damaged"):
        drawn("x.parquet!parquet:image:0", lambda path: image_bytes(raw, path), 64)


def test_a_row_group_that_unpacks_to_far_more_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vf_ray.sources.parquet_table.MOST_WHOLE", 1 << 20)
    bomb = _parquet(pa.array([bytes(4 << 20)]), compression="zstd")
    raw = tree(
        tmp_path, {"x.parquet": bomb, "y.parquet": _parquet(pa.array([JPEG * 4000]), compression="none")}
    )
    with pytest.raises(UnreadableError, match=r"x\.parquet.*at most"):
        image_bytes(raw, "x.parquet!parquet:image:0")
    assert image_bytes(raw, "y.parquet!parquet:image:0") == JPEG * 4000


@pytest.mark.parametrize(
    "name", ["a!lmdb:00.jpg", "a!parquet:image:0.jpg", "a!cifar:1.jpg", "a::b.jpg", "b:.jpg"]
)
def test_a_file_may_be_called_like_a_place_in_a_container(tmp_path: Path, name: str) -> None:
    raw = tree(tmp_path, {f"photos/{name}": JPEG, name: JPEG})
    for path in (name, f"photos/{name}"):
        assert image_bytes(raw, path) == JPEG
    with pytest.raises(FileNotFoundError):
        image_bytes(raw, f"photos/x{name}")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("labels", [[0, 1], np.array([0, 1]), [np.int64(0), np.int64(1)], (0, 1)])
def test_batches_of_every_protocol_are_read(tmp_path: Path, protocol: int, labels: Any) -> None:
    pixels = np.arange(2 * 3072, dtype=np.uint32).astype(np.uint8).reshape(2, 3072)
    batch = pickle.dumps({"data": pixels, "labels": labels}, protocol)
    raw = tree(tmp_path, {"batch": batch, "meta": pickle.dumps({"label_names": ["cat", "dog"]}, protocol)})
    rows = list(cifar_pickle({"train": "batch"}, names="meta")(raw))
    assert [row.label for row in rows if not isinstance(row, Reject)] == ["cat", "dog"]
    assert image_bytes(raw, "batch!cifar:1")[-3:] == pixels[1].reshape(3, 32, 32)[:, -1, -1].tobytes()


class _Evil:
    def __init__(self, call: Any, *of: Any) -> None:
        self._call = call, of

    def __reduce__(self) -> Any:
        return self._call


@pytest.mark.parametrize("protocol", [0, 2, 5])
@pytest.mark.parametrize("call", [exec, eval, __import__, getattr, np.load, np.lib.npyio.DataSource])
def test_a_batch_cannot_call_what_it_names(tmp_path: Path, call: Any, protocol: int) -> None:
    batch = pickle.dumps({"data": _Evil(call, "1"), "labels": []}, protocol)
    raw = tree(tmp_path, {"batch": batch, "meta": pickle.dumps({"label_names": ["cat"]})})
    with pytest.raises(ValueError, match="only arrays are read"):
        list(cifar_pickle({"train": "batch"}, names="meta")(raw))


def test_a_matlab_file_of_today_says_how_to_save_it(tmp_path: Path) -> None:
    header = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
    raw = tree(tmp_path, {"x.mat": header + bytes(384) + b"\x89HDF\r\n\x1a\n" + bytes(99)})
    with pytest.raises(
        ValueError, match=r"x\.mat is a MATLAB file of version 7\.3.*save\('-v7', 'x\.mat', 'list'\)"
    ):
        load_mat(raw, "x.mat", ["list"])


def _database(tmp_path: Path) -> bytearray:
    lmdb = pytest.importorskip("lmdb")
    with lmdb.open(str(tmp_path / "db"), map_size=1 << 24) as env, env.begin(write=True) as work:
        for number in range(500):
            work.put(f"{number:04d}".encode(), bytes(100))
    return bytearray((tmp_path / "db/data.mdb").read_bytes())


def test_pages_that_refer_in_circles_are_told(tmp_path: Path) -> None:
    data = _database(tmp_path)
    root = Pages(io.BytesIO(data), "x.mdb").root
    first = int.from_bytes(data[root * 4096 + 16 : root * 4096 + 18], "little")
    data[root * 4096 + first : root * 4096 + first + 6] = root.to_bytes(6, "little")
    damaged = Pages(io.BytesIO(data), "x.mdb")
    with pytest.raises(ValueError, match=r"x\.mdb .* in circles"):
        list(damaged.entries())
    with pytest.raises(ValueError, match=r"x\.mdb .* in circles"):
        damaged.find(b"0000")


def test_a_text_that_is_no_utf_8_costs_only_its_row(tmp_path: Path) -> None:
    offsets, data = (pa.py_buffer(part) for part in (np.array([0, 1, 2, 3], "int32").tobytes(), b"a\xffc"))
    texts = pa.Array.from_buffers(pa.string(), 3, [None, offsets, data])
    pq.write_table(pa.table({"text": texts, "number": [1, 2, 3]}), tmp_path / "t.parquet")
    found = list(records(RawTree.of(str(tmp_path)), "t.parquet", ("text", "number")))
    assert found == [{"text": t, "number": n} for n, t in enumerate(("a", "\ufffd", "c"), 1)]


def test_wherever_a_parquet_file_is_damaged_it_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a", "b"]}), tmp_path / "t.parquet", compression="none")
    whole = (tmp_path / "t.parquet").read_bytes()
    for at in range(4, len(whole), 3):
        (tmp_path / "t.parquet").write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            list(records(RawTree.of(str(tmp_path)), "t.parquet", ("text",)))
        except MendableError as error:
            assert "t.parquet" in str(error), at


def test_a_container_that_was_fetched_again_is_read_again(tmp_path: Path) -> None:
    for data in (b"first", b"again"):
        pq.write_table(pa.table({"image": [data]}), tmp_path / "t.parquet")
        assert image_bytes(RawTree.of(str(tmp_path)), "t.parquet!parquet:image:0") == data


def test_a_column_that_comes_twice_is_refused(tmp_path: Path) -> None:
    twice = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"])
    pq.write_table(twice, tmp_path / "x.parquet")
    with pytest.raises(ValueError, match=r"x\.parquet has several columns 'text'"):
        list(records(RawTree.of(str(tmp_path)), "x.parquet", ["text"]))


@pytest.mark.parametrize("plain", [True, False])
def test_an_encrypted_file_is_not_fetched_again(tmp_path: Path, plain: bool) -> None:
    from pyarrow.parquet import encryption

    class Kms(encryption.KmsClient):
        def wrap_key(self, key: bytes, _: str) -> bytes:
            return base64.b64encode(key)

    factory = encryption.CryptoFactory(lambda _: Kms())
    settings = encryption.EncryptionConfiguration(
        footer_key="k", column_keys={"c": ["text"]}, plaintext_footer=plain
    )
    keys = factory.file_encryption_properties(encryption.KmsConnectionConfig(), settings)
    table = pa.table({"text": ["a"]})
    with pq.ParquetWriter(tmp_path / "x.parquet", table.schema, encryption_properties=keys) as sink:
        sink.write_table(table)
    with pytest.raises(ValueError, match=r"x\.parquet is .*crypt.*; write it anew as it is read with"):
        list(records(RawTree.of(str(tmp_path)), "x.parquet", ["text"]))


def test_matlab_files_are_cut_or_new_or_other_things(tmp_path: Path) -> None:
    whole = io.BytesIO()
    savemat(whole, {"labels": np.arange(99)}, do_compression=True)
    for data, told in {
        whole.getvalue()[:-9]: "fetch it again",
        b"# Created by Octave\n# name: labels\n": "fetch it again",
        b"\x89HDF\r\n\x1a\n" + bytes(99): r"version 7\.3.*save\('-v7'",
    }.items():
        with pytest.raises(UserError, match=told):
            load_mat_bytes(data, "x.mat", ["labels"])
