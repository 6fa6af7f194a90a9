"""What families share of images: settings, decoding to RGB side by side, bytes as numbers for a tower."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import torch
from PIL import Image, ImageOps
from torch import Tensor

from vf_ray.errors import UserError
from vf_ray.model.tensors import read_json
from vf_ray.recipe.input_format import InputFormat
from vf_ray.shards.decode import UPRIGHT, orientation

T = TypeVar("T")
TOGETHER, ALONE = "processor_config.json", "preprocessor_config.json"


def image_settings(folder: Path) -> dict[str, Any]:
    """Return the settings of a folder's image processor, from whichever file transformers kept them in.

    Raises:
        UserError: if neither of the files is there.
    """
    return _settings(folder)[-1]


def bound_pixels(folder: Path, fewest: int, most: int) -> None:
    """Set how many pixels a folder's image processor leaves an image at least and at most; 0 sets none."""
    file, whole, settings = _settings(folder)
    size = settings.get("size", {})
    older = (settings.pop(name, None) for name in ("min_pixels", "max_pixels"))  # they would count before it
    edges = zip(("shortest_edge", "longest_edge"), (fewest, most), older, strict=True)
    settings["size"] = {edge: given or before or size[edge] for edge, given, before in edges}
    file.write_text(json.dumps(whole, indent=2) + "\n")


def change_settings(folder: Path, changes: Mapping[str, Any]) -> None:
    """Set keys of a folder's image processor."""
    file, whole, settings = _settings(folder)
    settings.update(changes)
    file.write_text(json.dumps(whole, indent=2) + "\n")


def _settings(folder: Path) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """Return the file with an image processor's settings, all that it holds, and of that the settings."""
    together = read_json(folder / TOGETHER) if (folder / TOGETHER).is_file() else {}
    if settings := together.get("image_processor"):
        return folder / TOGETHER, together, settings
    alone = read_json(folder / ALONE)
    return folder / ALONE, alone, alone


def each_decoded(images: Sequence[bytes], decode: Callable[[bytes], T], threads: int) -> list[T]:
    """Return what ``decode`` makes of each encoded image; more threads than one work side by side.

    Raises:
        ValueError: if an image cannot be decoded; the message holds its place.
    """

    def one(place: int) -> T:
        try:
            return decode(images[place])
        except (OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise UserError(f"picture {place} of {len(images)} cannot be decoded: {error}") from error

    if threads == 1:
        return list(map(one, range(len(images))))
    with ThreadPoolExecutor(threads, "images", torch.set_num_threads, (1,)) as pool:  # each computes alone
        return list(pool.map(one, range(len(images))))


def rgb(encoded: bytes, input_format: InputFormat) -> Image.Image:
    """Return an encoded image as RGB; see ``shown``."""
    with Image.open(io.BytesIO(encoded)) as opened:
        return shown(opened, input_format)


def shown(image: Image.Image, input_format: InputFormat) -> Image.Image:
    """Decode an opened image to RGB, turned and laid on white where its model's input format says so."""
    if input_format.exif == "applied" and orientation(image) != UPRIGHT:
        image = ImageOps.exif_transpose(image)
    if input_format.alpha == "white" and image.has_transparency_data:
        clear = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
    image.load()
    return image if image.mode == "RGB" else image.convert("RGB")


def levels(raw: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Return (N, C, ...) bytes as float32, on any device the same to the bit as transformers' processors.

    They multiply by 1/255 in float64 and round; to divide by 255 in float32 rounds all 256 alike.
    """
    shape = (-1, *[1] * (raw.dim() - 2))
    scale, shift, spread = (
        torch.tensor(values, device=raw.device).view(shape) for values in ([255.0], mean, std)
    )
    return raw.to(torch.float32, memory_format=torch.contiguous_format).div_(scale).sub_(shift).div_(spread)
