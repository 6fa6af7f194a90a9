"""``vf-ray weights``: how far apart two models are, weight by weight."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vf_ray.cli.app import show, show_json
from vf_ray.cli.plans import StoreUrl

if TYPE_CHECKING:
    from vf_ray.model.stored_weights import StoredWeights
    from vf_ray.store import Store


def weights(
    first: Annotated[str, typer.Argument(help="A model: a folder, an address, or the newest of a step.")],
    second: Annotated[str, typer.Argument(help="The other one, e.g. stage1.")],
    module: Annotated[str, typer.Option(help="vision_tower, projector or language_model.")] = "projector",
    store: StoreUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object.")] = False,
) -> None:
    """Compare two models of one family: Pearson's r and distance of their weights, tensor by tensor."""
    from vf_ray.model.weight_change import weight_changes
    from vf_ray.page.tables import Table
    from vf_ray.store import Store

    opened = Store.open(store)
    changes = weight_changes(_weights(first, opened), _weights(second, opened), module)
    if as_json:
        show_json({name: asdict(change) for name, change in changes.items()})
        return
    rows = [
        [name, f"{one.values:,}", _written(one.pearson, 5), _written(one.distance and 100 * one.distance, 2)]
        for name, one in changes.items()
    ]
    caption = f"The {module}: {first} and {second}; distance: of the two, over the length of the first"
    show(Table(headers=("weights", "values", "Pearson r", "distance %"), rows=rows, caption=caption).text())


def _written(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _weights(name: str, store: "Store") -> "StoredWeights":
    """Return the weights that a person names.

    Raises:
        UserError: if it is neither a model's folder, nor an address, nor a step that has run.
    """
    from vf_ray import artifacts
    from vf_ray.model.stored_weights import StoredWeights
    from vf_ray.model.tensors import CONFIG
    from vf_ray.plan.named_models import address_of

    if (Path(name) / CONFIG).is_file():
        return StoredWeights.of_folder(Path(name))
    return StoredWeights.of(artifacts.load(store, address_of(name, store)))
