"""A cheap fingerprint of a raw folder or bucket prefix: names and sizes, no contents."""

import hashlib

import fsspec

from vf_ray.sources.raw import options


def fingerprint(url: str) -> str:
    """Return ``listing:<hash>`` over every file's relative name and size below ``url``.

    Raises:
        FileNotFoundError: if there is no file.
    """
    files, root = fsspec.core.url_to_fs(url, **options(url))
    found = files.find(root, detail=True)
    if not found:
        raise FileNotFoundError(f"no raw files below {url}; prepare.raw names the folder that holds them")
    digest = hashlib.sha256()
    for name in sorted(found):
        digest.update(f"{name.removeprefix(root).lstrip('/')}\0{found[name]['size']}\n".encode())
    return f"listing:{digest.hexdigest()[:16]}"
