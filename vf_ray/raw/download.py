"""One public file over HTTP: resumed after any interruption, never spliced from two versions, checked.

What has come so far lies in a part file; a note beside it names the server's version of the file (its
ETag, else Last-Modified) and length. Bytes are appended only to that very version: the request says
so (If-Range), and the answer is compared with the note. Anything else starts the file anew.
"""

import fcntl
import hashlib
import json
import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from vf_ray.errors import DeniedError, MissingError, OutsideError, UnreachableError, UserError, about
from vf_ray.store.bucket import Patience
from vf_ray.store.variables import SCRATCH_FOLDER, STORE_URL
from vf_ray.store.web import client as http_client
from vf_ray.store.web import through
from vf_ray.types import Download

if TYPE_CHECKING:
    import httpx

SPARE_BYTES = 1 << 30
"""Of disk that a download leaves free."""
LONGEST_WAIT_S = 120.0
"""A server that wants to be left alone for longer is left alone."""
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_REFUSED = (401, 402, 403, 451)
_GONE = (404, 410)

OnBytes = Callable[[int], None]
"""Is given the bytes of the file that are there."""


class PassingError(Exception):
    """Trouble that may be gone in a moment; ``wait_s`` is what the server asks for."""

    def __init__(self, what: str, wait_s: float = 0.0) -> None:
        super().__init__(what)
        self.wait_s = wait_s


@dataclass(frozen=True)
class Version:
    """What a server says of a file before sending it."""

    etag: str
    modified: str
    size: int | None
    """Bytes; None where they are known only at the end."""

    @classmethod
    def of(cls, answer: "httpx.Response", size: int | None) -> "Version":
        return cls(answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", ""), size)

    @property
    def validator(self) -> str:
        """Return what If-Range can name: a strong ETag, else the date; empty where there is neither."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified

    def is_shown_by(self, later: "Version") -> bool:
        """Tell whether a later answer, which may leave out some of this, is of this version."""
        pairs = ((self.etag, later.etag), (self.modified, later.modified), (self.size, later.size))
        return all(mine == theirs for mine, theirs in pairs if mine and theirs)


@dataclass(frozen=True)
class Part:
    """A file's first bytes on this machine's disk."""

    path: Path
    copies: int = 1
    """How often its disk must hold the file: twice where it is unpacked there."""

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def version(self) -> Version | None:
        """Return the version that the bytes belong to."""
        try:
            return Version(**json.loads(self._note.read_text()))
        except (FileNotFoundError, ValueError, TypeError):  # none yet, or the writing of it was killed
            return None

    def begin(self, version: Version) -> None:
        """Forget the bytes; the next ones are of ``version``."""
        self.path.write_bytes(b"")  # first: a note must never stand beside another version's bytes
        self.describe(version)

    def describe(self, version: Version) -> None:
        self._note.write_text(json.dumps(asdict(version)))

    def clear(self) -> None:
        for path in (self.path, self._note):
            path.unlink(missing_ok=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes of this machine from the part.

        Raises:
            OutsideError: if one has it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                busy = f"{self.path}: another process downloads this file; let it end"
                raise OutsideError(busy) from None
            yield

    @property
    def _note(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")


def client(patience: Patience) -> "httpx.Client":
    """Return what ``download`` asks with."""
    agent = {"User-Agent": "vf-ray", "Accept-Encoding": "identity"}
    return http_client(timeout=patience.timeout_s, follow_redirects=True, headers=agent)


def download(web: "httpx.Client", file: Download, part: Part, patience: Patience, on_bytes: OnBytes) -> None:
    """Bring the whole file into ``part``; the caller holds the part.

    Raises:
        PermissionError, FileNotFoundError: if the server refuses, or does not have the file.
        ConnectionError: if no byte came in ``patience.attempts`` attempts in a row.
        ValueError: if what comes is not the published file.
        OSError: if the disk has no room for it.
    """
    for last in (False, True):  # a part may have been damaged since; the second one is fresh
        _complete(web, file, part, patience, on_bytes)
        if not (wrong := _difference(file, part.path)):
            return
        part.clear()
        if last:
            raise UserError(f"{file.url}: {wrong}; the file was changed or damaged at its source")


def _complete(web: "httpx.Client", file: Download, part: Part, patience: Patience, on_bytes: OnBytes) -> None:
    import httpx

    vain, most = 0, part.size
    while True:
        try:
            return _go_on(web, file, part, on_bytes)
        except httpx.TooManyRedirects as error:
            raise OutsideError(f"{file.url}: redirected without end; the address is broken") from error
        except (httpx.TransportError, PassingError) as error:
            vain = 0 if part.size > most else vain + 1
            most = max(most, part.size)  # a server that starts anew and breaks off is no progress
            if vain >= patience.attempts:
                raise _gave_up(file, part, vain, error) from error
            wait = patience.pause_s * 2 ** max(0, vain - 1) * random.uniform(0.7, 1.3)
            time.sleep(max(wait, getattr(error, "wait_s", 0.0)))


def _gave_up(file: Download, part: Part, vain: int, error: Exception) -> UnreachableError:
    return UnreachableError(
        f"{file.url}: {vain} attempts in a row brought nothing new "
        f"(last: {str(error) or type(error).__name__}{through(file.url)}); "
        f"{part.size:,} bytes are kept, so run the same again when the server is back"
    )


def _go_on(web: "httpx.Client", file: Download, part: Part, on_bytes: OnBytes) -> None:
    """Ask for what is missing, and write it."""
    known = part.version
    if known and known.size == part.size:
        return
    with web.stream("GET", file.url, headers=_range(part, known)) as answer:
        version = _accepted(answer, file, part, known)
        with about(str(part.path)), part.path.open("ab") as out:
            for chunk in answer.iter_raw():  # as it comes: nothing waits in a buffer to be lost
                out.write(chunk)
                on_bytes(out.tell())
    if version.size is None:  # the length was known only at the end
        part.describe(Version(version.etag, version.modified, part.size))
    elif part.size != version.size:
        raise PassingError(f"{part.size:,} of {version.size:,} bytes came")


def _range(part: Part, known: Version | None) -> Mapping[str, str]:
    if not (part.size and known and known.validator):
        return {}
    return {"Range": f"bytes={part.size}-", "If-Range": known.validator}


def _accepted(answer: "httpx.Response", file: Download, part: Part, known: Version | None) -> Version:
    """Return the version that the answer's body belongs to, with ``part`` ready for the body's bytes."""
    if answer.status_code == 206:
        return _continued(answer, part, known)
    if answer.status_code == 416:
        raise _anew(part, "the server has no such range")
    if answer.status_code != 200:
        raise _refusal(answer, file)
    length = answer.headers.get("Content-Length", "")
    version = Version.of(answer, int(length) if length.isdigit() else None)
    _check(answer, file, version)
    part.begin(version)
    _check_room(file, part, version.size or file.size)
    return version


def _continued(answer: "httpx.Response", part: Part, known: Version | None) -> Version:
    start, total = _content_range(answer.headers.get("Content-Range", ""))
    version = Version.of(answer, total)
    if known is None or start != part.size or not known.is_shown_by(version):
        raise _anew(part, "the server goes on with another version of the file")
    described = Version(known.etag, known.modified, total)
    part.describe(described)
    return described


def _anew(part: Part, why: str) -> PassingError:
    part.begin(Version("", "", None))
    return PassingError(f"{why}; starting anew")


def _content_range(text: str) -> tuple[int | None, int | None]:
    """Take ``bytes 5-9/10`` apart: the first byte's position, and the whole length."""
    span, _, total = text.removeprefix("bytes ").partition("/")
    start = span.partition("-")[0]
    return int(start) if start.isdigit() else None, int(total) if total.isdigit() else None


def _check(answer: "httpx.Response", file: Download, version: Version) -> None:
    """Refuse what cannot be the file before it is downloaded."""
    if file.size and version.size not in (None, file.size):
        raise UserError(
            f"{file.url}: the server's file has {version.size:,} bytes, the published one {file.size:,}; it "
            "was replaced since"
        )
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == "text/html" and not file.name.endswith((".html", ".htm")):
        raise UserError(f"{file.url}: the server sends a web page instead of {file.name!r} ({answer.url})")


def _check_room(file: Download, part: Part, size: int) -> None:
    free, need = shutil.disk_usage(part.path.parent).free, size * part.copies + SPARE_BYTES
    if size and free < need:
        raise OutsideError(
            f"{file.url}: needs {need:,} bytes (1 GiB of it to spare), {free:,} are free in "
            f"{part.path.parent}; free some, or point {SCRATCH_FOLDER} (for a store in a bucket) or "
            f"{STORE_URL} at a larger disk"
        )


def _refusal(answer: "httpx.Response", file: Download) -> Exception:
    status, what = answer.status_code, f"{file.url}: the server answers {answer.status_code}"
    if status in _PASSING:
        wait = _retry_after(answer.headers.get("Retry-After", ""))
        if wait <= LONGEST_WAIT_S:
            return PassingError(f"status {status}", wait)
        return UnreachableError(f"{what} and asks to be left alone for {wait:.0f} s; run the same again then")
    if status in _REFUSED:
        return DeniedError(f"{what}: it does not give this file to everyone any more")
    if status in _GONE:
        return MissingError(f"{what}: the file is not there any more")
    return OutsideError(f"{what} {answer.reason_phrase}; expected the file")


def _retry_after(text: str) -> float:
    """Return seconds, whether given as such or as a date; 0 for neither."""
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError):
        return 0.0


def _difference(file: Download, path: Path) -> str:
    """Return how a file differs from the published one; empty where it does not."""
    if file.size and path.stat().st_size != file.size:
        return f"{path.stat().st_size:,} bytes came, {file.size:,} were published"
    kind, _, expected = file.checksum.partition(":")
    if not kind:
        return ""
    with path.open("rb") as data:
        digest = hashlib.file_digest(data, kind).hexdigest()
    return "" if digest == expected.lower() else f"its {kind} is {digest}, published is {expected}"
