"""Model families: one module for each, and nothing about a family anywhere else.

In: a checkpoint's folder, a model, or a recipe's base. Out: its ``Family``, which says how conversations and
images become tensors, what lies where in the model, and how it learns, answers, is assembled and saved.

Read in this order: family.py (what a family has to say), smolvlm.py and chat_family.py (one that says it,
with what most share), rendering.py (its conversations), llava15.py (one that is assembled from parts).
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from vf_ray.errors import UserError, near, require
from vf_ray.extensions import loaded
from vf_ray.model.families.family import Encoder, Family, Fetch
from vf_ray.model.families.internvl import InternVl
from vf_ray.model.families.llava15 import Llava15
from vf_ray.model.families.llava_next import LlavaNext
from vf_ray.model.families.llava_onevision import LlavaOneVision
from vf_ray.model.families.qwen_vl import Qwen25Vl, QwenVl
from vf_ray.model.families.smolvlm import SmolVlm
from vf_ray.recipe import Base

FAMILIES: tuple[Family, ...] = (
    Llava15(), LlavaNext(), LlavaOneVision(), SmolVlm(), InternVl(), QwenVl(), Qwen25Vl(),
)  # fmt: skip
"""Those of vf-ray; the first is that of parts whose family a recipe does not name."""


@cache
def families() -> tuple[Family, ...]:
    """Return all there are: those of vf-ray, and each that a module of an extension calls ``FAMILY``.

    Raises:
        UserError: if two have one name.
    """
    by_name = {family.name: (family, __name__) for family in FAMILIES}
    for module in (module for module in loaded.modules("families") if hasattr(module, "FAMILY")):
        family, place = module.FAMILY, module.__name__
        first, where = by_name.setdefault(family.name, (family, place))
        require(first is family, f"family {family.name!r} is declared twice, in {where} and in {place}")
    return tuple(family for family, _ in by_name.values())


def family_of(folder: Path) -> Family:
    """Return the family of a checkpoint's folder, by its ``config.json``.

    Raises:
        UserError: if there is none, or no family knows it.
    """
    from vf_ray.model.tensors import read_config

    return of_config(read_config(folder), str(folder))


def family_of_model(model: Any) -> Family:
    """Return the family of a model that is loaded."""
    return of_config(model.config.to_dict(), type(model).__name__)


def family_of_base(base: Base, fetch: Fetch) -> Family:
    """Return the family of a recipe's base: its checkpoint's, else the one it names for its parts.

    Raises:
        UserError: if no family knows the checkpoint, or has the name.
    """
    if base.checkpoint:
        return family_of(fetch(base.checkpoint))
    named = {family.name: family for family in families()}
    require(
        not base.family or base.family in named, f"base.family is {base.family!r}; {near(base.family, named)}"
    )
    return named[base.family] if base.family else FAMILIES[0]


def encoder_of(
    folder: Path,
    max_length: int | None = None,
    template: str = "chat",
    too_long: Literal["reject", "cut"] = "reject",
) -> Encoder:
    """Read the encoder of a saved model's folder, whatever its family; see ``Family.encoder``."""
    return family_of(folder).encoder(folder, max_length, template, too_long)


def of_config(config: Mapping[str, Any], what: str) -> Family:
    """Return the family whose configuration this is.

    Raises:
        UserError: naming those there are, and what would be one more.
    """
    for family in families():
        if family.recognises(config):
            return family
    raise UserError(
        f"{what} is of type {config.get('model_type')!r}, which no model family knows; there are "
        f"{', '.join(family.name for family in families())}. Name a checkpoint of one of them, or write one "
        "more: a module in vf_ray/model/families whose class is a Family (family.py), listed in FAMILIES; or "
        "in an extension, there called FAMILY"
    )
