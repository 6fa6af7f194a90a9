"""When failures are counted, and when they end the asking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vf_ray.eval.benchmark import Unserved
from vf_ray.eval.unusable import FEWEST, require_some, stop_if_alike, tally

TOO_LONG = "status 400: you asked for {} tokens, request id {}a"


def test_reasons_that_differ_in_numbers_or_in_what_they_quote_are_one() -> None:
    reasons = [TOO_LONG.format(n, n * n) for n in range(5)]
    reasons += [f"cut off before it said anything: {word!r}" for word in ("a", "b")]
    reasons += [f"replies without a verdict, such as {word!r}" for word in ("it's", "c", "d")]
    found = tally(reasons, 20)
    assert str(found) == f"10 of 20 not usable: 5 times {TOO_LONG.format(0, 0)}"
    assert str(tally(reasons[5:7], 2)) == "2 of 2 not usable: cut off before it said anything: 'a'"
    assert tally([], 20) is None


@given(st.integers(0, 64), st.integers(1, 64))
def test_nearly_all_of_a_chunk_with_the_same_words_ends_it_and_few_never_do(failed: int, of: int) -> None:
    failed = min(failed, of)
    reasons = [f"status 403: quota {n}" for n in range(failed)]
    ends = failed >= FEWEST and failed >= 0.9 * of
    if ends:
        with pytest.raises(Unserved, match=rf"who: {failed} of {of} not usable: status 403: quota 0"):
            stop_if_alike("who", reasons, of)
    else:
        stop_if_alike("who", reasons, of)
    stop_if_alike("who", [f"reason {chr(97 + n % 26)} {'x' * n}" for n in range(failed)], of)


def test_a_figure_that_rests_on_nothing_is_none() -> None:
    for of in (1, 2, 100):
        with pytest.raises(Unserved, match=f"who: {of} of {of} not usable: gone"):
            require_some("who", ["gone"] * of, of)
        require_some("who", ["gone"] * (of - 1), of)
    require_some("who", ["gone"] * (FEWEST - 1), FEWEST - 1, beside=500)  # others carry it
    with pytest.raises(Unserved):
        require_some("who", ["gone"] * FEWEST, FEWEST, beside=500)
    require_some("who", [], 0)
