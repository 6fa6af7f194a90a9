"""Archives that are not read in place, and what to do with each kind."""

import re
from typing import NamedTuple


class Foreign(NamedTuple):
    """A kind of archive.

    Its ``remedy`` names ``{file}``, ``{stem}`` (which lacks the ending) and ``{whole}`` (which lacks a part's
    number).
    """

    kind: str
    ending: re.Pattern[str]
    magic: bytes
    remedy: str


def _ending(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?:{pattern})$", re.IGNORECASE)


_UNFINISHED = _ending(r"\.(?:part|partial|crdownload|(?:op)?download|filepart|aria2|!ut)")
"""What browsers and others call a file while they fetch it."""
_PARTS = r"\.(?:0*1|part0*1|a+)"
FOREIGN = (
    Foreign("bzip2", _ending(r"\.tar\.bz2?|\.tbz2?|\.tb2"), b"BZh", "bzcat {file} > {stem}.tar"),
    Foreign("xz", _ending(r"\.tar\.(?:xz|lzma)|\.txz|\.tlz"), b"\xfd7zXZ\0", "xzcat {file} > {stem}.tar"),
    Foreign("zstd", _ending(r"\.tar\.zstd?|\.tzst"), b"\x28\xb5\x2f\xfd", "zstdcat {file} > {stem}.tar"),
    Foreign("lz4", _ending(r"\.tar\.lz4"), b"\x04\x22\x4d\x18", "lz4cat {file} > {stem}.tar"),
    Foreign("compress", _ending(r"\.tar\.Z|\.taZ"), b"\x1f\x9d", "zcat {file} > {stem}.tar"),
    Foreign("7-Zip", _ending(r"\.7z(?:\.001)?"), b"7z\xbc\xaf\x27\x1c", "7z x {file}"),
    Foreign("RAR", _ending(r"(?:\.part0*1)?\.rar"), b"Rar!", "unrar x {file}"),
    Foreign("a newer kind of zip", _ending(r"\.zipx"), b"", "7z x {file}"),
    Foreign("gzip around a zip", _ending(r"\.zip\.gz"), b"", "gunzip {file}"),
    Foreign("a split zip", _ending(r"\.z0*1"), b"", "zip -s 0 {stem}.zip --out {stem}-whole.zip"),
    Foreign("a file cut in parts", _ending(rf"(?:\.zip|\.tar|\.tgz|\.tar\.gz){_PARTS}"), b"",
            "cat {whole}.* > {whole}"),
)  # fmt: skip


def advice(name: str) -> str:
    """Return what to do with a file if it is an archive by its name that is not read; else nothing."""
    if _UNFINISHED.search(name):
        return f"{name} is a download that has not ended; wait for it, or fetch the file again"
    for foreign in FOREIGN:
        if (ending := foreign.ending.search(name)) is not None:
            return _advice(foreign, name, name[: ending.start()])
    return ""


def advice_by_content(head: bytes, name: str) -> str:
    """Return what to do with a file if it is such an archive by its first bytes; else nothing."""
    stem = name.partition(".")[0]
    kinds = (foreign for foreign in FOREIGN if foreign.magic and head.startswith(foreign.magic))
    return next((_advice(foreign, name, stem) for foreign in kinds), "")


def _advice(foreign: Foreign, name: str, stem: str) -> str:
    whole, _, _ = name.rpartition(".")
    command = foreign.remedy.format(file=name, stem=stem, whole=whole)
    return f"{name} is packed as {foreign.kind}, which is not read in place; unpack or repack it: {command}"
