"""A model made ready to learn, by whatever its family says, and what its layers compute twice or compiled."""

from typing import Any

from vf_ray.model.families import family_of_model


def packed(model: Any) -> Any:
    """Turn a model, in place, into the form that learns from packs (see ``packed_model``)."""
    return family_of_model(model).learning(model)


def layers(model: Any) -> list[Any]:
    """Return the blocks of the language model."""
    return list(family_of_model(model).blocks(model, "language_model"))


def recompute(model: Any, share: float) -> None:
    """Let a share of the language model's layers, spread evenly, compute their activations again."""
    if share:
        name = "activation_checkpointing_enable"  # as transformers 5.24 calls it
        enable = getattr(model, name, None) or model.gradient_checkpointing_enable
        enable({"use_reentrant": False})
        # set for adapters under another kind of recomputation; a frozen tower would keep all, and be passed
        # by gradients
        model.disable_input_require_grads()
    blocks = layers(model)
    chosen = [int((i + 1) * share) > int(i * share) for i in range(len(blocks))]
    for layer, forgets in zip(blocks, chosen, strict=True):
        layer.gradient_checkpointing = forgets


def compile_parts(model: Any) -> None:
    """Compile what lies around attention in each layer: norms and the inner layer, for packs of any length.

    Attention itself is one kernel already, and its segments differ in every pack.
    """
    family = family_of_model(model)
    for layer in layers(model):
        for part in family.compiled(layer):
            part.compile(dynamic=True)
