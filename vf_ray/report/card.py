"""A card to lie beside a published model: what it is made of, what it scored, what its data allow."""

from collections import Counter

from vf_ray.report import names
from vf_ray.report.gather import Findings
from vf_ray.report.sections import headline


def card(found: Findings) -> str:
    """Return the card in Markdown."""
    licences = Counter(b.licence for b in found.built)
    listed = ", ".join(f"{name} ({count} tasks)" for name, count in sorted(licences.items()))
    stages = "; ".join(
        f"{names.STAGES.get(s.name, s.name)} tunes {' and '.join(s.tuned)} on {s.tasks} tasks, "
        f"{s.stats['samples']:,} samples in {s.stats['steps']:,} steps"
        for s in found.stages
    )
    parts = [
        f"# {found.recipe}, tuned with vf-ray\n",
        f"{found.about}\n" if found.about else "",
        f"**Training.** {stages}.\n" if stages else "",
        f"**Data.** {len(found.built)} tasks. Licences as recorded for the sources: {listed}. "
        "What a licence allows is for its holder to say.\n",
        "**Limits.** English, one picture, one turn. Scores are those of the tables below.\n",
        *(f"## {found.scores['benchmarks'][name]['title']}\n\n{headline(found, name).markdown()}"
          for name in found.scores["benchmarks"]),
        "## Artifacts\n",
        "\n".join(f"- {names.model(m)}: `{address}`" for m, address in found.scores["models"].items()) + "\n",
    ]  # fmt: skip
    return "\n".join(part for part in parts if part)
