"""The key of a sheet, and the files that raters sent back."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from vf_ray.errors import MissingError, UserError
from vf_ray.rate.sheet import Trial, TrialKind

KEY = "key.json"
RATINGS = "ratings-*.json"
Preferred = Literal["left", "right", "tie"]
VERDICTS: tuple[str, ...] = get_args(Preferred)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """One verdict of one rater, with the models that the key says were shown."""

    rater: str
    item: str
    kind: TrialKind
    first: str
    second: str
    """The models in alphabetical order; of a gold item its good side is the first."""
    preferred: float
    """1: the first, 0: the second, 1/2: a tie."""


def write_key(folder: Path, sheets: Mapping[str, Sequence[Trial]]) -> None:
    """Write which models stood on which side, for each rater; readable by its owner alone.

    A page names its comparisons by number only, so that no rater can tell a repeat by its name.
    """
    hidden = {
        rater: [{**_hidden(trial), "id": str(number)} for number, trial in enumerate(shown, start=1)]
        for rater, shown in sheets.items()
    }
    path = folder / KEY
    path.touch(mode=0o600)
    path.write_text(json.dumps(hidden, indent=1, ensure_ascii=False), encoding="utf-8")


def _hidden(trial: Trial) -> dict[str, str]:
    keys = ("item", "left_model", "right_model", "kind")
    return {name: value for name, value in asdict(trial).items() if name in keys}


def read_ratings(folder: Path) -> list[Rating]:
    """Return every verdict of every file of ratings in a sheet's folder, or in ``ratings/`` below it.

    Raises:
        MissingError: without a key, or without ratings.
        UserError: for a file of another sheet, or one that is damaged; a rater may have one file only.
    """
    if not (folder / KEY).is_file():
        raise MissingError(f"{folder} holds no {KEY}; expected the folder that `vf-ray rate sheet` wrote")
    key = json.loads((folder / KEY).read_text(encoding="utf-8"))
    paths = sorted((*folder.glob(RATINGS), *folder.glob(f"ratings/{RATINGS}")))
    if not paths:
        raise MissingError(f"{folder} holds no {RATINGS}; put the files that the raters saved there")
    ratings: dict[str, list[Rating]] = {}
    for path in paths:
        rater, rated = _file(path, key)
        if rater in ratings:
            raise UserError(f"{path.name} holds ratings of {rater}, and so does another file; keep one")
        ratings[rater] = rated
    return [rating for rated in ratings.values() for rating in rated]


def _file(path: Path, key: Mapping[str, Sequence[Mapping[str, str]]]) -> tuple[str, list[Rating]]:
    try:
        saved: Any = json.loads(path.read_text(encoding="utf-8"))
        rater, verdicts = str(saved["rater"]), dict(saved["verdicts"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path.name} is no file of ratings ({error}); have it saved again") from error
    if rater not in key:
        raise UserError(
            f"{path.name} is of rater {rater!r}, whom the key does not know; is it another sheet's?"
        )
    shown = {trial["id"]: trial for trial in key[rater]}
    if strange := [identity for identity in verdicts if identity not in shown]:
        raise UserError(
            f"{path.name} rates {strange[0]!r}, which the key does not show; is it another sheet's?"
        )
    return rater, list(_rated(rater, verdicts, shown, path.name))


def _rated(
    rater: str, verdicts: Mapping[str, str], shown: Mapping[str, Mapping[str, str]], name: str
) -> Iterator[Rating]:
    for identity, verdict in verdicts.items():
        if verdict not in VERDICTS:
            raise UserError(f"{name} says {verdict!r} of {identity!r}; expected {', '.join(VERDICTS)}")
        trial = shown[identity]
        left, right = trial["left_model"], trial["right_model"]
        first, second = ("good", "bad") if trial["kind"] == "gold" else sorted((left, right))
        value = 0.5 if verdict == "tie" else float((verdict == "left") == (left == first))
        kind: Any = trial["kind"]
        yield Rating(rater=rater, item=trial["item"], kind=kind, first=first, second=second, preferred=value)
