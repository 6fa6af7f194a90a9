"""Miniatures of what publishers ship: invented content in their layouts, written as archives come."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

Miniature = Mapping[str, Any]
"""Path below the raw root -> bytes, text, or what becomes JSON."""
Miniatures = Mapping[str, Callable[[], Miniature]]
COLOURS = ("red", "green", "blue", "white", "black", "yellow", "purple", "orange")


def picture(number: int = 0, form: str = "jpeg", mode: str = "RGB") -> bytes:
    """Return a small picture of one colour, different for each number."""
    image = Image.new("RGB", (8 + number // len(COLOURS), 8), COLOURS[number % len(COLOURS)])
    with io.BytesIO() as data:
        image.convert(mode).save(data, form)
        return data.getvalue()


def pictures(*paths: str, form: str = "") -> dict[str, bytes]:
    """Return a picture for each path, encoded as its extension says."""
    forms = {"jpg": "jpeg", "jpeg": "jpeg", "png": "png", "ppm": "ppm"}
    return {path: picture(n, form or forms[path.rpartition(".")[2].lower()]) for n, path in enumerate(paths)}


def json_lines(*records: Any) -> str:
    """Return records as JSON Lines."""
    return "".join(json.dumps(record) + "\n" for record in records)


def content(value: Any) -> bytes:
    """Return what lies in the file."""
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode()


def write(root: Path, files: Miniature) -> Path:
    """Write the files below ``root``."""
    for path, value in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content(value))
    return root


def write_zipped(root: Path, files: Miniature) -> Path:
    """Write every Raw (the first folder of each path) as one zip."""
    root.mkdir(parents=True, exist_ok=True)
    for raw in {path.partition("/")[0] for path in files}:
        with zipfile.ZipFile(root / f"{raw}.zip", "w") as archive:
            for path, value in files.items():
                if path.startswith(f"{raw}/"):
                    archive.writestr(path.partition("/")[2], content(value))
    return root


def write_tarred(root: Path, files: Miniature) -> Path:
    """Write every Raw as a folder that holds one gzipped tar."""
    return _write_tars(root, files, "published.tar.gz")


def write_tarred_plainly(root: Path, files: Miniature) -> Path:
    """Write every Raw as a folder that holds one tar."""
    return _write_tars(root, files, "published.tar")


def _write_tars(root: Path, files: Miniature, name: str) -> Path:
    for raw in {path.partition("/")[0] for path in files}:
        (root / raw).mkdir(parents=True, exist_ok=True)
        with tarfile.open(root / raw / name, "w:gz" if name.endswith("gz") else "w") as archive:
            for path, value in files.items():
                if path.startswith(f"{raw}/"):
                    member = tarfile.TarInfo(path.partition("/")[2])
                    member.size = len(content(value))
                    archive.addfile(member, io.BytesIO(content(value)))
    return root


def gzipped(text: str) -> bytes:
    """Return gzipped text, the same at any time."""
    return gzip.compress(text.encode(), mtime=0)


def write_merged(root: Path, files: Miniature) -> Path:
    """Write all Raws into one tree."""
    return write(root, {path.partition("/")[2]: value for path, value in files.items()})
