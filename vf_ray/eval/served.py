"""A model served elsewhere as an engine: vLLM's server, or anything OpenAI-compatible.

The server's chat template makes the prompt of a question, and its processor the pixels; for LLaVA-1.5's
figures both must be LLaVA-1.5's, which a checkpoint saved by vf-ray brings along.
"""

import base64
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from vf_ray.errors import UserError
from vf_ray.eval.benchmark import Answered, Question
from vf_ray.eval.chat_model import ChatModel
from vf_ray.eval.follow_up import said_before
from vf_ray.recipe import Served
from vf_ray.types import IMAGE_MARK

KEY = "VF_RAY_SERVED_API_KEY"
"""Environment variable with the server's key; another one than the judge's, whom it does not concern."""
NOTE = "prompt and pixels are made by the server that answered, {}, with its own chat template and processor"
FORMATS = ("JPEG", "PNG")
"""What every server decodes; other pictures are sent as PNG."""


@dataclass(frozen=True)
class ServedModel:
    """A served model, asked greedily."""

    chat: ChatModel

    @classmethod
    def of(cls, served: Served) -> "ServedModel":
        """Return the model that a recipe names."""
        chat = ChatModel(
            url=served.url, model=served.model, key=KEY, at_once=served.at_once, timeout_s=served.timeout_s
        )
        return cls(chat)

    @property
    def name(self) -> str:
        """Return who is asked, for messages."""
        return f"{self.chat.model} at {self.chat.address}"

    def answers(self, questions: Sequence[Question], batch: int) -> Iterator[Answered]:
        """Yield an answer to each question, in order; one that has none has the reason.

        Raises:
            Unserved: if the server refuses everything, or cannot be reached.
            ValueError: if the address or the key cannot be used.
        """
        for start in range(0, len(questions), batch):
            chunk = questions[start : start + batch]
            for question, reply in zip(chunk, self.chat.replies([body(q) for q in chunk]), strict=True):
                yield Answered(question.id, reply.text or "", reply.error, reply.text is None, reply.how)


def body(question: Question) -> Mapping[str, Any]:
    """Return a question as a request.

    Raises:
        ValueError: if its picture cannot be decoded.
    """
    try:
        content = list(_messages(question))
    except ValueError as error:
        raise UserError(f"question {question.id}: {error}") from error
    return {"messages": content, "temperature": 0, "max_tokens": question.max_new_tokens}


def _messages(question: Question) -> Iterator[Mapping[str, Any]]:
    """Yield what was said before, and the question; the images stand in the first message."""
    first, *later = (*said_before(question), question.prompt)
    yield {"role": "user", "content": list(_parts(question, first))}
    for place, text in enumerate(later):
        yield {"role": "user" if place % 2 else "assistant", "content": text}


def _parts(question: Question, prompt: str) -> Iterator[Mapping[str, Any]]:
    """Yield the parts of a message: images where the prompt names them, the others before it."""
    images = [*([question.image] if question.image else ()), *question.later_images]
    first, *others = prompt.split(IMAGE_MARK)
    unnamed = len(images) - len(others)
    yield from map(_image_part, images[:unnamed])
    yield from _text_part(first, alone=not images)
    for image, text in zip(images[unnamed:], others, strict=True):
        yield _image_part(image)
        yield from _text_part(text)


def _image_part(image: Callable[[], bytes]) -> Mapping[str, Any]:
    return {"type": "image_url", "image_url": {"url": data_url(image())}}


def _text_part(text: str, *, alone: bool = False) -> Iterator[Mapping[str, Any]]:
    if text or alone:
        yield {"type": "text", "text": text}


def data_url(data: bytes) -> str:
    """Return a picture as a data URL, its bytes as they are where every server decodes them.

    Raises:
        ValueError: if it cannot be decoded.
    """
    try:
        with Image.open(io.BytesIO(data)) as opened:
            kind = opened.format
            if kind not in FORMATS:
                kind, data = "PNG", _png(opened)
    except (OSError, SyntaxError) as error:
        raise UserError(f"a picture of {len(data)} bytes cannot be decoded: {error}") from error
    return f"data:image/{kind.lower()};base64,{base64.b64encode(data).decode()}"


def _png(image: Image.Image) -> bytes:
    sink = io.BytesIO()
    image.convert("RGBA" if image.has_transparency_data else "RGB").save(sink, "PNG")
    return sink.getvalue()
