"""Fresh weights that depend on a seed and on what they are for, and on nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from vf_ray.instances.chance import rank


@contextmanager
def drawn(seed: int, part: str) -> Iterator[None]:
    """Draw a part's fresh weights by the seed alone, whatever was drawn before and is drawn after."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rank(str(seed), part))
        yield
