"""Rounds: exactly the pictures that are needed are looked at, whatever turns out bad."""

import json

from hypothesis import given
from hypothesis import strategies as st

from vf_ray.instances.refs import place
from vf_ray.shards.next_images import Queue, next_round, shards

refs = st.lists(st.integers(0, 30).map(str), max_size=40)


def finish(queues: list[Queue], bad: set[str], cap: int) -> tuple[dict[str, bool], bool]:
    """Look at pictures round by round; return the verdicts, and whether candidates ran out."""
    usable: dict[str, bool] = {}
    while (due := next_round(queues, usable, cap)).refs:
        assert not set(due.refs) & set(usable)
        usable |= {ref: ref not in bad for ref in due.refs}
    return usable, due.short


@given(st.lists(refs, max_size=4), st.sets(st.integers(0, 30).map(str)), st.integers(1, 20), st.booleans())
def test_a_task_gets_its_first_usable_candidates_and_nothing_more_is_looked_at(
    lists: list[list[str]], bad: set[str], cap: int, more: bool
) -> None:
    usable, short = finish([Queue(queue, more, ceiling=1.0) for queue in lists], bad, cap)
    needed: set[str] = set()
    for queue in lists:
        good = [n for n, ref in enumerate(queue) if ref not in bad][:cap]
        needed |= set(queue[: good[-1] + 1] if len(good) == cap else queue)
    assert set(usable) == needed
    assert short == (more and any(sum(ref not in bad for ref in queue) < cap for queue in lists))


def test_a_task_that_will_be_refused_costs_no_further_images() -> None:
    queue = Queue([str(n) for n in range(200)], more=True, ceiling=0.2)
    usable, short = finish([queue], bad=set(queue.refs), cap=60)
    assert set(usable) == set(queue.refs[:60])
    assert not short


def test_a_task_of_a_few_candidates_is_not_given_up_by_their_share() -> None:
    queue = Queue([str(n) for n in range(100)], more=False, ceiling=0.2)
    usable, _ = finish([queue], bad=set(queue.refs[:90]), cap=10)
    assert set(usable) == set(queue.refs)


@given(st.sets(st.text()), st.integers(1, 9))
def test_shards_are_cut_from_the_order_of_places(names: set[str], size: int) -> None:
    refs = [json.dumps(name) for name in names]
    due = next_round([Queue(refs, more=False, ceiling=1.0)], {}, cap=len(refs) + 1)
    assert [ref for part in shards(due.refs, size) for ref in part] == sorted(refs, key=place)
    assert all(len(part) == size for part in shards(due.refs, size)[:-1])
