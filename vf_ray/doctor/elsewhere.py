"""Would the models that a recipe asks over HTTP answer: the served ones with a picture, the judge without."""

import io
import time
from collections.abc import Iterator, Mapping
from typing import Any

from PIL import Image

from vf_ray.doctor.check import Check
from vf_ray.errors import MendableError
from vf_ray.eval.benchmark import Question
from vf_ray.eval.chat_model import ChatModel
from vf_ray.eval.served import KEY, body
from vf_ray.recipe import Evaluate
from vf_ray.recipe.strict import is_http

PATIENCE_S = 30.0
"""How long a first reply may take."""
TOKENS = 4
"""How long a reply may be; one that is cut off, be it in its thoughts, is a reply."""
SIDE = 32
"""Of the picture that a served model is shown."""
SHOWN = 9
"""Models of a server's list that are named."""


def models_elsewhere(asked: Evaluate) -> Iterator[Check]:
    """Check the served models and the judge of a recipe, with one small request each."""
    for one in asked.served:
        chat = ChatModel(url=one.url, model=one.model, key=KEY, tries=1, timeout_s=PATIENCE_S)
        yield _answers(f"model {one.name}", chat, body(_about_a_image()), "evaluate.served")
    if is_http(asked.judge):
        chat = ChatModel(url=asked.judge, model=asked.judge_model, tries=1, timeout_s=PATIENCE_S)
        request = {"messages": [{"role": "user", "content": "Say yes."}], "max_tokens": TOKENS}
        yield _answers("judge", chat, request, "evaluate.judge and evaluate.judge_model")


def _about_a_image() -> Question:
    return Question(id="doctor", prompt="Say yes.", image=_grey, max_new_tokens=TOKENS)


def _grey() -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE), "grey").save(sink, "PNG")
    return sink.getvalue()


def _answers(name: str, chat: ChatModel, request: Mapping[str, Any], keys: str) -> Check:
    """Ask for the list of models, then for a reply: what is not on the list may answer all the same."""
    lists = ""
    try:
        listed = chat.listed()
        if listed is not None and chat.model not in listed:
            lists = f"; it lists {', '.join(listed[:SHOWN]) or 'no model'}"
        begun = time.monotonic()
        (reply,) = chat.replies([request])
        speed = f"{chat.model} at {chat.address} answers in {time.monotonic() - begun:.1f} s"
        replied = reply.text is not None or reply.cut
        error = "" if replied else f"{chat.model} at {chat.address}: {reply.error}"
    except MendableError as refused:
        error = str(refused)
    if error:
        return Check(name, False, error + lists, f"start the server, or correct {keys}")
    return Check(name, True, f"{speed}{lists and ', though it is not listed'}{lists}")
