"""A trained model from the engine's memory into the store, as the field loads it."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch

from vf_ray.artifacts import Writer
from vf_ray.recipe import Stage
from vf_ray.store.scratch import scratch

MODEL = "model"
ADAPTERS = "adapters"


def publish(engine: Any, stage: Stage, folder: Path, writer: Writer, rank: int) -> None:
    """Commit ``model/...``, and ``adapters/...`` where there are any; every rank calls it.

    ``folder`` is that of the model the stage started from, whose processor goes with the weights.
    """
    with _whole(engine.module, stage):
        if rank == 0:
            _unshare(engine.module)
            with scratch("vf-ray-model-") as out:
                _export(engine.module, stage, folder, Path(out))
                _commit(Path(out), writer)


def _whole(model: torch.nn.Module, stage: Stage) -> AbstractContextManager[Any]:
    """Gather what ZeRO-3 has spread over the ranks."""
    if stage.zero != 3:
        return nullcontext()
    import deepspeed

    gathered: AbstractContextManager[Any] = deepspeed.zero.GatheredParameters(list(model.parameters()))
    return gathered


def _export(model: Any, stage: Stage, folder: Path, out: Path) -> None:
    """Write the model, and the adapters that are merged into it."""
    from vf_ray.model.export import save

    if stage.lora:
        from vf_ray.model.adapters import merge, save_adapters

        save_adapters(model, stage.lora, stage.tune, out / ADAPTERS)
        merge(model)
    save(model, folder, out / MODEL)


def _commit(folder: Path, writer: Writer) -> None:
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        writer.commit(str(file.relative_to(folder)), file)


def _unshare(model: torch.nn.Module) -> None:
    """Give every weight memory of its own: ZeRO keeps them in long rows, which are not saved by halves."""
    for weight in model.parameters():
        if weight.untyped_storage().nbytes() != weight.nbytes:
            weight.data = weight.data.clone()
