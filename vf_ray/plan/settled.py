"""What is finished and yet not settled: something in it is to be asked again, or it is of older inputs."""

from collections.abc import Collection, Mapping

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec, is_finished
from vf_ray.store import Store

AGAIN = "again"
"""Key of statistics: how many questions and requests had an error, and are asked again by the next run."""
MADE_OF = "made of"
"""Key of statistics: manifest by address of inputs that may be made anew at their address."""


def is_settled(store: Store, spec: Spec, of: Collection[str] = ()) -> bool:
    """Tell whether an artifact is finished, of its inputs as they are, and left nothing to be asked again.

    ``of`` are addresses that must be among its inputs.
    """
    artifact = artifacts.find(store, spec)
    if artifact is None or artifact.stats.get(AGAIN):
        return False
    inputs: Mapping[str, str] = artifact.stats.get(MADE_OF, {})
    return inputs.keys() >= set(of) and all(
        is_finished(store, address) and Artifact(store, address).mark == mark
        for address, mark in inputs.items()
    )
