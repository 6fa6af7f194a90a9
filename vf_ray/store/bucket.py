"""A store's files in an S3 bucket, through s3fs.

A file appears under its name only when it is whole, and ``If-None-Match: *`` lets one of several
writers create it. When the answer to a create gets lost, its repetition (ours, or one that the HTTP
library makes by itself) finds the name taken; so every created file carries its writer's mark.
"""

import os
import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, TypeVar

from vf_ray.errors import DeniedError, LateError, MissingError, OutsideError, UnreachableError
from vf_ray.store import web
from vf_ray.store.s3_errors import NO_CREDENTIALS, error_code, is_answer, lineage, passes, taken

T = TypeVar("T")

LARGEST_PUT = 5 << 30
"""Bytes that S3 takes in one request; only larger files go up in parts. Amazon's service lets one of
several simultaneous uploads in parts win, but SeaweedFS 4.48 let two win in one race out of four."""
PART_BYTES = 64 << 20
RANGE_BYTES = 8 << 20
SLOWEST = 64 << 10
"""Bytes a second that an upload is given time for."""

_VARIABLES = (
    "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
)  # fmt: skip


@dataclass(frozen=True)
class Patience:
    """How long a store may take to answer before that is an error."""

    attempts: int = 6
    pause_s: float = 0.5
    """Before the second attempt; doubled before each further one."""
    timeout_s: float = 30.0
    """For one answer."""


@dataclass(frozen=True)
class Bucket:
    """Files below one prefix of a bucket."""

    root: str
    """``bucket`` or ``bucket/prefix``."""
    patience: Patience

    def read(self, path: str) -> bytes:
        data: bytes = self._ask(path, lambda fs: fs.cat_file(self._at(path), max_concurrency=1))
        return data

    def read_range(self, path: str, start: int, size: int) -> bytes:
        if size <= 0:
            return b""
        data: bytes = self._ask(path, lambda fs: fs.cat_file(self._at(path), start=start, end=start + size))
        return data

    def size(self, path: str) -> int:
        return int(self._head(path)["ContentLength"])

    def version(self, path: str) -> str:
        about = self._head(path)
        return f"{about['ContentLength']} {about['ETag']}"

    def exists(self, path: str) -> bool:
        try:
            self._head(path)
        except FileNotFoundError as error:
            if error_code(error) == "NoSuchBucket":
                raise
            return False
        return True

    def sizes(self, prefix: str) -> dict[str, int]:
        """Page by page, without what s3fs makes of each: that costs twice the time of listing."""
        start = len(self._below("")[1])
        listed = (page.get("Contents", ()) for page in self._pages(prefix))
        sizes = {about["Key"][start:]: int(about["Size"]) for contents in listed for about in contents}
        # the marker of an empty folder, which some servers keep, is no file
        return {name: size for name, size in sizes.items() if name and not name.endswith("/")}

    def _pages(self, folder: str) -> Iterator[dict[str, Any]]:
        bucket, below = self._below(folder)
        request = {"Bucket": bucket, "Prefix": below}
        while True:
            page = self._ask(folder, lambda fs: fs.call_s3("list_objects_v2", **request))
            yield page
            if not page.get("IsTruncated"):
                return
            request["ContinuationToken"] = page["NextContinuationToken"]

    def is_folder(self, path: str) -> bool:
        bucket, below = self._below(path)
        listing = self._ask(
            path, lambda fs: fs.call_s3("list_objects_v2", Bucket=bucket, Prefix=below, MaxKeys=1)
        )
        return bool(listing.get("Contents"))

    def entries(self, folder: str) -> Sequence[tuple[str, bool]]:
        listing = self._ask(folder, lambda fs: fs.ls(self._at(folder), detail=True))
        below = ((about["name"].rstrip("/"), about["type"] == "directory") for about in listing)
        start = (
            f"{self._at(folder)}/"  # the marker of the folder itself, which some servers keep, is left out
        )
        return [(name.removeprefix(start), is_dir) for name, is_dir in below if name.startswith(start)]

    def create(self, path: str, data: bytes, *, settled: bool = True) -> bool:
        return self._create(path, lambda fs, mark: self._put_once(fs, path, data, len(data), mark))

    def settle(self) -> None:
        """Do nothing: what a bucket has taken stays."""

    def create_file(self, path: str, local: Path) -> bool:
        def put(fs: Any, mark: dict[str, str]) -> None:
            if (size := local.stat().st_size) > LARGEST_PUT:
                about = {"mode": "create", "chunksize": PART_BYTES, "Metadata": mark}
                fs.put_file(str(local), self._at(path), **about)
                return
            with local.open("rb") as body:
                self._put_once(fs, path, body, size, mark)

        return self._create(path, put)

    def _put_once(self, fs: Any, path: str, body: bytes | IO[bytes], size: int, mark: dict[str, str]) -> None:
        self._put(fs, path, size, Body=body, Metadata=mark, IfNoneMatch="*")

    def _put(self, fs: Any, path: str, size: int, **request: Any) -> None:
        """Send a file; the library itself waits for leave to send it (``Expect``) without any limit."""
        from fsspec.asyn import sync

        (bucket, key), limit_s = self._key(path), self.patience.timeout_s + size / SLOWEST
        sync(fs.loop, fs._call_s3, "put_object", timeout=limit_s, Bucket=bucket, Key=key, **request)

    def rewrite(self, path: str, data: bytes) -> None:
        self._ask(path, lambda fs: self._put(fs, path, len(data), Body=data))

    def download(self, path: str, local: Path) -> None:
        gently = {"chunksize": RANGE_BYTES, "max_concurrency": 4}  # s3fs by itself holds ten times 50 MB
        self._ask(path, lambda fs: fs.get_file(self._at(path), str(local), **gently))

    def delete(self, path: str) -> None:
        names = sorted({path, *self.sizes(path)})
        for start in range(0, len(names), 1000):
            self._delete(names[start : start + 1000])

    def sweep(self, older_s: float) -> int:
        """Return 0: unfinished uploads are dropped by the bucket's own lifecycle rule."""
        return 0

    def leave(self) -> None:
        """Do nothing: a bucket has no folder for half-written files."""

    def _delete(self, names: Sequence[str]) -> None:
        try:
            if len(names) > 1:
                return self._delete_together(names)
        except OutsideError as error:  # some stores want an MD5 sum with that, or do not know it
            if type(error) is not OutsideError:
                raise
        with ThreadPoolExecutor(min(16, len(names))) as pool:
            list(pool.map(self._delete_one, names))
        return None

    def _delete_one(self, name: str) -> None:
        bucket, key = self._key(name)
        self._ask(name, lambda fs: fs.call_s3("delete_object", Bucket=bucket, Key=key))

    def _delete_together(self, names: Sequence[str]) -> None:
        bucket, keys = self._key(names[0])[0], [{"Key": self._key(name)[1]} for name in names]
        request = {"Bucket": bucket, "Delete": {"Objects": keys, "Quiet": True}}
        answer = self._ask(names[0], lambda fs: fs.call_s3("delete_objects", **request))
        if errors := answer.get("Errors"):
            raise DeniedError(
                f"s3://{bucket}/{errors[0].get('Key')}: not deleted: {errors[0]}; check the policy"
            )

    def _create(self, path: str, put: Callable[[Any, dict[str, str]], None]) -> bool:
        """Create a file at most once, and know whose it is whatever happened to the answers."""
        token = uuid.uuid4().hex

        def once(fs: Any) -> bool:
            try:
                put(fs, {"writer": token})
            except OSError as error:
                if not taken(error):
                    raise
                return _made_by(fs, *self._key(path)) == token
            return True

        return self._ask(path, once)

    def _head(self, path: str) -> dict[str, Any]:
        bucket, key = self._key(path)
        head: dict[str, Any] = self._ask(path, lambda fs: fs.call_s3("head_object", Bucket=bucket, Key=key))
        return head

    def _at(self, path: str) -> str:
        return f"{self.root}/{path}" if path else self.root

    def _below(self, folder: str) -> tuple[str, str]:
        """Return the bucket, and what the keys below a folder start with."""
        bucket, key = self._key(folder)
        return bucket, f"{key}/" if key else ""

    def _key(self, path: str) -> tuple[str, str]:
        bucket, _, key = self._at(path).partition("/")
        return bucket, key

    def _ask(self, path: str, call: Callable[[Any], T]) -> T:
        """Call, and call again while the trouble is of the kind that passes.

        Raises:
            MissingError, DeniedError, LateError, UnreachableError, OutsideError: naming the URL and what
                to do.
        """
        began, last = time.monotonic(), self.patience.attempts
        for attempt in range(1, last + 1):
            try:
                return call(_file_system(os.getpid(), self.patience.timeout_s, _settings()))
            except Exception as error:
                if not is_answer(error):
                    raise
                if not passes(error):
                    raise self._explained(path, error) from error
                if attempt == last:
                    raise self._gave_up(path, error, time.monotonic() - began) from error
            time.sleep(self.patience.pause_s * 2 ** (attempt - 1) * random.uniform(0.7, 1.3))
        raise AssertionError(f"patience of {last} attempts; at least 1")

    def _explained(self, path: str, error: Exception) -> OSError:
        url, code, bucket = f"s3://{self._at(path)}", error_code(error), self._key(path)[0]
        if code == "NoSuchBucket":
            remedy = "create it or correct the address"
            return MissingError(f"{url}: there is no bucket {bucket!r}; {remedy}")
        if isinstance(error, FileNotFoundError):
            return MissingError(f"{url}: no such file in the store")
        if isinstance(error, PermissionError) or lineage(error) & NO_CREDENTIALS:
            return DeniedError(
                f"{url}: the store at {_endpoint()} refuses ({error}); check AWS_ACCESS_KEY_ID and "
                f"AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, and that they may list, read and write {bucket!r}",
            )
        return OutsideError(f"{url}: {_endpoint()} answers {code or type(error).__name__}: {error}")

    def _gave_up(self, path: str, error: Exception, seconds: float) -> OSError:
        late = any("timeout" in name.lower() for name in lineage(error))
        return (LateError if late else UnreachableError)(
            f"s3://{self._at(path)}: no good answer from {_endpoint()} in {self.patience.attempts} attempts "
            f"and {seconds:.0f} s (last: {error_code(error) or type(error).__name__}: {error}"
            f"{web.through(_endpoint())}); check "
            "AWS_ENDPOINT_URL and that the service is up, then run the same again: what is stored is kept"
        )


def _made_by(fs: Any, bucket: str, key: str) -> str:
    return str(fs.call_s3("head_object", Bucket=bucket, Key=key).get("Metadata", {}).get("writer", ""))


def _settings() -> tuple[str | None, ...]:
    return tuple(os.environ.get(name) for name in _VARIABLES)


def _endpoint() -> str:
    named = (os.environ.get(name) for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"))
    return next((url for url in named if url), "Amazon S3")


@lru_cache(maxsize=8)
def _file_system(process: int, timeout_s: float, settings: tuple[str | None, ...]) -> Any:
    """Open s3fs once per process (it does not survive a fork) and per set of AWS variables."""
    import s3fs

    web.spare_loopback()
    region = os.environ.get("AWS_REGION")  # botocore reads only AWS_DEFAULT_REGION
    config = {
        "connect_timeout": min(10.0, timeout_s),
        "read_timeout": timeout_s,
        "retries": {"total_max_attempts": 1},
        "max_pool_connections": 32,
    }
    fs = s3fs.S3FileSystem(
        use_listings_cache=False,
        skip_instance_cache=True,
        client_kwargs={"region_name": region} if region else {},
        config_kwargs=config,
    )
    fs.retries = 1
    return fs
