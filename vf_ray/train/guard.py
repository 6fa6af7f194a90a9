"""What keeps a long run from being lost: looked at before the first step, and when it stops.

Whatever stops a run for good leaves a record below ``stopped/`` beside the data, so that whoever started
the workers can say why, and does not start them again.
"""

import fcntl
import json
import logging
import secrets
import socket
import struct
import tempfile
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.distributed
from safetensors.torch import save_file

from vf_ray.artifacts import Writer
from vf_ray.errors import MendableError, one_line
from vf_ray.store.scratch import require_room, scratch
from vf_ray.train.batches import Batches, Step
from vf_ray.train.collate import Pack

STOPPED = "stopped"
"""Folder beside the data."""
STARTS = "starts"
ERRORS = "errors"
MOST_SAID = 8_000
"""Characters of an error that are told on."""
MEASURED_BYTES = 16 << 20
log = logging.getLogger(__name__)


class Stopped(MendableError):  # noqa: N818  # it says what happened
    """A run that would come to the same end if it were started again."""


class Diverged(Stopped):
    """The loss or the gradient left the numbers, or the loss jumped far above what it was."""


class Stuck(Stopped):
    """The workers died again and again without getting anywhere."""


def record(writer: Writer, name: str, values: Mapping[str, Any]) -> None:
    """Leave a record of why a run stopped; one of its keys is ``message``."""
    path = f"{writer.address}/{STOPPED}/{name}.json"
    writer.store.create(path, json.dumps(values, indent=1).encode())


def keep_batch(writer: Writer, step: int, rank: int, packs: tuple[Pack, ...]) -> None:
    """Keep what a rank computed with in a step, to be looked at: pictures, tokens, labels."""
    held = ((f"{n}/{key}", value) for n, pack in enumerate(packs) for key, value in pack.tensors().items())
    with scratch("vf-ray-batch-") as folder:
        local = folder / "batch"
        save_file({key: value.contiguous() for key, value in held}, local)
        name = f"{STOPPED}/step-{step:08d}-rank-{rank}.safetensors"
        writer.store.create_file(f"{writer.address}/{name}", local)


def diverged(writer: Writer, batches: Batches, step: Step, problem: str) -> Diverged:
    """Keep the batch of a step that went wrong, and return what is to be raised; every rank calls it."""
    name = f"step-{step.number:08d}"
    listed = writer.store.at(f"{writer.address}/{STOPPED}/{name}.json")
    message = (
        f"step {step.number}: {problem}; its {len(step.rows)} samples are listed in {listed}, their tensors "
        f"beside it. Look at them, or lower lr ({batches.stage.lr}); the older checkpoints stand"
    )
    keep_batch(writer, step.number, batches.rank, step.packs)
    if batches.rank == 0:
        record(writer, name, {"step": step.number, "message": message, "samples": batches.keys(step)})
    return Diverged(message)


def require_progress(writer: Writer, run: str, step: int, retries: int) -> None:
    """Count a start at ``step``, and refuse one too many: deaths that get on are not counted together.

    Raises:
        Stuck: if workers have been started there ``retries`` times before, and once at first.
    """
    # each start leaves a file of its own, so that no death loses count
    folder = f"{writer.address}/{STARTS}/{writer.attempt}/{step:08d}"
    writer.store.create(f"{folder}/{run}", str(time.time_ns()).encode())
    starts = writer.store.list(folder)
    if len(starts) <= retries + 1:
        return
    # what workers left behind since the first of them says why
    since = min(int(writer.store.read(path)) for path in starts)
    message = (
        f"{writer.store.at(writer.address)}: workers died {len(starts) - 1} times after step {step} without "
        f"reaching the next checkpoint; {_reason(writer, since)}; mend that, then start the step again"
    )
    record(writer, f"stuck-{writer.attempt}-{step:08d}", {"step": step, "message": message})
    raise Stuck(message)


def tell_error(writer: Writer, error: Exception) -> None:
    """Leave word of what a worker died of, for whoever gives the run up."""
    path = f"{writer.address}/{ERRORS}/{writer.attempt}/{time.time_ns()}-{secrets.token_hex(4)}"
    trace = "" if one_line(error) else "\n" + "".join(traceback.format_exception(error))
    writer.store.create(path, f"{type(error).__name__}: {error}{trace}".encode())


def _reason(writer: Writer, since: int) -> str:
    """Say what the first worker died of; those that miss it die of that."""
    reports = writer.store.list(f"{writer.address}/{ERRORS}/{writer.attempt}")
    first = next((p for p in reports if int(p.rpartition("/")[2].partition("-")[0]) >= since), None)
    if first is None:
        return "none could say of what: something killed them, such as a lack of memory"
    return f"the first one of {writer.store.read(first).decode()[:MOST_SAID]}"


def require_space(writer: Writer, *, passing: int, lasting: int) -> None:
    """Refuse a run whose checkpoints and model would not fit, before it has computed anything.

    At most ``passing`` bytes are in this machine's temporary folder at a time, and ``lasting`` in the store.

    Raises:
        UserError: naming the machine and the folder, what is free and what is needed.
    """
    what = "checkpoints and the model"
    require_room(Path(tempfile.gettempdir()), passing, what)
    if (local := writer.store.local_path("")) is not None:
        require_room(local, lasting, what)


def measure_link(device: torch.device) -> str:
    """Return how fast the ranks add up a tensor and through which interface; every rank calls it.

    A link that is slow, or is not the one that was meant, is the commonest reason for slow training on
    several machines.
    """
    world = torch.distributed.get_world_size()
    tensor = torch.ones(MEASURED_BYTES // 4, device=device)
    for _ in range(2):  # the first one connects
        began = time.monotonic()
        torch.distributed.all_reduce(tensor)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        took = time.monotonic() - began
    # a ring sends and receives each part of the tensor but a rank's own, twice
    rate = 2 * (world - 1) / world * MEASURED_BYTES / took / 1e9
    return f"all-reduce of 16 MiB over {world} ranks: {rate:.2f} GB/s a rank, through {_interface()}"


def _interface() -> str:
    """Name the interface of this machine's own address, which the process group connects through."""
    own = socket.gethostbyname(socket.gethostname())
    for _, name in socket.if_nameindex():
        if _address(name) == own:
            return f"{name} ({own})"
    return f"an interface at {own}"


def _address(interface: str) -> str:
    """Return the IPv4 address of an interface, or nothing."""
    request = struct.pack("256s", interface[:15].encode())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            packed = fcntl.ioctl(asked.fileno(), 0x8915, request)  # SIOCGIFADDR
        except OSError:  # it has none
            return ""
    return socket.inet_ntoa(packed[20:24])
