"""Pictures and instances survive being written down."""

from hypothesis import given
from hypothesis import strategies as st

from vf_ray.instances.refs import image_of, image_text, instance_of, instance_text
from vf_ray.types import Boxed, Crop, Grid, ImageRef, Instance

paths = st.text(min_size=1, max_size=8)
boxes = st.tuples(*[st.floats(-5, 5, allow_nan=False)] * 4)
images = st.one_of(
    st.none(),
    paths,
    st.builds(Crop, paths, boxes),
    st.builds(Boxed, paths, st.lists(boxes, max_size=2).map(tuple)),
    st.builds(
        Grid,
        st.lists(paths, max_size=3).map(tuple),
        st.integers(1, 3),
        st.lists(paths, max_size=3).map(tuple),
    ),
)
words = st.text(max_size=8)
instances = st.builds(
    Instance, task=words, key=words, split=words, image=images, question=words,
    options=st.lists(words, max_size=3).map(tuple), answer=words, prompt=words, response=words,
    further=st.lists(words, max_size=4).map(tuple),
)  # fmt: skip


@given(images, images)
def test_images_come_back_and_keep_apart(one: ImageRef, other: ImageRef) -> None:
    assert image_of(image_text(one)) == one
    assert (image_text(one) == image_text(other)) == (one == other)


@given(instances)
def test_instances_come_back(instance: Instance) -> None:
    assert instance_of(instance_text(instance)) == instance
