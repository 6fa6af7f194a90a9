"""Conversations that cannot be trained on are refused by name; odd but usable ones are not."""

import pytest

from vf_ray.instances.checks import MOST_CHARACTERS, check
from vf_ray.types import Crop, Grid, ImageRef, Instance


def instance(
    prompt: str = "Name it.", answer: str = "cat", image: ImageRef = "a/1.jpg", options: tuple[str, ...] = (),
    key: str = "k", further: tuple[str, ...] = (),
) -> Instance:  # fmt: skip
    return Instance(
        task="invented/name", key=key, split="train", image=image, question="", options=options,
        answer=answer, prompt=prompt, response=answer, further=further,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (instance(answer=""), "answer empty"),
        (instance(answer=" \n"), "answer empty"),
        (instance(further=("Why?", "Whiskers.", "Sure?", " ")), "answer empty"),
        (instance(further=("And <image>?", "No.")), "text holds a special token"),
        (instance(further=("Why?", "x" * MOST_CHARACTERS)), "text too long"),
        (instance(further=("Why?", "\ud83d")), "text is not Unicode"),
        (instance(options=("cat", " ")), "option empty"),
        (instance(prompt="Look at <image> again."), "text holds a special token"),
        (instance(answer="cat</s>"), "text holds a special token"),
        (instance(answer="<unk>"), "text holds a special token"),
        (instance(answer="caf\ufffd"), "text holds what could not be decoded"),
        (instance(prompt="bell\x07"), "text holds a control character"),
        (instance(prompt="one\r\ntwo"), "text holds a control character"),
        (instance(answer="c\x85at"), "text holds a control character"),
        (instance(prompt="x" * (MOST_CHARACTERS + 1)), "text too long"),
        (instance(answer="\ud83d"), "text is not Unicode"),
        (instance(key="caf\udce9"), "text is not Unicode"),
        (instance(image="caf\udce9.jpg"), "text is not Unicode"),
        (instance(image=""), "picture not named"),
        (instance(image=Grid((), 2)), "picture not named"),
        (instance(image="../secret.jpg"), "picture path outside the tree"),
        (instance(image="a/../../secret.jpg"), "picture path outside the tree"),
        (instance(image="/etc/passwd"), "picture path outside the tree"),
        (instance(image="a\\..\\..\\b.jpg"), "picture path outside the tree"),
        (instance(image="C:\\b.jpg"), "picture path outside the tree"),
        (instance(image=Crop("..//b.jpg", (0, 0, 1, 1))), "picture path outside the tree"),
        (instance(image=Grid(("a.jpg", "../b.jpg"), 2)), "picture path outside the tree"),
    ],
)
def test_unusable_conversations_are_named(made: Instance, reason: str) -> None:
    found = check(made)
    assert found is not None
    assert (found.reason, found.key, found.task) == (reason, made.key, made.task)


@pytest.mark.parametrize(
    "made",
    [
        instance(),
        instance(further=("", "Whiskers.", "Sure?", "Yes.")),
        instance(prompt="He said: USER: hello ASSISTANT: hi ASSISTANT: and left."),
        instance(prompt="a\tb\nc", answer="3 < 5 and <b>bold</b>, 東京, \U0001f600"),
        instance(image="a..b/c.d/1.jpg"),
        instance(image=None),
        instance(image="train-images-idx3-ubyte!idx:17"),
    ],
)
def test_odd_ones_are_kept(made: Instance) -> None:
    assert check(made) is None
