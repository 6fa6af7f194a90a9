"""Pictures and instances as JSON text, for files between the phases of a build."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from vf_ray.instances.chance import rank
from vf_ray.types import Boxed, Crop, Grid, ImageRef, Instance, OneImage, Several

_DRAWN: Mapping[str, Any] = {"crop": Crop, "boxed": Boxed, "grid": Grid}


def image_text(image: ImageRef) -> str:
    """Return one canonical text for a picture: equal pictures have equal texts."""
    if image is None or isinstance(image, str):
        return json.dumps(image)
    if isinstance(image, Several):
        return f"[{','.join(map(image_text, image.images))}]"
    kind = next(name for name, cls in _DRAWN.items() if isinstance(image, cls))
    return json.dumps({"draw": kind, **asdict(image)}, separators=(",", ":"))


def image_of(text: str) -> ImageRef:
    """Return the picture that ``image_text`` wrote down."""
    data = json.loads(text)
    return Several(tuple(map(_one_image, data))) if isinstance(data, list) else _one_image(data)


def refs_of(ref: str) -> list[str]:
    """Return the text of each picture that ``ref`` shows; where that is nothing, its own."""
    if not ref.startswith("["):
        return [ref]
    several = image_of(ref)
    assert isinstance(several, Several), f"{ref} is a list"
    return [image_text(one) for one in several.images]


def place(ref: str) -> int:
    """Return where the (first) picture of this text lies among those of its source: a rank."""
    return rank("image", refs_of(ref)[0])


def _one_image(data: Any) -> Any:
    if data is None or isinstance(data, str):
        return data
    return _DRAWN[data.pop("draw")](**{name: _tuples(value) for name, value in data.items()})


def instance_text(instance: Instance) -> str:
    """Return an instance as JSON."""
    values = {field.name: getattr(instance, field.name) for field in fields(instance)}
    return json.dumps(list({**values, "image": image_text(instance.image)}.values()))


def instance_of(text: str) -> Instance:
    """Return the instance that ``instance_text`` wrote down."""
    values = {
        field.name: _tuples(value) for field, value in zip(fields(Instance), json.loads(text), strict=True)
    }
    return Instance(**{**values, "image": image_of(values["image"])})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def each_of(image: ImageRef) -> tuple[OneImage, ...]:
    """Return the pictures that are shown one by one."""
    if image is None:
        return ()
    return image.images if isinstance(image, Several) else (image,)


def paths_of(image: ImageRef) -> tuple[str, ...]:
    """Return the paths of the raw pictures that ``image`` is drawn from."""
    return tuple(path for one in each_of(image) for path in _drawn_from(one))


def _drawn_from(image: OneImage) -> tuple[str, ...]:
    if isinstance(image, str):
        return (image,)
    return image.paths if isinstance(image, Grid) else (image.path,)
