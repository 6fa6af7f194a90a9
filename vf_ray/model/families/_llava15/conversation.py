"""A conversation as the model reads it: token ids, and which of them are trained.

The text is a template's. It falls into two chunks around the picture, and each chunk is tokenised by
itself, as LLaVA does: a Llama tokenizer starts both with its blank. A later turn follows an end token,
and whether it starts with a blank is again the tokenizer's own rule. Labels come from where an answer
starts in the rendered turn, so what the user or the model says can never shift them. Strings such as
``</s>`` or ``<image>`` inside that text are encoded as text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from tokenizers import AddedToken, Tokenizer
from torch import Tensor

from vf_ray.errors import UserError
from vf_ray.model.encoded import IGNORE, Encoded, ImageSize, TooLongError
from vf_ray.model.families._llava15.pixels import Pixels
from vf_ray.model.families._llava15.sizes import image_tokens
from vf_ray.model.families._llava15.template import IMAGE, TEMPLATES, Template, Turn
from vf_ray.model.families._llava15.tokenizer import start_of
from vf_ray.recipe.input_format import InputFormat
from vf_ray.types import IMAGE_MARK

TURN = "\ufdd0turn\ufdd1"
"""Stands before a later turn while it is tokenised; of code points that Unicode keeps for such inner use."""


@dataclass(frozen=True, kw_only=True)
class LlavaEncoder:
    """Turns instances into model input; may be pickled into other processes."""

    tokenizer: Tokenizer
    template: Template
    images: Pixels
    tokens_per_image: int
    max_length: int
    """Tokens that a conversation may have."""
    too_long: Literal["reject", "cut"] = "reject"
    """What becomes of a training conversation that has more."""
    begin: tuple[int, ...]
    """What stands before every text: the start token, or nothing."""
    end_id: int
    image_id: int
    pad_id: int

    @classmethod
    def of(
        cls,
        folder: Path,
        max_length: int | None = None,
        template: str = "chat",
        too_long: Literal["reject", "cut"] = "reject",
    ) -> "LlavaEncoder":
        """Read the encoder of a saved LLaVA folder.

        ``max_length`` defaults to, and never passes, the positions the language model has; ``template``
        "chat" is the model's own.
        """
        from transformers import AutoTokenizer

        from vf_ray.model.tensors import read_config

        config = read_config(folder)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        vision, context = config["vision_config"], _context(config)
        return cls(
            tokenizer=_plain(tokenizer),
            template=TEMPLATES[InputFormat.of(folder).template if template == "chat" else template],
            images=Pixels.of(folder),
            tokens_per_image=image_tokens(vision["image_size"], vision["patch_size"]),
            max_length=min(max_length or context, context),
            too_long=too_long,
            begin=start_of(tokenizer),
            end_id=tokenizer.eos_token_id,
            image_id=tokenizer.convert_tokens_to_ids(IMAGE),
            pad_id=tokenizer.pad_token_id,
        )

    def image_tokens(self, width: int, height: int) -> int:
        """Return how many tokens an image takes: as many as any other."""
        return self.tokens_per_image

    def encode(
        self, prompt: str, response: str, further: Sequence[str] = (), *, images: Sequence[ImageSize]
    ) -> Encoded:
        """Encode a training conversation; the answers and the end tokens after them carry labels.

        ``further`` is said after the response, alternately by user and model. A prompt after a picture
        loses blanks at its ends, as in LLaVA's training code; all other texts keep them.

        Raises:
            TooLongError: if it has more than ``max_length`` tokens.
            ValueError: if an answer is empty, ``further`` ends with a question, a text holds ``TURN``, the
                template has no form for what shows nothing, or there are several images.
        """
        image = _shows_one(images, (prompt, response, *further))
        if not response or not all(further[1::2]):
            raise UserError(f"an answer to {prompt[:80]!r} is empty; nothing of it could be trained")
        # what stands before the first turn is the same for all that show an image
        before, asked = (self._before, prompt.strip()) if image else ([*self.begin], prompt)
        ids, labels = list(before), [IGNORE] * len(before)
        # turn by turn: of each, what is said before the answer is not trained
        for number, turn in enumerate(self.template.render(asked, response, further, image=image)):
            turn_ids, start = self._later_turn(turn) if number else self._first_turn(turn)
            end = [self.end_id] * self.template.ends
            ids += [*turn_ids, *end]
            labels += [*[IGNORE] * start, *turn_ids[start:], *end]
        return self._fitted(self._encoded(ids, labels, image=image), prompt)

    def question(self, prompt: str, *, images: Sequence[ImageSize]) -> Encoded:
        """Encode a question for generation, up to where the answer starts.

        Raises:
            TooLongError: if it has more than ``max_length`` tokens.
        """
        image = _shows_one(images, (prompt,))
        ids = self.prompt_ids(prompt) if image else self.text_ids(prompt)
        return self._encoded(ids, [IGNORE] * len(ids), image=image)

    def prompt_ids(self, prompt: str) -> list[int]:
        """Encode a question about a picture for generation, up to where the answer starts.

        Raises:
            TooLongError: if it has more than ``max_length`` tokens.
        """
        ids = self._before + self._tokens(next(self.template.render(prompt)).text)[0]
        self._check(ids, prompt)
        return ids

    def text_ids(self, prompt: str) -> list[int]:
        """Encode a question that shows nothing, as ``prompt_ids`` does.

        Raises:
            TooLongError: if it has more than ``max_length`` tokens.
        """
        ids = [*self.begin, *self._tokens(self.template.without_image(prompt))[0]]
        self._check(ids, prompt)
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of generated ids, without special tokens."""
        text: str = self.tokenizer.decode(list(ids), skip_special_tokens=True)
        return text

    def pixels(self, images: Sequence[bytes]) -> Tensor:
        """Return (B, 3, H, W) float32 pixels of encoded pictures, equal to the saved processor's."""
        return self.images.batch(images)

    @cached_property
    def _before(self) -> list[int]:
        return [*self.begin, *self._tokens(self.template.before)[0], *[self.image_id] * self.tokens_per_image]

    def _tokens(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        self.tokenizer.encode_special_tokens = True  # as plain text; set here, for pickling forgets it
        encoding = self.tokenizer.encode(text, add_special_tokens=False)
        return encoding.ids, encoding.offsets

    def _first_turn(self, turn: Turn) -> tuple[list[int], int]:
        """Return the tokens of a first turn, and the number of the first that is trained."""
        ids, offsets = self._tokens(turn.text)
        return ids, _first_after(turn.answer_start, offsets)

    def _later_turn(self, turn: Turn) -> tuple[list[int], int]:
        """Do the same for what follows a special token; the tokenizer may start it otherwise than a text."""
        if TURN in turn.text:
            raise UserError(f"the turn {turn.text[:80]!r} holds {TURN!r}, which vf-ray keeps for itself")
        self._with_turns.encode_special_tokens = True
        encoding = self._with_turns.encode(f"{TURN}{turn.text}", add_special_tokens=False)
        start = _first_after(len(TURN) + turn.answer_start, encoding.offsets)
        begin = self.begin if self.template.starts else ()
        return [*begin, *encoding.ids[1:]], len(begin) + start - 1

    @cached_property
    def _with_turns(self) -> Tokenizer:
        """Return the tokenizer with one more token that parts a text just as its end token does."""
        known = self.tokenizer.get_added_tokens_decoder().get(self.end_id)
        flags = {name: getattr(known, name, False) for name in ("lstrip", "rstrip", "normalized")}
        marked = Tokenizer.from_str(self.tokenizer.to_str())
        marked.add_tokens([AddedToken(TURN, special=False, **flags)])
        return marked

    def _encoded(self, ids: list[int], labels: list[int], *, image: bool) -> Encoded:
        """Return a conversation with what it may share: all up to and with the image."""
        shared, image_tokens = (len(self._before), self.tokens_per_image) if image else (0, 0)
        return Encoded(ids=ids, labels=labels, prefix_len=shared, image_tokens=image_tokens)

    def _fitted(self, whole: Encoded, prompt: str) -> Encoded:
        """Cut a training conversation at its end where that is wanted, and something of an answer is left."""
        most = self.max_length
        if self.too_long == "cut" and any(label != IGNORE for label in whole.labels[:most]):
            cut = max(0, len(whole.ids) - most)
            return replace(whole, ids=whole.ids[:most], labels=whole.labels[:most], cut=cut)
        self._check(whole.ids, prompt)
        return whole

    def _check(self, ids: list[int], prompt: str) -> None:
        if len(ids) > self.max_length:
            raise TooLongError(
                f"the conversation that asks {prompt[:80]!r} has {len(ids)} tokens, "
                f"{ids.count(self.image_id)} of them the picture's; at most {self.max_length} fit: "
                "shorten it, or raise max_length"
            )


def _shows_one(images: Sequence[ImageSize], texts: Sequence[str]) -> bool:
    """Tell whether a conversation shows an image, which comes before its words.

    Raises:
        ValueError: if it shows several, or names its image in the midst of a text.
    """
    if len(images) > 1 or any(IMAGE_MARK in text for text in texts):
        raise UserError(
            f"the conversation that asks {texts[0][:80]!r} shows {len(images)} images where its texts name "
            "them; a LLaVA-1.5 takes one image, before the first question"
        )
    return bool(images)


def _first_after(start: int, offsets: Sequence[tuple[int, int]]) -> int:
    """Return the number of the first token that ends behind a place in the text."""
    return next(number for number, (_, end) in enumerate(offsets) if not start or end > start)


def _context(config: dict[str, Any]) -> int:
    return int(config["text_config"].get("max_position_embeddings", 2048))


def _plain(tokenizer: Any) -> Tokenizer:
    """Return the bare tokenizer, with no truncation or padding that a saved file may have switched on."""
    bare: Tokenizer = tokenizer.backend_tokenizer
    bare.no_truncation()
    bare.no_padding()
    return bare
