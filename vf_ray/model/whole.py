"""A model in a folder, taken only if its files hold what its configuration describes, tensor by tensor.

transformers draws a weight that is missing and leaves out one too many; neither stops it.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from transformers.utils.logging import disable_progress_bar

from vf_ray.errors import UserError
from vf_ray.model.tensors import Shape, Tensors, few, read_json, readable, require_finite

COMPUTED = re.compile(r"(^|\.)(position_ids|inv_freq|original_inv_freq|rope_freqs\.weight)$")
"""Tensors that some files hold and every model computes for itself."""
CONFIG = "its configuration describes"
"""Whose tensors a model's are to be, unless something else is said."""
GENERATION, ADAPTERS = "generation_config.json", "adapter_config.json"
HEAD, TABLE = "lm_head.weight", "embed_tokens.weight"


@dataclass(frozen=True)
class Whole:
    """What a configuration describes, and the tensors that are to be it."""

    what: str
    """For messages: the recipe's key and the folder."""
    kind: type[Any]
    """Class of transformers."""
    config: Any
    tensors: Tensors
    canonical: Callable[[str], str] = str
    """Gives a tensor in a file and its like in the model the same name."""
    beside: re.Pattern[str] | None = None
    """Names, in files, of what belongs to other parts of a larger model."""

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Return the file's name of each of the model's tensors; a tied head has none.

        Raises:
            ValueError: naming what is missing, too many or of another shape.
        """
        with readable(self.what):
            expected = described(self.kind, self.config)
        # names as the file has them, and as the class does, by what both mean
        held = self.tensors.without(self.beside) if self.beside else self.tensors
        stored = [name for name in held.shapes if not COMPUTED.search(name)]
        by_canonical = renamed(self.what, stored, self.canonical)
        ours = {self.canonical(name): name for name in expected}
        require_same(
            self.what,
            {name: expected[mine] for name, mine in ours.items()},
            {name: held.shapes[theirs] for name, theirs in by_canonical.items()},
            optional=[name for name in ours if self._tied and name.endswith(HEAD)],
        )
        return {mine: by_canonical[name] for name, mine in ours.items() if name in by_canonical}

    def read(self) -> Any:
        """Return the model.

        Raises:
            ValueError: as ``names``; or if a value is no number, or a head said to be tied is another one.
        """
        values = self.tensors.read(self.names.values())
        named = {mine: values[theirs] for mine, theirs in self.names.items()}
        self._require_tied(named)
        disable_progress_bar()
        model, loaded = self.kind.from_pretrained(
            None, config=self.config, state_dict=named, dtype="auto", output_loading_info=True
        )
        odd = {kind: sorted(keys) for kind, keys in loaded.items() if keys}
        assert not odd, f"{self.what}: transformers would not take {odd}"
        return model

    @property
    def _tied(self) -> bool:
        return bool(getattr(self.config, "tie_word_embeddings", False))

    def _require_tied(self, named: Mapping[str, Any]) -> None:
        """Refuse a head of its own where the configuration says that there is none."""
        heads = [tensor for name, tensor in named.items() if self._tied and name.endswith(HEAD)]
        tables = [tensor for name, tensor in named.items() if name.endswith(TABLE)]
        if heads and not torch.equal(heads[0], tables[0]):
            raise UserError(
                f"{self.what}: config.json says tie_word_embeddings, but its {HEAD} is not its {TABLE}; "
                "correct config.json, or take the head out"
            )


def loaded_whole(what: str, kind: type[Any], folder: Path, **options: Any) -> Any:
    """Return the model that transformers loads from a folder: a judge of any kind, or one that we saved.

    transformers knows how each kind's files name its tensors; what it missed or left out is asked of it.
    With ``device_map="meta"`` all but the values is looked at, and none is read.

    Raises:
        UserError: if a weight is missing, too many, of another shape or no number.
    """
    _require_plain(folder)
    disable_progress_bar()  # a bar per worker would bury the run's own
    # transformers draws what is missing and goes on: it says so, and nothing else does
    with readable(what):
        model, info = kind.from_pretrained(
            folder, local_files_only=True, weights_only=True, trust_remote_code=False,
            ignore_mismatched_sizes=True, output_loading_info=True, **options,
        )  # fmt: skip
    shapes = [
        f"{name} {tuple(stored)} for {tuple(expected)}" for name, stored, expected in info["mismatched_keys"]
    ]
    unexpected = [name for name in info["unexpected_keys"] if not COMPUTED.search(name)]
    _refuse(
        what, {"missing": info["missing_keys"], "unexpected": unexpected, "of another shape": shapes}, CONFIG
    )
    # a model that is only looked at has no values
    require_finite(what, {name: value for name, value in model.named_parameters() if not value.is_meta})
    return model.eval()


def _require_plain(folder: Path) -> None:
    """Refuse what transformers passes over, or follows to another model, without a word.

    Raises:
        UserError: if the settings of generation are no JSON, or adapters lie there.
    """
    if (folder / GENERATION).is_file():
        read_json(folder / GENERATION)
    if (folder / ADAPTERS).is_file():
        raise UserError(
            f"{folder} holds {ADAPTERS}, for which transformers would load another model, its base: "
            f"merge the adapters into that (peft's merge_and_unload); if this is it, take {ADAPTERS} out"
        )


def described(kind: type[Any], config: Any) -> dict[str, Shape]:
    """Return names and shapes of the tensors that a configuration describes."""
    with torch.device("meta"):
        model = kind(config)
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def renamed(what: str, names: Iterable[str], canonical: Callable[[str], str]) -> dict[str, str]:
    """Return names by what they are called elsewhere.

    Raises:
        ValueError: if two of them are one there.
    """
    by_canonical: dict[str, str] = {}
    for name in names:
        other = by_canonical.setdefault(canonical(name), name)
        if other != name:
            raise UserError(f"{what} holds one tensor twice, as {other} and {name}")
    return by_canonical


def require_same(
    what: str,
    expected: Mapping[str, Shape],
    actual: Mapping[str, Shape],
    *,
    optional: Collection[str] = (),
    purpose: str = CONFIG,
) -> None:
    """Refuse tensors that are not those expected, for what ``purpose`` says.

    Raises:
        ValueError: naming what is missing, unexpected or of another shape.
    """
    missing = expected.keys() - actual.keys() - set(optional)
    unexpected = actual.keys() - expected.keys()
    shapes = [
        f"{name} {actual[name]} for {expected[name]}"
        for name in expected.keys() & actual.keys()
        if actual[name] != expected[name]
    ]
    _refuse(what, {"missing": missing, "unexpected": unexpected, "of another shape": shapes}, purpose)


def _refuse(what: str, odd: Mapping[str, Collection[str]], purpose: str) -> None:
    listed = "; ".join(f"{len(names)} {kind}: {few(names)}" for kind, names in odd.items() if names)
    if listed:
        raise UserError(f"{what}: its weights are not those that {purpose}: {listed}")
