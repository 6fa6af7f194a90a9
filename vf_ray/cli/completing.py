"""What a shell completes beside verbs and options: recipes, tasks and benchmarks by name."""

from collections.abc import Iterable


def recipes(incomplete: str) -> list[str]:
    """Return the recipes whose names begin so."""
    from vf_ray.recipe.load import recipe_names

    return _begun(incomplete, recipe_names())


def tasks(incomplete: str) -> list[str]:
    """Return the tasks whose ids begin so."""
    from vf_ray.tasks import catalogue

    return _begun(incomplete, catalogue())


def benchmarks(incomplete: str) -> list[str]:
    """Return the benchmarks whose names begin so."""
    from vf_ray.eval.benchmarks import catalogue

    return _begun(incomplete, catalogue())


def _begun(incomplete: str, names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))
