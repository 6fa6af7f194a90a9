"""Options that say something else."""

from hypothesis import given
from hypothesis import strategies as st

from vf_ray.instances.distractors import apart

PHRASES = st.lists(
    st.lists(st.sampled_from(["the", "soup", "lentil", "cans", "can"]), min_size=1).map(" ".join)
)


def test_none_is_another_in_more_or_fewer_words() -> None:
    said = ["soup", "Lentil soup", "the soup.", "can of soup", "bread", "breads", "red"]
    assert list(apart(said)) == ["soup", "bread", "red"]
    assert list(apart(said, beside=["lentil soup"])) == ["can of soup", "bread", "red"]


@given(PHRASES)
def test_what_is_left_is_all_apart_and_all_else_is_not(phrases: list[str]) -> None:
    left = list(apart(phrases))
    assert list(apart(left)) == left and bool(left) == bool(phrases)
    assert all(list(apart([phrase], beside=left)) == [] for phrase in phrases)
