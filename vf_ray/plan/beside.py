"""What a report sets beside its run's own figures, which no step of the recipe makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vf_ray import artifacts
from vf_ray.artifacts import Spec
from vf_ray.plan import run_records
from vf_ray.plan.versions import CODE
from vf_ray.recipe import Recipe
from vf_ray.store import Store


@dataclass(frozen=True, kw_only=True)
class Others:
    """Finished artifacts of others than the run."""

    other_seeds: Mapping[str, int] = field(default_factory=dict)
    """Scores of the same recipe under other run seeds, by address."""
    ratings: Sequence[str] = ()
    """What people said of the run's answers."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return the addresses of all."""
        return (*self.other_seeds, *self.ratings)


NOTHING = Others()


def beside(store: Store, recipe: Recipe, raw: str, scores: str) -> Others:
    """Return what the store holds beside the run whose ``scores`` these are."""
    seeds = run_records.of_other_seeds(store, recipe, raw)
    there = artifacts.finished_among(store, seeds.keys() - {scores})
    rated = artifacts.find_versions(store, ratings_of(recipe.name, scores, ""))
    return Others(
        other_seeds={address: seed for address, seed in sorted(seeds.items()) if address in there},
        ratings=[one.address for one in rated if one.manifest["spec"]["inputs"] == {"scores": scores}],
    )


def ratings_of(recipe: str, scores: str, digest: str) -> Spec:
    """Return where what people said of a run's answers is kept, by the digest of it."""
    return Spec(
        kind="ratings",
        name=recipe,
        config={"figures": digest},
        inputs={"scores": scores},
        code=CODE["ratings"],
    )
