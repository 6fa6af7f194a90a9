"""One optimiser step: this rank's packs forward and backward, the loss of all ranks, the update."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.distributed
from torch import Tensor

from vf_ray.model.families.family import Images
from vf_ray.train.collate import Pack


def loss_of(model: Any, pack: Pack) -> Tensor:
    """Return the pack's share of the step's loss, through a packed model or an engine around it."""
    losses_L: Tensor = model(
        input_ids=pack.input_ids, position_ids=pack.position_ids, cu_seqlens=pack.cu_seqlens,
        gather_index=pack.gather_index, images=pack.images, image_index=pack.image_index,
        label_positions=pack.label_positions, targets=pack.targets,
    )  # fmt: skip
    return (losses_L * pack.weights).sum()


def backward(engine: Any, packs: Sequence[Pack], images: Images, world: int) -> float:
    """Add up the gradients of this rank's packs; return the loss of the whole global batch."""
    total = torch.zeros((), dtype=torch.float64, device=engine.device)
    for pack in packs:
        share = loss_of(engine, pack.ready(images, engine.device, engine.module.dtype))
        engine.backward(share * world, scale_wrt_gas=False)  # ranks are averaged
        total += share.detach()
    torch.distributed.all_reduce(total)
    return float(total)
