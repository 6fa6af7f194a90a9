"""A trained model from the engine's memory into the store, as the field loads it."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from torch import nn

from vf_ray.artifacts import MODEL, Writer
from vf_ray.recipe import Stage
from vf_ray.store.scratch import scratch

ADAPTERS = "adapters"


def publish(engine: Any, stage: Stage, folder: Path, writer: Writer, rank: int) -> None:
    """Commit ``model/...``, and ``adapters/...`` where there are any; every rank calls it.

    ``folder`` is that of the model the stage started from, whose processor goes with the weights.
    """
    to_host(engine.module, first=rank == 0, spread=stage.zero == 3)
    if rank == 0:
        with scratch("vf-ray-model-") as out:
            _export(engine.module, stage, folder, out)
            _commit(out, writer)


def to_host(model: nn.Module, *, first: bool, spread: bool) -> None:
    """Put the weights into the first rank's host memory, one after the other; every rank calls it.

    Of what ZeRO-3 has ``spread`` over the ranks, a GPU never holds more than one whole weight. The long rows
    in which ZeRO keeps weights, which are not saved by halves, are left behind. The model trains no more.
    """
    held: dict[int, nn.Parameter] = {}
    for module in model.modules():
        for name, weight in list(module.named_parameters(recurse=False)):
            with _gathered(weight) if spread else nullcontext():
                # a weight that two names share is copied once
                if first and id(weight) not in held:
                    copied = weight.detach().to("cpu", copy=True)
                    held[id(weight)] = nn.Parameter(copied, requires_grad=weight.requires_grad)
            if first:
                module.register_parameter(name, held[id(weight)])


def _gathered(weight: nn.Parameter) -> AbstractContextManager[Any]:
    import deepspeed

    gathered: AbstractContextManager[Any] = deepspeed.zero.GatheredParameters([weight])
    return gathered


def _export(model: Any, stage: Stage, folder: Path, out: Path) -> None:
    """Write the model, and the adapters that are merged into it."""
    from vf_ray.model.load import save

    if stage.lora:
        from vf_ray.model.adapters import merge, save_adapters

        save_adapters(model, stage.lora, stage.tune, out / ADAPTERS)
        merge(model)
    save(model, folder, out / MODEL)


def _commit(folder: Path, writer: Writer) -> None:
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        writer.commit(str(file.relative_to(folder)), file)
