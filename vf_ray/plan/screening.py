"""What keeps the pictures of benchmarks out of training: their looks, and what of a source resembles them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vf_ray.artifacts import Spec
from vf_ray.plan.versions import CODE
from vf_ray.recipe import Prepare


@dataclass(frozen=True)
class Screening:
    """The artifacts between a source's images and its tasks' instances; none where nothing is kept out."""

    hashed: Mapping[str, Spec] = field(default_factory=dict)
    """The pictures of each benchmark."""
    matched: Mapping[str, Spec] = field(default_factory=dict)
    """The images of each source that equal or resemble one of them."""

    @classmethod
    def of(
        cls, prepare: Prepare, folders: Mapping[str, str], raw: str, images: Mapping[str, Spec]
    ) -> "Screening":
        """Return what ``prepare.decontaminate`` asks for.

        ``folders`` are fingerprints of benchmarks' folders; those that have none come with the ``raw`` files.
        """
        if not prepare.decontaminate:
            return cls()
        hashed = {}
        for name in prepare.decontaminate:
            config = {"largest_side": prepare.largest_side, "files": folders.get(name, "")}
            inputs = {} if name in folders else {"raw": raw}
            hashed[name] = Spec(kind="sought", name=name, config=config, inputs=inputs, code=CODE["sought"])
        known = {name: spec.address for name, spec in hashed.items()}
        matched = {
            source: Spec(
                kind="screened", name=source, config={}, inputs={"images": spec.address, **known},
                code=CODE["screened"],
            )
            for source, spec in images.items()
        }  # fmt: skip
        return cls(hashed, matched)
