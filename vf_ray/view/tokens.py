"""An instance's tokens as a model of any family sees them; of its folder only the small files are fetched."""

import tempfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from vf_ray.artifacts import MODEL, Artifact
from vf_ray.errors import MendableError

if TYPE_CHECKING:
    from vf_ray.model.families.family import Encoder
    from vf_ray.model.inspect import Token

WEIGHTS = (".safetensors", ".bin", ".gguf")
KEPT = 4
"""Models whose tokenizer is in memory."""


@dataclass(frozen=True)
class TokenView:
    """A conversation as tokens, or why it cannot be shown so."""

    tokens: Sequence["Token"] = ()
    image_id: int = -1
    """The token that stands for a part of a picture."""
    trouble: str = ""

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many tokens there are, of pictures and trained among them."""
        return {
            "tokens": sum(token.count for token in self.tokens),
            "of pictures": sum(token.count for token in self.tokens if token.id == self.image_id),
            "trained": sum(token.trained for token in self.tokens),
        }


@dataclass
class Encoders:
    """The encoders of a store's models."""

    _kept: OrderedDict[str, tuple["tempfile.TemporaryDirectory[str]", "Encoder"]] = field(
        default_factory=OrderedDict
    )
    _lock: Lock = field(default_factory=Lock)

    def view(self, model: Artifact, row: Mapping[str, Any], images: Sequence[bytes]) -> TokenView:
        """Return what a model reads of an instance, and which tokens it is trained on."""
        from vf_ray.model.image_size import size_of
        from vf_ray.model.inspect import tokens

        with self._lock:  # a tokenizer has settings that one thread at a time may change
            try:
                encoder = self._of(model)
                texts = row["prompt"], row["response"], tuple(row["further"] or ())
                encoded = encoder.encode(*texts, images=list(map(size_of, images)))
                return TokenView(list(tokens(encoder, encoded)), encoder.image_id)
            except (MendableError, ValueError) as error:  # too long for it, or an image that is none
                return TokenView(trouble=str(error))

    def _of(self, model: Artifact) -> "Encoder":
        from vf_ray.model.families import encoder_of

        key = f"{model.address} {model.mark}"
        if key not in self._kept:
            folder = tempfile.TemporaryDirectory(prefix="vf-ray-")
            model.download(Path(folder.name), MODEL, without=WEIGHTS)
            self._kept[key] = folder, encoder_of(Path(folder.name) / MODEL)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key][1]
