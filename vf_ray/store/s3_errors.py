"""What the trouble with an S3 request means: that it passes, that a name is taken, or that it is refused.

Its form depends on server, botocore, aiohttp and s3fs, whose classes are told by name and not imported.
"""

import errno
from typing import Any

from vf_ray.store.disk import FULL

_PASSING_STATUS = (408, 409, 425, 429, 500, 502, 503, 504)
_PASSING_ERRNO = (errno.EBUSY, errno.EREMOTEIO)
_PASSING_CODES = ("BadDigest", "IncompleteBody", "RequestTimeout", "XAmzContentChecksumMismatch")
"""What a store answers 400 when bytes were lost or changed on their way to it."""
_TRANSPORT = {
    "HTTPClientError", "ConnectionError", "ResponseParserError", "ClientPayloadError",
    "FlexibleChecksumError",
}  # fmt: skip
NO_CREDENTIALS = {"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"}
FAULTS = (TypeError, AttributeError, NameError, LookupError, AssertionError)


def answer(error: BaseException | None) -> dict[str, Any]:
    """Return the S3 answer behind an error, which s3fs keeps as its cause."""
    while error is not None:
        if isinstance(response := getattr(error, "response", None), dict):
            return response
        error = error.__cause__
    return {}


def error_code(error: BaseException) -> str:
    return str(answer(error).get("Error", {}).get("Code", ""))


def http_status(error: BaseException) -> int:
    return int(answer(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def taken(error: OSError) -> bool:
    """Tell the refusal of a create whose name is taken: its form depends on server and s3fs."""
    if isinstance(error, FileExistsError) or http_status(error) == 412:
        return True
    return error.errno == errno.EINVAL and error_code(error) in ("PreconditionFailed", "412")


def passes(error: Exception) -> bool:
    """Tell trouble that may be gone in a moment from refusals."""
    if status := http_status(error):
        return status in _PASSING_STATUS or error_code(error) in _PASSING_CODES
    if isinstance(error, FileNotFoundError | PermissionError | FileExistsError):
        return False
    if isinstance(error, TimeoutError | ConnectionError):
        return True
    by_number = isinstance(error, OSError) and error.errno in _PASSING_ERRNO
    return by_number or bool(lineage(error) & _TRANSPORT)


def lineage(error: BaseException | None) -> set[str]:
    """Return the names of the classes of an error and of its causes."""
    names: set[str] = set()
    while error is not None:
        names |= {kind.__name__ for kind in type(error).__mro__}
        error = error.__cause__
    return names


def is_answer(error: Exception) -> bool:
    """Tell what a store or the way to it answers from a fault of the code, or of this machine's disk."""
    full = isinstance(error, OSError) and error.errno in FULL
    return not full and not isinstance(error, FAULTS)
