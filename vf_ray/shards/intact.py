"""Whether the files a mixture points into are still as long as when they were published.

Training reads rows and pictures by byte ranges and notices an altered one where it reads it, which may be
hours later. A file that was cut, replaced or lost shows at once in one listing per artifact; who doubts
all the bytes beforehand asks ``vf-ray runs verify``.
"""

from vf_ray.artifacts import Artifact, load
from vf_ray.errors import UserError
from vf_ray.shards.mixture import NAME
from vf_ray.shards.schema import from_parquet


def require_intact(mixture: Artifact) -> None:
    """Compare the length of every file that a mixture points into with its manifest.

    Raises:
        ValueError: naming the files that are missing or of another length.
        FileNotFoundError: if an artifact is not there at all.
    """
    index = from_parquet(mixture.read(NAME), columns=["instances", "images"])
    addresses = {address for column in index.columns for address in column.unique().to_pylist()}
    odd = [fault for address in sorted(addresses) for fault in _odd(load(mixture.store, address))]
    if odd:
        raise UserError(
            f"{mixture.address}: {len(odd)} of its files are not what was published: {'; '.join(odd[:3])}; "
            "restore them, or prepare those tasks again with force"
        )


def _odd(artifact: Artifact) -> list[str]:
    sizes, files = artifact.store.sizes(artifact.address), artifact.manifest["files"]
    actual = {name: sizes.get(artifact.path(name)) for name in files}
    return [
        f"{artifact.path(name)} has {size} bytes, {files[name]['bytes']} were published"
        for name, size in actual.items()
        if size != files[name]["bytes"]
    ]
