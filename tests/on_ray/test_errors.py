"""Errors of workers as the driver raises them."""

import pytest
import ray
from ray.exceptions import RayTaskError
from ray.train import WorkerGroupError

from tests.test_errors import KINDS
from vf_ray.errors import MendableError, UserError
from vf_ray.on_ray.errors import unwrapped


@pytest.mark.chain
@pytest.mark.parametrize("kind", KINDS)
def test_what_can_be_mended_crosses_ray(kind: type[MendableError], ray_cluster: None) -> None:
    @ray.remote(max_retries=0)
    def fail() -> None:
        error = kind("here: do that")
        error.add_note("in a worker")
        raise error

    with pytest.raises(kind) as ended, unwrapped():
        ray.get(fail.remote())
    assert (type(ended.value), str(ended.value)) == (kind, "here: do that")
    assert ended.value.__notes__ == ["in a worker"]


@pytest.mark.chain
def test_a_fault_of_ours_keeps_the_worker_s_traceback_and_notes(ray_cluster: None) -> None:
    @ray.remote(max_retries=0)
    def fail() -> None:
        error = ValueError("ours")
        error.add_note("in a worker")
        raise error

    with pytest.raises(ValueError, match="ours") as ended, unwrapped():
        ray.get(fail.remote())
    assert isinstance(ended.value, RayTaskError)
    assert "in fail" in str(ended.value) and "in a worker" in str(ended.value)
    assert not isinstance(ended.value, MendableError)


def test_it_is_found_in_what_ray_train_raises() -> None:
    with pytest.raises(UserError, match=r"^here$"), unwrapped():
        raise WorkerGroupError("rank 1 died", {0: KeyError("x"), 1: UserError("here")})
    with pytest.raises(WorkerGroupError), unwrapped():
        raise WorkerGroupError("rank 0 died", {0: KeyError("x")})


def test_without_ray_it_is_raised_as_it_is() -> None:
    error = UserError("here")
    with pytest.raises(UserError) as ended, unwrapped():
        raise error
    assert ended.value is error
