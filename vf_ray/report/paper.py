"""The paper's own figures (arXiv 2402.11690v1, Tables 2 and 4 to 7), only those that were read there.

Its BASE and CHAT start from Vicuna-13B; models of another size are shown beside them for orientation.
"""

from collections.abc import Mapping

FIGURES: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "mmbench": {"circular accuracy %": {"LLaVA 1.5": 66.7, "BASE": 69.8, "CHAT": 67.6}},
    "mme": {"perception": {"LLaVA 1.5": 1531.3, "BASE": 1537.8, "CHAT": 1490.6}},
    "mmmu": {"accuracy %": {"LLaVA 1.5": 33.6}},
    "llava-bench": {"relative score": {"LLaVA 1.5": 70.7, "BASE": 38.5, "CHAT": 78.3}},
    "mm-vet": {"total": {"LLaVA 1.5": 35.4, "CHAT": 38.0}},
    "pope": {"mean f1": {"LLaVA 1.5": 0.836, "BASE": 0.859, "CHAT": 0.861}},
    "cf": {"mean accuracy %": {"LLaVA 1.5": 73.3}},
}
"""Benchmark to headline figure to model."""
MODELS = ("LLaVA 1.5", "BASE", "CHAT")
NOTES: Mapping[str, str] = {
    "pope": "the paper gives one number for POPE without saying which; it is set beside mean F1",
    "mme": "the paper's MME is the perception sum",
    "cf": "the paper's CF is judged by Vicuna-1.5-13B, with a prompt and sample it does not publish",
}


def figure(benchmark: str, metric: str, model: str) -> float | None:
    """Return what the paper reports, or None."""
    return FIGURES.get(benchmark, {}).get(metric, {}).get(model)
