"""A model's folder, taken as a whole or drawn fresh: for families that are not joined from parts."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch
from transformers import AutoConfig, GenerationConfig

from vf_ray.errors import require
from vf_ray.model.export import copy_encoder, save_model
from vf_ray.model.families.decoding import bound_pixels
from vf_ray.model.families.family import Dimensions, Family, Fetch
from vf_ray.model.families.kept import Activations, decoder_of
from vf_ray.model.seeded import drawn
from vf_ray.model.sizes import sizes_of
from vf_ray.model.tensors import CONFIG, Tensors, read_config, readable, weight_bytes
from vf_ray.model.whole import loaded_whole
from vf_ray.recipe import Base
from vf_ray.store.scratch import scratch
from vf_ray.types import IMAGE_MARK

USUAL = 640, 480
"""Width and height of an image as estimates count it: most photographs of COCO."""


@dataclass(frozen=True)
class Fresh:
    """What a fresh model is drawn by, and what turns conversations and images into its input."""

    config: Any
    processor: Any


@dataclass(frozen=True)
class PublishedProcessor:
    """A processor as the files that it is read from: transformers makes some only beside torchvision."""

    tokenizer: Any
    files: Mapping[str, Mapping[str, Any]]
    """Settings by the file's name."""

    def save_pretrained(self, out: Path) -> None:
        """Write them."""
        self.tokenizer.save_pretrained(out)
        for name, settings in self.files.items():
            (out / name).write_text(json.dumps(settings, indent=2) + "\n")


class WholeFamily(Family, Protocol):
    """A family that draws a fresh model as one whole, too."""

    roles: tuple[str, ...]
    """What the chat template writes before a turn, for a fresh tokenizer to know."""

    def fresh(self, base: Base, texts: Iterable[str]) -> Fresh: ...


@dataclass(frozen=True)
class AdoptedWhole:
    """What a recipe's base names, where that is a checkpoint or nothing."""

    family: WholeFamily
    base: Base
    fetch: Fetch

    @property
    def what(self) -> str:
        """Return its name for messages."""
        return f"base.checkpoint at {self.base.checkpoint}"

    def looks(self) -> Mapping[str, Callable[[], object]]:
        """Return, by the recipe's keys, what looks at it; of parts, what refuses them."""
        return {f"base.{part}": partial(self._look, part) for part in self.base.parts()}

    def require_fit(self) -> None:
        """Look at all of them.

        Raises:
            ValueError: naming the key, and what was expected.
        """
        for look in self.looks().values():
            look()

    def dimensions(self) -> Dimensions:
        """Count by the configuration; of a fresh model, by that which it will have."""
        with scratch("vf-ray-described-") as out:
            if self.base.checkpoint:
                folder = self.fetch(self.base.checkpoint)
                shutil.copyfile(folder / CONFIG, out / CONFIG)
                copy_encoder(folder, out)
            else:
                fresh = self.family.fresh(self.base, ())  # its tokenizer has learned nothing, and is small
                fresh.config.get_text_config().vocab_size = self.base.vocabulary
                fresh.config.save_pretrained(out)
                save_processor(fresh.processor, out)
            self.bound(out)
            counted = dimensions(self.family, out)
        if not self.base.checkpoint:
            return counted
        return replace(counted, weight_bytes=weight_bytes(self.fetch(self.base.checkpoint)))

    def bound(self, out: Path) -> None:
        """Set in a model's folder how many pixels its images have, where the recipe says so."""
        if self.base.min_pixels or self.base.max_pixels:
            bound_pixels(out, self.base.min_pixels, self.base.max_pixels)

    def texts(self, conversations: Iterable[Mapping[str, Any]]) -> Iterator[str]:
        """Yield conversations (``prompt``, ``response``, ``further``), and what stands before turns."""
        for conversation in conversations:
            yield from self.family.roles
            for text in (conversation["prompt"], conversation["response"], *(conversation["further"] or ())):
                yield text.replace(IMAGE_MARK, "")

    def _look(self, part: str) -> object:
        family, name = self.family, self.family.name
        require(part == "checkpoint", f"base.{part} is for LLaVA-1.5; a {name} is not joined from parts")
        # looked at without its values: files, conversations, names and shapes
        folder = self.fetch(self.base.checkpoint)
        Tensors.of(folder)  # none of its files is cut
        with readable(self.what):
            encoder = family.encoder(folder)
        return encoder, loaded_whole(self.what, _kind(family, folder), folder, device_map="meta")


def adopt(adopted: AdoptedWhole, out: Path) -> None:
    """Write a checkpoint that was looked at, its tensors by their published names, with its own processor.

    Raises:
        ValueError: if it is not whole, or the recipe wants of it what it has not.
    """
    adopted.require_fit()
    folder = adopted.fetch(adopted.base.checkpoint)
    kind = _kind(adopted.family, folder)
    save_model(loaded_whole(adopted.what, kind, folder, dtype="auto"), adopted.family, out)
    copy_encoder(folder, out)
    adopted.bound(out)


def draw(adopted: AdoptedWhole, texts: Iterable[str], out: Path, seed: int) -> None:
    """Write a fresh model by the seed alone.

    Raises:
        ValueError: if the recipe names parts.
    """
    adopted.require_fit()
    fresh = adopted.family.fresh(adopted.base, texts)
    # the model, by the seed and the family's name alone
    with drawn(seed, adopted.family.name):
        model = adopted.family.model_class(fresh.config.to_dict())(fresh.config)
    tokenizer = fresh.processor.tokenizer
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    save_model(model, adopted.family, out)
    save_processor(fresh.processor, out)
    adopted.bound(out)


def save_processor(processor: Any, out: Path) -> None:
    """Write it, its tokenizer under the name of a class that every version of transformers has."""
    processor.save_pretrained(out)
    file = out / "tokenizer_config.json"
    settings = json.loads(file.read_text()) | {"tokenizer_class": "PreTrainedTokenizerFast"}
    file.write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n")


def dimensions(family: Family, folder: Path) -> Dimensions:
    """Count the model of a folder by its configuration, without its weights."""
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    with torch.device("meta"):
        model = _kind(family, folder)(config)
    text, tokens = config.get_text_config(), family.encoder(folder).image_tokens(*USUAL)
    normed = any(name.endswith("q_norm") for name, _ in family.language_model(model).named_modules())
    activations = Activations(
        family.tower_keeps(config), family.projector_keeps(config), decoder_of(text, normed=normed)
    )
    return Dimensions(
        sizes=sizes_of(model, family), vocabulary=text.vocab_size, image_tokens=tokens,
        patches=family.patches(config, tokens, 1), kept=activations,
    )  # fmt: skip


def _kind(family: Family, folder: Path) -> type[Any]:
    return family.model_class(read_config(folder))
