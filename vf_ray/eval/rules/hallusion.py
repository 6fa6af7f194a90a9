"""What HallusionBench's wrong answers tell: bias, consistency, and whether language or vision is to blame.

Source: tianyi-lab/HallusionBench ``utils.py``, and the paper's table of analyses (arXiv 2310.14566): an
answer is held against the one to the same question about the original picture (figure 0), or without
one. The official script asks its judge again whether both answers say the same; of yes and no the
verdicts tell that already, so nobody is asked here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vf_ray.eval.benchmark import Figure, Item, Question
from vf_ray.eval.statistics import bootstrap, proportion, share

CORRECT, INCORRECT, UNCLEAR = "correct", "incorrect", "unclear"
GroupOf = Callable[[Question], tuple[str, ...]]
MarkedQuestions = Sequence[tuple[Question, Item]]
Blame = tuple[bool, bool]
"""Whether language, and whether vision, is to blame; neither: the answer is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlace:
    """Where a question stands among those it is held against."""

    figure: str
    """``0`` is the original, or no figure."""
    altered: bool
    by_question: tuple[str, ...]
    by_figure: tuple[str, ...]
    details: str = ""
    """The right answer in full."""


def by_question(question: Question) -> tuple[str, ...]:
    """Return what is asked, of whichever figure: category, subcategory, set and question."""
    place: ControlPlace = question.meta
    return place.by_question


def by_figure(question: Question) -> tuple[str, ...]:
    """Return of which figure, whatever is asked: category, subcategory, set and figure."""
    place: ControlPlace = question.meta
    return place.by_figure


def is_bare(question: Question) -> bool:
    """Tell whether a question that no picture is needed for was asked without one."""
    return question.id.startswith("VS/") and question.meta.figure == "0"


def diagnosis(pairs: MarkedQuestions) -> dict[str, dict[str, dict[str, Figure]]]:
    """Return a table for each test; missing answers are left out of the bias and of the causes."""
    answered = [(question, item) for question, item in pairs if item.answer is not None]
    easy, hard = ([pair for pair in pairs if pair[0].meta.altered is altered] for altered in (False, True))
    tests = {
        ("difficulties", "aAcc by question %"): {
            "easy": all_right(easy, by_question),
            "hard": all_right(hard, by_question),
        },
        ("figures", "figures %"): _consistency(pairs),
        ("biases", "answers %"): _bias(answered),
        ("causes", "wrong answers %"): _causes(answered),
    }
    return {
        table: {row: {column: figure.times(100)} for row, figure in rows.items()}
        for (table, column), rows in tests.items()
    }


def all_right(pairs: MarkedQuestions, group: GroupOf) -> Figure:
    """Return the share of groups in which every item is right."""
    groups = _groups(pairs, group)
    return proportion([min(values) for values in groups.values()], _sets(groups))


def _groups(pairs: MarkedQuestions, group: GroupOf) -> dict[tuple[str, ...], list[float]]:
    groups: dict[tuple[str, ...], list[float]] = {}
    for question, item in pairs:
        groups.setdefault(group(question), []).append(item.value)
    return groups


def _sets(names: Mapping[tuple[str, ...], object] | Sequence[tuple[str, ...]]) -> list[str]:
    """Return what is resampled together: category, subcategory and set."""
    return ["/".join(name[:3]) for name in names]


def _consistency(pairs: MarkedQuestions) -> dict[str, Figure]:
    """Return how many figures have all their questions right, some, or none."""
    groups = _groups([(question, item) for question, item in pairs if not is_bare(question)], by_figure)
    right = [(min(values) == 1, max(values) == 0) for values in groups.values()]
    rows = {
        "all right": [float(every) for every, _ in right],
        "inconsistent": [float(not every and not none) for every, none in right],
        "all wrong": [float(none) for _, none in right],
    }
    return {name: proportion(values, _sets(groups)) for name, values in rows.items()}


def _bias(pairs: MarkedQuestions) -> dict[str, Figure]:
    """Return how much oftener yes is said than true, and the share that says yes of wrong answers.

    As officially, whatever is not right counts as the opposite of the truth.
    """
    names = _sets([by_question(question) for question, _ in pairs])
    wrong = [(question, item) for question, item in pairs if not item.value]
    beyond = [(float(item.value == (item.gold == "yes")) - (item.gold == "yes"), 1.0) for _, item in pairs]
    false = [float(item.gold == "no") for _, item in wrong]
    return {
        "yes beyond the truth": bootstrap(beyond, names, share),
        "yes among wrong answers": proportion(false, _sets([by_question(q) for q, _ in wrong])),
    }


def _causes(pairs: MarkedQuestions) -> dict[str, Figure]:
    blamed = list(_blames(pairs))
    names = [name for name, _ in blamed]
    kinds = {
        "language hallucination": (True, False),
        "visual illusion": (False, True),
        "mixed": (True, True),
    }
    return {
        kind: proportion([float(blame == which) for _, blame in blamed], names)
        for kind, which in kinds.items()
    }


def _blames(pairs: MarkedQuestions) -> Iterator[tuple[str, Blame]]:
    """Yield set and blame of each answer that is to blame and can be held against the original's."""
    first = {by_question(question): item for question, item in pairs if question.meta.figure == "0"}
    for question, item in pairs:
        name = by_question(question)
        if name in first and any(causes := blame(question, item, first[name])):
            yield "/".join(name[:3]), causes


def blame(question: Question, item: Item, first: Item) -> Blame:
    """Return what is to blame for an answer, given the one about the original picture or without one."""
    if item.parsed == CORRECT:
        return False, False
    certain, original = item.parsed == INCORRECT, question.meta.figure == "0"
    same = certain and _said(item) == _said(first)
    if question.id.startswith("VD/"):
        return not original and first.parsed == CORRECT and same, True
    if original:
        return certain, False
    if first.parsed == INCORRECT:
        return True, not same
    misled = first.parsed == CORRECT and question.meta.altered and same
    return misled, not misled


def _said(item: Item) -> str:
    """Return the yes or no of an answer as its verdict tells it; nothing for an unclear one."""
    other = {"yes": "no", "no": "yes"}
    return {CORRECT: item.gold, INCORRECT: other[item.gold]}.get(item.parsed, "")
