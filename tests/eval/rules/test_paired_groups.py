from hypothesis import given
from hypothesis import strategies as st

from vf_ray.eval.benchmark import Item
from vf_ray.eval.rules.paired_groups import all_right

ITEMS = st.lists(
    st.builds(
        lambda number, right: Item(
            id=str(number), answer="", parsed="", gold="yes", value=float(right), cluster=f"c{number % 2}"
        ),
        st.integers(0, 20),
        st.booleans(),
    ),
    unique_by=lambda item: item.id,
)  # fmt: skip


@given(ITEMS)
def test_a_group_is_as_right_as_its_least_right_member(items: list[Item]) -> None:
    def group(item: Item) -> str:
        return str(int(item.id) // 3)

    groups = all_right(items, group)
    members = {one.id: [item for item in items if group(item) == one.id] for one in groups}
    assert sum(map(len, members.values())) == len(items)
    assert all(one.value == all(item.value for item in members[one.id]) for one in groups)
    assert all(one.cluster == one.id for one in groups)
    clustered = all_right(items, group, cluster=lambda first: first.cluster)
    assert [one.cluster for one in clustered] == [members[one.id][0].cluster for one in groups]
