"""Actors: asked for before there is room for them, since an autoscaler makes room for what waits."""

from pathlib import Path

import pytest

from vf_ray.eval.worker import Worker
from vf_ray.on_ray.ray_pool import RayPool


@pytest.mark.chain
@pytest.mark.parametrize(("most", "asked", "waiting"), [(4, 2, 2), (1, 16, 1), (4, 1, 1)])
def test_as_many_wait_for_gpus_as_a_recipe_asks_for(
    ray_cluster: None, most: int, asked: int, waiting: int
) -> None:
    with RayPool().workers(Worker, gpus=1, most=most, asked=asked) as workers:
        workers.submit("ready")
        assert len(workers._actors) == waiting
        assert workers.gpus == 0, "none of them stands yet"


@pytest.mark.chain
def test_a_workers_error_reaches_whoever_waits_and_it_goes_on(ray_cluster: None, tmp_path: Path) -> None:
    with RayPool().workers(Worker, gpus=0, most=1) as workers:
        with pytest.raises(Exception, match="no such file or folder"):
            workers.submit("judge", str(tmp_path / "none"), 0, []).result()
        assert workers.submit("ready").result() is None
