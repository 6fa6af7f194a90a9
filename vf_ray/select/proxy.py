"""A short tuning of adapters in one process, and what it weighs at some of its steps.

Enough for what gradients, losses and attention are asked of: a model that has begun to learn the mixture. A
killed one goes on from the last of the steps that are kept.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from vf_ray.artifacts import WORK, Artifact, Writer
from vf_ray.model.freeze import MARK
from vf_ray.recipe import Stage
from vf_ray.train import optimizer
from vf_ray.train.batches import Batches, ahead
from vf_ray.train.learner import learner
from vf_ray.train.schedule import Samples, num_steps, rate
from vf_ray.train.step import loss_of


def proxy(stage: Stage, folder: Path, seed: int) -> Any:
    """Return a model with fresh adapters in fp32, on a GPU where there is one."""
    model = learner(stage, folder, seed)
    for name, weight in model.named_parameters():
        if MARK in name:  # small steps are lost in bf16
            weight.data = weight.data.float()
    return model.to("cuda" if torch.cuda.is_available() else "cpu")


def tuned_weights(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return what learns, by name."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def put(model: nn.Module, warm: Artifact, mark: int) -> None:
    """Give a proxy the weights it had after step ``mark``."""
    held, weights = load(warm.read(_weights(mark))), tuned_weights(model)
    for name, weight in weights.items():
        weight.data.copy_(held[name])


def warm_up(
    writer: Writer, stage: Stage, folder: Path, samples: Samples, seed: int, marks: Sequence[int]
) -> Mapping[str, Any]:
    """Tune, and commit the weights after each of the steps ``kept``."""
    model, steps = proxy(stage, folder, seed), num_steps(stage, len(samples))
    batches, adam = Batches.of(stage, samples, folder, seed, 0, 1), optimizer.optimizer(model, stage)
    done = _resume(writer, model, adam, marks)
    for step in ahead(batches.step, range(done + 1, steps + 1)):
        optimizer.set_rate(adam, rate(stage, step.number, steps))
        for pack in step.packs:
            ready = pack.ready(batches.encoder.images, model.device, model.dtype)
            torch.autograd.backward(loss_of(model, ready))
        nn.utils.clip_grad_norm_(tuned_weights(model).values(), stage.clip or float("inf"))
        adam.step()
        adam.zero_grad()
        writer.progress(step.number, steps, "steps")
        if step.number in marks:
            _keep(writer, model, adam, step.number)
    return {"steps": steps, "kept": list(marks)}


def _keep(writer: Writer, model: nn.Module, adam: torch.optim.Optimizer, mark: int) -> None:
    """Commit the moments, then the weights: who finds these finds those."""
    # the weights last: they say that the moments are there, too
    weights = tuned_weights(model)
    moments = {
        f"{kind} {name}": adam.state[weight][kind]
        for name, weight in weights.items()
        for kind in (*optimizer.MOMENTS, optimizer.COUNT)
    }
    writer.commit(_moments(mark), save(_on_host(moments)))
    writer.commit(_weights(mark), save(_on_host(weights)))


def _resume(writer: Writer, model: nn.Module, adam: torch.optim.Optimizer, marks: Sequence[int]) -> int:
    """Take up the weights and moments after the latest step that was kept; return it, 0 if there is none."""
    done = max((mark for mark in marks if writer.committed(_weights(mark))), default=0)
    if done:
        held, moments = (load(writer.read(name)) for name in (_weights(done), _moments(done)))
        for name, weight in tuned_weights(model).items():
            weight.data.copy_(held[name])
            state = optimizer.state_of(adam, weight)
            for kind in (*optimizer.MOMENTS, optimizer.COUNT):
                state[kind].copy_(moments[f"{kind} {name}"])
    return done


def _on_host(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}


def _weights(mark: int) -> str:
    return f"weights-{mark:06d}.safetensors"


def _moments(mark: int) -> str:
    return f"{WORK}moments-{mark:06d}.safetensors"
