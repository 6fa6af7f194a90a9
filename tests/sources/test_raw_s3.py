"""The tree reads the same from a bucket, archives in place."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.s3_server import BUCKET, S3Server
from tests.tasks.tree import Files, write, write_tarred, write_zipped
from tests.tasks.trees import TREES
from vf_ray.instances.sample import examine
from vf_ray.sources.pictures import picture_bytes
from vf_ray.sources.raw import RawTree
from vf_ray.tasks import sources
from vf_ray.types import Instance, paths_of

pytestmark = pytest.mark.chain


def _upload(s3: S3Server, folder: Path) -> str:
    import s3fs

    fs = s3fs.S3FileSystem(key=s3.key, secret=s3.secret, endpoint_url=s3.endpoint)
    prefix = f"{BUCKET}/raw-{uuid.uuid4().hex[:8]}"
    fs.put(str(folder), prefix, recursive=True)
    return f"s3://{prefix}"


@pytest.mark.parametrize("lay", [write, write_zipped, write_tarred])
@pytest.mark.parametrize("name", ["okvqa", "pacs", "lsun", "pickapic"])
def test_a_bucket_gives_what_a_folder_gives(
    s3: S3Server, tmp_path: Path, name: str, lay: Callable[[Path, Files], Path]
) -> None:
    source, files = sources()[name], TREES[name]()
    near = RawTree.of(str(write(tmp_path / "near", files)), source.raws)
    far = RawTree.of(_upload(s3, lay(tmp_path / "far", files)), source.raws)
    found = list(examine(source, far, source.tasks, seed=1))
    assert found == list(examine(source, near, source.tasks, seed=1)) and found
    paths = {p for v in found if isinstance(v, Instance) for p in paths_of(v.image)}
    assert all(picture_bytes(far, path) == picture_bytes(near, path) for path in paths)
    assert not far.exists("no/such/file.jpg")
