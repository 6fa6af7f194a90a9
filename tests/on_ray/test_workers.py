"""Workers are asked for before there is room for them, since an autoscaler makes room for what waits."""

import pytest

from vf_ray.on_ray.workers import Workers


@pytest.mark.chain
@pytest.mark.parametrize(("most", "asked", "waiting"), [(4, 2, 2), (1, 16, 1), (4, 1, 1)])
def test_as_many_wait_for_gpus_as_a_recipe_asks_for(
    ray_cluster: None, most: int, asked: int, waiting: int
) -> None:
    with Workers(1, most, asked) as workers:
        workers.submit("ready")
        assert len(workers._actors) == waiting
        assert workers.gpus == 0, "none of them stands yet"
