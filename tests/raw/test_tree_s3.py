"""The tree reads the same from a bucket, archives in place."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faulty_s3 import faulty_s3
from tests.s3_server import BUCKET, S3Server
from tests.tasks.tree import Files, write, write_tarred, write_tarred_plainly, write_zipped
from tests.tasks.trees import TREES
from vf_ray.instances.refs import paths_of
from vf_ray.instances.sample import examine
from vf_ray.raw.tree import RawTree
from vf_ray.sources.images import image_bytes
from vf_ray.tasks import sources
from vf_ray.types import Instance

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
    assert all(image_bytes(far, path) == image_bytes(near, path) for path in paths)
    assert not far.exists("no/such/file.jpg")


@pytest.mark.parametrize("lay", [write, write_zipped, write_tarred_plainly])
def test_passing_trouble_of_a_bucket_is_waited_for(
    s3: S3Server, tmp_path: Path, lay: Callable[[Path, Files], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, files = sources()["pacs"], TREES["pacs"]()
    url = _upload(s3, lay(tmp_path / "far", files))
    near = RawTree.of(str(write(tmp_path / "near", files)), source.raws)
    path = near.glob("kfold/*/*/*")[0]
    with faulty_s3(s3.endpoint) as faulty:
        monkeypatch.setenv("AWS_ENDPOINT_URL", faulty.endpoint)
        faulty.plan = ["fail"]
        far = RawTree.of(url, source.raws)
        assert far.glob("kfold/*/*/*") == near.glob("kfold/*/*/*")
        faulty.plan = ["busy", "cut"]
        assert far.read(path) == near.read(path)
        faulty.plan = ["refuse"]
        with pytest.raises(PermissionError, match=r"s3://.*check AWS_ACCESS_KEY_ID"):
            far.read(path)


@pytest.mark.parametrize("lay", [write_zipped, write_tarred_plainly])
def test_a_small_member_of_a_far_archive_is_one_request(
    s3: S3Server, tmp_path: Path, lay: Callable[[Path, Files], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = sources()["pacs"]
    url = _upload(s3, lay(tmp_path / "far", TREES["pacs"]()))
    with faulty_s3(s3.endpoint) as counting:
        monkeypatch.setenv("AWS_ENDPOINT_URL", counting.endpoint)
        far = RawTree.of(url, source.raws)
        paths = far.glob("kfold/*/*/*")
        far.read(paths[0])
        before = counting.seen
        assert all(far.read(path) for path in paths)
        assert counting.seen - before == len(paths)
