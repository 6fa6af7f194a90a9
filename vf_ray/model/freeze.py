"""What a stage tunes: its named modules, the rest frozen."""

from collections.abc import Iterator, Sequence

from torch import nn

from vf_ray.errors import UserError
from vf_ray.recipe import MODULES
from vf_ray.recipe.strict import near

PLACES = {
    "vision_tower": ("model.vision_tower.",),
    "projector": ("model.multi_modal_projector.",),
    "language_model": ("model.language_model.", "lm_head."),
}
"""Where each module's parameters live in the model."""
MARK = "lora_"
"""What the names of adapters' weights hold."""


def tune(model: nn.Module, names: Sequence[str]) -> list[nn.Parameter]:
    """Let only the named modules learn; return their parameters in the model's order.

    Vision layers above the one LLaVA reads from can learn nothing and stay frozen. A language model
    with adapters learns through them alone.

    Raises:
        ValueError: for an unknown module.
    """
    for name in names:
        if name not in MODULES:
            raise UserError(f"no module {name!r} to tune; {near(name, MODULES)}")
    idle = {id(parameter) for parameter in _unread(model)}
    adapted = any(MARK in name for name, _ in model.named_parameters())
    for name, parameter in model.named_parameters():
        module = module_of(name)
        passed_by = adapted and module == "language_model" and MARK not in name
        parameter.requires_grad_(module in names and id(parameter) not in idle and not passed_by)
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def module_of(name: str) -> str:
    """Return the module that a parameter belongs to, by its name in the model."""
    return next(module for module, places in PLACES.items() if name.startswith(places))


def _unread(model: nn.Module) -> Iterator[nn.Parameter]:
    """Yield the vision tower's parameters that come after the selected layer."""
    tower = model.get_submodule("model.vision_tower")
    tower = getattr(tower, "vision_model", tower)
    layers = tower.get_submodule("encoder.layers")
    assert isinstance(layers, nn.ModuleList)
    # hidden_states[0] is what enters the first layer, so there is one more of them than layers.
    selected = model.config.vision_feature_layer % (len(layers) + 1)  # type: ignore[union-attr,operator]
    for layer in layers[selected:]:
        yield from layer.parameters()
    yield from tower.get_submodule("post_layernorm").parameters()
