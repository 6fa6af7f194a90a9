"""A stage as DeepSpeed takes it: process group, configuration, engine.

Batch arithmetic is not DeepSpeed's: a step's loss is weighted over the recipe's global batch before
``backward``, any number of packs adds up, and ``step`` ends it (``managed_gradient_accumulation`` off).
DeepSpeed averages gradients over ranks, so each rank's loss is scaled by their number.
"""

import os
import resource
from typing import Any

import torch
import torch.distributed
from torch import nn

from vf_ray.recipe import Stage
from vf_ray.train.optimizer import clipper, optimizer


def prepare_process() -> None:
    """Choose DeepSpeed's accelerator before it is first imported, and keep it from compiling on CPU."""
    os.environ.setdefault("LOCAL_RANK", "0")  # a launcher has set it; DeepSpeed wants it even in one process
    if not torch.cuda.is_available():
        os.environ["DS_ACCELERATOR"] = "cpu"
    from deepspeed.ops import __compatible_ops__

    if not torch.cuda.is_available():
        __compatible_ops__["deepspeed_shm_comm"] = False  # a 32 s compile; gloo does without


def join(rank: int, world: int) -> None:
    """Enter the process group: the one at hand, the launcher's, or one of this process alone.

    Raises:
        ValueError: if the group at hand is another one than the caller says.
    """
    # a group of our own, unless the launcher has made one
    backend = "nccl" if torch.cuda.is_available() else "gloo"
    if not torch.distributed.is_initialized():
        if world == 1:
            alone = torch.distributed.HashStore()  # type: ignore[attr-defined]
            torch.distributed.init_process_group(backend, store=alone, rank=0, world_size=1)
        else:
            torch.distributed.init_process_group(backend, rank=rank, world_size=world)
    here = (torch.distributed.get_rank(), torch.distributed.get_world_size())
    if here != (rank, world):
        raise ValueError(f"the process group has rank and size {here}, the run was given {(rank, world)}")
    import deepspeed

    deepspeed.init_distributed(backend, auto_mpi_discovery=False, verbose=False)


def settings(stage: Stage) -> dict[str, Any]:
    """Return DeepSpeed's configuration for the stage."""
    # the loop adds up gradients and says itself when a step ends
    values: dict[str, Any] = {
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": 1,
        "managed_gradient_accumulation": False,
        "gradient_clipping": 0.0 if plain_optimizer(stage) else stage.clip or 0.0,
        "zero_optimization": {"stage": stage.zero},
        "zero_force_ds_cpu_optimizer": False,
        "steps_per_print": 10**9,
    }
    if stage.offload:
        values["zero_optimization"]["offload_optimizer"] = {"device": "cpu"}
    # gradients add up in fp32, whatever the weights are
    if stage.precision == "bf16":
        values |= {
            "bf16": {"enabled": True},
            "data_types": {"grad_accum_dtype": "fp32"},
            "communication_data_type": "fp32",
        }
    return values


def plain_optimizer(stage: Stage) -> bool:
    """Tell whether DeepSpeed leaves the optimizer bare; then it neither records nor clips the norm."""
    return stage.zero == 0


def start(model: nn.Module, stage: Stage) -> Any:
    """Return the DeepSpeed engine that trains what learns; frozen parameters take no optimizer state."""
    import deepspeed

    tuned = [weight for weight in model.parameters() if weight.requires_grad]
    updates = optimizer(model, stage)
    engine, *_ = deepspeed.initialize(
        model=model, model_parameters=tuned, optimizer=updates, config=settings(stage),
        dist_init_required=False,
    )  # fmt: skip
    if plain_optimizer(stage):
        updates.register_step_pre_hook(clipper(engine, tuned, stage.clip or 0.0))
    return engine


def memory_gib(device: torch.device) -> float:
    """Return the most memory held so far, or since ``forget_memory``: on the GPU, or in this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / (1 << 30)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)  # Linux tells it in KiB


def forget_memory(device: torch.device) -> None:
    """Count the most memory held from now on; without a GPU nothing can, and it stays the most so far."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
