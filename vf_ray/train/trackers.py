"""Where a run's figures go beside the store, when asked: TensorBoard, MLflow, Weights & Biases.

Each is imported only when asked for and configured by its own variables (``MLFLOW_TRACKING_URI``,
``WANDB_PROJECT``, ``WANDB_MODE`` ...); TensorBoard's files go below ``VF_RAY_TENSORBOARD`` on the machine of
the first rank, by default ``~/.vf-ray/tensorboard``: a worker's own folder is Ray's, and goes with it.
"""

import importlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from vf_ray.errors import UserError

FOLDER = "VF_RAY_TENSORBOARD"
_ODD = re.compile(r"[^\w/ .:-]")
"""What MLflow takes in no name, such as the sign of per cent."""
PACKAGES = {"tensorboard": "tensorboardX", "mlflow": "mlflow", "wandb": "wandb"}


class Tracker(Protocol):
    """Takes the figures of each step."""

    def log(self, step: int, values: Mapping[str, float]) -> None: ...
    def close(self) -> None: ...


def trackers(names: Sequence[str], run: str, config: Mapping[str, Any]) -> list[Tracker]:
    """Open the trackers that are asked for.

    Raises:
        ValueError: if the package of one is not installed.
    """
    kinds: Mapping[str, Callable[[Any, str, Mapping[str, Any]], Tracker]]
    kinds = {"tensorboard": _TensorBoard, "mlflow": _Mlflow, "wandb": _Wandb}
    return [kinds[name](_package(name), run, config) for name in names]


def _package(name: str) -> Any:
    try:
        return importlib.import_module(PACKAGES[name])
    except ImportError as error:
        raise UserError(
            f"resources.track names {name!r}, whose package is not installed: pip install {PACKAGES[name]}"
        ) from error


class _TensorBoard:
    def __init__(self, package: Any, run: str, config: Mapping[str, Any]) -> None:
        default = Path.home() / ".vf-ray" / "tensorboard"
        folder = Path(os.environ.get(FOLDER) or default).expanduser() / run
        self._writer = package.SummaryWriter(str(folder))
        self._writer.add_text(
            "configuration", "\n".join(f"- {key}: {value}" for key, value in config.items())
        )

    def log(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        self._writer.close()


class _Mlflow:
    def __init__(self, package: Any, run: str, config: Mapping[str, Any]) -> None:
        self._mlflow = package
        package.set_experiment(os.environ.get("MLFLOW_EXPERIMENT_NAME", "vf-ray"))
        package.start_run(run_name=run)
        package.log_params({key: str(value)[:500] for key, value in config.items()})

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self._mlflow.log_metrics({_ODD.sub("", name).strip(): one for name, one in values.items()}, step=step)

    def close(self) -> None:
        self._mlflow.end_run()


class _Wandb:
    def __init__(self, package: Any, run: str, config: Mapping[str, Any]) -> None:
        project = os.environ.get("WANDB_PROJECT", "vf-ray")
        self._run = package.init(project=project, name=run, config=dict(config))

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        self._run.finish()
