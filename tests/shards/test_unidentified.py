"""Bytes that are no readable picture are told for what they are, with what to do."""

import base64
import io

import pytest
from PIL import Image

from vf_ray.shards.decode import BadImageError, stored
from vf_ray.shards.unidentified import DAMAGED, NOT_READ, OTHER, UNKNOWN


def _written(kind: str) -> bytes:
    with io.BytesIO() as sink:
        Image.linear_gradient("L").convert("RGB").resize((64, 48)).save(sink, kind)
        return sink.getvalue()


JPEG, PNG, ICON = _written("JPEG"), _written("PNG"), _written("ICO")
BITS = JPEG.index(b"\xff\xc0") + 4
BYTES = {
    "JPEG of 12 bits": (JPEG[:BITS] + b"\x0c" + JPEG[BITS + 1 :], NOT_READ, "convert"),
    "HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", NOT_READ, "HEIC"),
    "JPEG XL": (b"\0\0\0\x0cJXL \r\n\x87\n", NOT_READ, "JPEG XL"),
    "SVG": (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", NOT_READ, "SVG"),
    "video": (b"\0\0\0\x18ftypisom\0\0\2\0", NOT_READ, "video"),
    "icon": (ICON, NOT_READ, "convert"),
    "base64": (base64.b64encode(JPEG), NOT_READ, "base64"),
    "address of data": (b"data:image/png;base64," + base64.b64encode(PNG), NOT_READ, "base64"),
    "ends of lines": (PNG.replace(b"\n", b"\r\n"), DAMAGED, "as binary"),
    "letters": (JPEG.decode("latin-1").encode(), DAMAGED, "as binary"),
    "lost letters": (JPEG.decode("utf-8", "replace").encode(), DAMAGED, "as binary"),
    "zeros": (bytes(999), DAMAGED, "nothing but zeros"),
    "words before": (b"<br />\n" + JPEG, DAMAGED, "7 bytes stand before its data: b'<br />"),
    "no height": (JPEG[: BITS + 1] + b"\0\0" + JPEG[BITS + 3 :], DAMAGED, "header"),
    "page": (b"<!doctype html><title>Log in</title>", OTHER, "a web page"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\n", OTHER, "git lfs pull"),
    "answer": (b'{"error": {"code": 403}}', OTHER, "JSON"),
    "archive": (b"PK\3\4\x14\0", OTHER, "an archive"),
    "noise": (b"?" * 99, UNKNOWN, "99 bytes, first"),
}


@pytest.mark.parametrize("name", BYTES)
def test_each_kind_is_told(name: str) -> None:
    data, reason, detail = BYTES[name]
    with pytest.raises(BadImageError) as raised:
        stored(data, 64)
    assert raised.value.reason == reason and detail in raised.value.detail
