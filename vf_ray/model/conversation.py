"""A conversation as the model reads it: token ids, and which of them are trained.

The text is LLaVA-1.5's vicuna_v1 template. It falls into two chunks around the picture, and each
chunk is tokenised by itself, as LLaVA does: a Llama tokenizer starts both with its blank. A later
turn follows an end token, and whether it starts with a blank is again the tokenizer's own rule.
Labels come from where an answer starts in the rendered turn, so what the user or the model says can
never shift them. Strings such as ``</s>`` or ``<image>`` inside that text are encoded as text.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer
from torch import Tensor

from vf_ray.model.pixels import Pixels

SYSTEM = (
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
)
"""The vicuna_v1 system message, letter for letter."""
BEFORE_IMAGE = f"{SYSTEM} USER: "
IMAGE = "<image>"
IGNORE = -100
TURN = "\ufdd0turn\ufdd1"
"""Stands before a later turn while it is tokenised; of code points that Unicode keeps for such inner use."""
CHAT_TEMPLATE = (
    SYSTEM + "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}{{ ' ASSISTANT: ' }}"
    "{% else %}{{ ' USER: ' if loop.first else 'USER: ' }}{% endif %}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] if part['type'] == 'image' %}{{ '<image>\n' }}{% endfor %}"
    "{% for part in message['content'] if part['type'] == 'text' %}{{ part['text'] }}{% endfor %}{% endif %}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ ' ASSISTANT:' }}{% endif %}"
)
"""The same template for ``processor.apply_chat_template``."""


class TooLongError(ValueError):
    """A conversation that has more tokens than the model may read."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids, picture tokens included, and for each its label or -100."""

    ids: list[int]
    labels: list[int]


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer as text, and where in it the answer starts."""

    text: str
    answer_start: int
    """Index of the blank before the answer: what LLaVA trains starts with it."""


def render(prompt: str, response: str = "", further: Sequence[str] = ()) -> Iterator[Turn]:
    """Render vicuna_v1 from behind the picture on; the end token between turns is not part of them.

    ``further`` is said after the response, alternately by user and model. Without a response, the
    model's turn is open.
    """
    yield _turn(f"\n{prompt}", response)
    for asked, answer in zip(further[::2], further[1::2], strict=True):
        yield _turn(f"USER: {asked}", answer)


def _turn(opening: str, answer: str) -> Turn:
    asked = f"{opening} ASSISTANT:"
    return Turn(f"{asked} {answer}" if answer else asked, len(asked))


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """Turns instances into model input; may be pickled into other processes."""

    tokenizer: Tokenizer
    pictures: Pixels
    image_tokens: int
    """Tokens that a picture takes."""
    max_length: int
    """Tokens that a conversation may have."""
    begin: tuple[int, ...]
    """What the tokenizer puts before every text: the start token, or nothing."""
    end_id: int
    image_id: int
    pad_id: int

    @classmethod
    def of(cls, folder: Path, max_length: int | None = None) -> "Encoder":
        """Read the encoder of a saved LLaVA folder.

        ``max_length`` defaults to, and never passes, the positions the language model has.
        """
        from transformers import AutoTokenizer

        config = json.loads((folder / "config.json").read_text())
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        vision, context = config["vision_config"], _context(config)
        return cls(
            tokenizer=_plain(tokenizer),
            pictures=Pixels.of(folder),
            image_tokens=(vision["image_size"] // vision["patch_size"]) ** 2,
            max_length=min(max_length or context, context),
            begin=tuple(i for i in tokenizer("")["input_ids"] if i == tokenizer.bos_token_id),
            end_id=tokenizer.eos_token_id,
            image_id=tokenizer.convert_tokens_to_ids(IMAGE),
            pad_id=tokenizer.pad_token_id,
        )

    def encode(self, prompt: str, response: str, further: Sequence[str] = ()) -> Encoded:
        """Encode a training conversation; the answers and the end tokens after them carry labels.

        ``further`` is said after the response, alternately by user and model. The prompt loses
        blanks at its ends, as in LLaVA's training code; later texts keep them.

        Raises:
            TooLongError: if it has more than ``max_length`` tokens.
            ValueError: if an answer is empty, ``further`` ends with a question, or a text holds ``TURN``.
        """
        if not response or not all(further[1::2]):
            raise ValueError(f"an answer to {prompt[:80]!r} is empty; nothing of it could be trained")
        ids, labels = list(self._before), [IGNORE] * len(self._before)
        for number, turn in enumerate(render(prompt.strip(), response, further)):
            found, offsets = self._later_tokens(turn.text) if number else self._tokens(turn.text)
            first = next(i for i, (_, end) in enumerate(offsets) if end > turn.answer_start)
            ids += [*found, self.end_id]
            labels += [*[IGNORE] * first, *found[first:], self.end_id]
        self._check(len(ids), prompt)
        return Encoded(ids, labels)

    def prompt_ids(self, prompt: str) -> list[int]:
        """Encode a question for generation, up to and with ``ASSISTANT:``.

        Raises:
            TooLongError: if it has more than ``max_length`` tokens.
        """
        ids = self._before + self._tokens(next(render(prompt)).text)[0]
        self._check(len(ids), prompt)
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of generated ids, without special tokens."""
        text: str = self.tokenizer.decode(list(ids), skip_special_tokens=True)
        return text

    def pixels(self, pictures: Sequence[bytes]) -> Tensor:
        """Return (B, 3, H, W) float32 pixels of encoded pictures, equal to the saved processor's."""
        return self.pictures.batch(pictures)

    @cached_property
    def _before(self) -> list[int]:
        return [*self.begin, *self._tokens(BEFORE_IMAGE)[0], *[self.image_id] * self.image_tokens]

    def _tokens(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        self.tokenizer.encode_special_tokens = True  # as plain text; set here, for pickling forgets it
        encoding = self.tokenizer.encode(text, add_special_tokens=False)
        return encoding.ids, encoding.offsets

    def _later_tokens(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Tokenise what follows an end token; the tokenizer may start it otherwise than a text."""
        if TURN in text:
            raise ValueError(f"the turn {text[:80]!r} holds {TURN!r}, which vf-ray keeps for itself")
        self._with_turns.encode_special_tokens = True
        encoding = self._with_turns.encode(f"{TURN}{text}", add_special_tokens=False)
        start = len(TURN)
        return encoding.ids[1:], [(begin - start, end - start) for begin, end in encoding.offsets[1:]]

    @cached_property
    def _with_turns(self) -> Tokenizer:
        """Return the tokenizer with one more token that parts a text just as its end token does."""
        known = self.tokenizer.get_added_tokens_decoder().get(self.end_id)
        flags = {name: getattr(known, name, False) for name in ("lstrip", "rstrip", "normalized")}
        made = Tokenizer.from_str(self.tokenizer.to_str())
        made.add_tokens([AddedToken(TURN, special=False, **flags)])
        return made

    def _check(self, length: int, prompt: str) -> None:
        if length > self.max_length:
            raise TooLongError(
                f"the conversation that asks {prompt[:80]!r} has {length} tokens, {self.image_tokens} "
                f"of them the picture's; at most {self.max_length} fit: shorten it, or raise max_length"
            )


def _context(config: dict[str, Any]) -> int:
    return int(config["text_config"].get("max_position_embeddings", 2048))


def _plain(tokenizer: Any) -> Tokenizer:
    """Return the bare tokenizer, with no truncation or padding that a saved file may have switched on."""
    bare: Tokenizer = tokenizer.backend_tokenizer
    bare.no_truncation()
    bare.no_padding()
    return bare
