"""A conversation as a family's own chat template renders it, once: token ids, labels, places of its images.

The template is given each text between noncharacters of Unicode, and each string in it that would be a
special token broken by another. So the rendering tells by itself what was said by whom, and a text can
neither end a turn nor show an image. It is cut at its true special tokens; each stretch between two of them
is tokenized as the tokenizer does it there. Labels are an answer's stretch of the rendering, up to and with
the token that ends it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from tokenizers import AddedToken, Tokenizer
from torch import Tensor

from vf_ray.errors import UserError
from vf_ray.model.encoded import IGNORE, Encoded, ImageSize, TooLongError
from vf_ray.model.families.family import Images
from vf_ray.types import IMAGE_MARK

ASKED, ANSWERED, SAID, BROKEN, STRETCH = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3", "\ufdd4"
"""Stand before a user's text, before an answer, behind either, within what is no special token, and before a
stretch while it is tokenized; of code points that Unicode keeps for such inner use."""
OWN = ASKED + ANSWERED + SAID + BROKEN + STRETCH
_OWN = re.compile(f"[{OWN}]")


@dataclass(frozen=True, kw_only=True)
class ChatEncoder:
    """Encodes by the chat template of a folder; a family says what an image is among the tokens.

    It says so by deriving ``expanded``, ``image_tokens`` and, where it counts on several axes, ``axes``.
    """

    theirs: Any
    """The tokenizer as transformers has it, with its chat template."""
    images: Images
    image: str
    """The token that stands for a part of an image."""
    marker: str
    """What the template writes where an image stands, before it is expanded."""
    max_length: int
    too_long: Literal["reject", "cut"] = "reject"
    options: Mapping[str, Any] = field(default_factory=dict)
    """Variables of the template, such as those that keep a model from thinking."""

    # what a family derives
    def expanded(self, size: ImageSize, images: int) -> str:
        """Return what takes the marker's place for one of so many images of a conversation."""
        raise TypeError(f"{type(self).__name__} does not say what stands for an image")

    def image_tokens(self, width: int, height: int) -> int:
        """Return how many tokens ``image`` the only image of a conversation takes."""
        return self.expanded((width, height), 1).count(self.image)

    def axes(self, ids: Sequence[int], images: Sequence[ImageSize]) -> Tensor | None:
        """Return (axes, S) positions, or None where each token's place is its position."""
        return None

    # what a conversation becomes
    def encode(
        self, prompt: str, response: str, further: Sequence[str] = (), *, images: Sequence[ImageSize]
    ) -> Encoded:
        """Encode a training conversation; the answers and the tokens that end them carry labels.

        Raises:
            TooLongError: if it has more than ``max_length`` tokens.
            ValueError: if an answer is empty, or the texts name more images than there are.
        """
        if not response or not all(further[1::2]):
            raise UserError(f"an answer to {prompt[:80]!r} is empty; nothing of it could be trained")
        return self._fitted(self._encoded((prompt, response, *further), images), prompt)

    def question(self, prompt: str, *, images: Sequence[ImageSize]) -> Encoded:
        """Encode a question for generation, up to where the answer starts.

        Raises:
            TooLongError: if it has more than ``max_length`` tokens.
            ValueError: if the text names more images than there are.
        """
        encoded = self._encoded((prompt,), images)
        self._check(encoded, prompt)
        return encoded

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of generated ids, without special tokens."""
        text: str = self.tokenizer.decode(list(ids), skip_special_tokens=True)
        return text

    def _encoded(self, texts: Sequence[str], images: Sequence[ImageSize]) -> Encoded:
        # stretch by stretch between special tokens, as the tokenizer itself cuts
        ids, labels, before_text = [*self._begin], [IGNORE] * len(self._begin), -1
        for stretch, special in self._cut(self._rendered(texts, images)):
            if before_text < 0 and _OWN.search(stretch):
                before_text = len(ids)
            new_ids, new_labels, ends_answer = self._stretch(stretch, first=not ids)
            ids += [*new_ids, *special]
            labels += [*new_labels, *(special if ends_answer else [IGNORE] * len(special))]
        # what all that show the same images begin with: it ends at the last of them, if no text came before
        places = [place for place, token in enumerate(ids) if token == self.image_id]
        shared = places[-1] + 1 if places and places[-1] < before_text else 0
        return Encoded(
            ids=ids, labels=labels, axes=self.axes(ids, images), prefix_len=shared, image_tokens=len(places)
        )

    def _rendered(self, texts: Sequence[str], images: Sequence[ImageSize]) -> str:
        """Return the template's words, its images expanded."""
        messages, asks = list(self._messages(texts, len(images))), len(texts) % 2 == 1
        rendered = self.theirs.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=asks, **self.options
        )
        pieces = self._open_lead.sub(rf"{ANSWERED}\1", rendered).split(self.marker)
        written = len(pieces) - 1
        assert written == len(images), f"the chat template writes {written} of {len(images)} images"
        shown = [self.expanded(size, len(images)) for size in images]
        return "".join(part for pair in zip(pieces, [*shown, ""], strict=True) for part in pair)

    def _messages(self, texts: Sequence[str], images: int) -> Iterator[Mapping[str, Any]]:
        """Yield messages by turns; images that no text names come before the first one's words."""
        # images that no text names stand before the first
        named = sum(text.count(IMAGE_MARK) for text in texts)
        if named > images:
            raise UserError(f"the conversation {texts[0][:80]!r} names {named} images and shows {images}")
        for turn, text in enumerate((IMAGE_MARK * (images - named) + texts[0], *texts[1:])):
            if _OWN.search(text):
                raise UserError(f"the turn {text[:80]!r} holds a noncharacter that vf-ray keeps for itself")
            # what people said is marked, so that it is told from the template's words
            opens = ANSWERED if turn % 2 else ASKED
            parts: list[Mapping[str, str]] = []
            for place, words in enumerate(text.split(IMAGE_MARK)):
                parts += [{"type": "image"}] if place else []
                parts += [{"type": "text", "text": f"{opens}{self._defused(words)}{SAID}"}] if words else []
            yield {"role": "assistant" if turn % 2 else "user", "content": parts}

    def _defused(self, text: str) -> str:
        """Return a text in which nothing is a special token, wherever two of them might overlap."""
        return self._special_starts.sub(BROKEN, text)

    def _cut(self, rendered: str) -> Iterator[tuple[str, list[int]]]:
        """Yield stretches of text, each with the special token behind it; the last has none."""
        *parts, last = self._specials.split(rendered)
        for stretch, special in zip(parts[::2], parts[1::2], strict=True):
            yield stretch, [self._special_ids[special]]
        yield last, []

    def _stretch(self, stretch: str, *, first: bool) -> tuple[list[int], list[int], bool]:
        """Return ids and labels of text between special tokens, and whether it ends with an answer."""
        if not stretch:
            return [], [], False
        text, answers = _marked(stretch)
        ids, offsets = self._tokens(text, first=first)
        trained = [any(start < e and end > s for s, e in answers) for start, end in offsets]
        labels = [token if learns else IGNORE for token, learns in zip(ids, trained, strict=True)]
        return ids, labels, bool(answers) and answers[-1][1] == len(text)

    def _tokens(self, text: str, *, first: bool) -> tuple[list[int], list[tuple[int, int]]]:
        """Tokenize a stretch as it is at the start of a text, or behind a special token."""
        tokenizer = self.tokenizer if first else self._behind
        tokenizer.encode_special_tokens = True  # as plain text; set here, for pickling forgets it
        encoding = tokenizer.encode(text if first else STRETCH + text, add_special_tokens=False)
        skipped = 0 if first else len(STRETCH)
        offsets = [(start - skipped, end - skipped) for start, end in encoding.offsets[skipped:]]
        return encoding.ids[skipped:], offsets

    def _fitted(self, whole: Encoded, prompt: str) -> Encoded:
        """Cut a training conversation at its end where that is wanted, and leaves its images and labels."""
        most = self.max_length
        left = whole.labels[:most].count(IGNORE) < most and self.image_id not in whole.ids[most:]
        if self.too_long == "cut" and len(whole.ids) > most and left:
            axes = None if whole.axes is None else whole.axes[:, :most]
            cut = len(whole.ids) - most
            return replace(whole, ids=whole.ids[:most], labels=whole.labels[:most], axes=axes, cut=cut)
        self._check(whole, prompt)
        return whole

    def _check(self, encoded: Encoded, prompt: str) -> None:
        if len(encoded.ids) > self.max_length:
            raise TooLongError(
                f"the conversation that asks {prompt[:80]!r} has {len(encoded.ids)} tokens, "
                f"{encoded.image_tokens} of them its images'; at most {self.max_length} fit: shorten it, "
                "show fewer or smaller images, or raise max_length"
            )

    # what the tokenizer is
    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Return the bare tokenizer, which neither cuts nor pads."""
        bare: Tokenizer = self.theirs.backend_tokenizer
        bare.no_truncation()
        bare.no_padding()
        return bare

    @property
    def image_id(self) -> int:
        """Return the id of ``image``."""
        return int(self.theirs.convert_tokens_to_ids(self.image))

    @property
    def end_id(self) -> int:
        """Return the token that ends an answer."""
        return int(self.theirs.eos_token_id)

    @property
    def pad_id(self) -> int:
        """Return the token that fills rows."""
        pad = self.theirs.pad_token_id
        return self.end_id if pad is None else int(pad)

    @cached_property
    def _begin(self) -> tuple[int, ...]:
        """Return what the tokenizer puts before every text, unless the template writes it."""
        added = tuple(self.theirs("")["input_ids"])
        template = str(self.theirs.chat_template or "").lstrip()
        writes = "bos_token" in template or (self.theirs.bos_token or STRETCH) in template
        return () if writes else added

    @cached_property
    def _open_lead(self) -> re.Pattern[str]:
        """Return what finds blanks between where a question's rendering ends and an answer begins.

        They are the answer's: a model that is asked has to write them first.
        """
        rendered = self.theirs.apply_chat_template(
            list(self._messages(("?",), 0)), tokenize=False, add_generation_prompt=True, **self.options
        )
        return re.compile(rf"(?<={re.escape(rendered.rpartition(SAID)[2])})(\s+){ANSWERED}")

    @cached_property
    def _behind(self) -> Tokenizer:
        """Return the tokenizer with one more token, for text that follows a special one."""
        further = Tokenizer.from_str(self.tokenizer.to_str())
        further.add_tokens([AddedToken(STRETCH, special=False, normalized=False)])
        return further

    @cached_property
    def _specials(self) -> re.Pattern[str]:
        """Return what finds special tokens, and hands them on."""
        return re.compile(f"({'|'.join(map(re.escape, _longest_first(self._special_ids)))})")

    @cached_property
    def _special_starts(self) -> re.Pattern[str]:
        """Return what finds the place behind the first character of a special token, or of the marker."""
        texts = _longest_first({*self._special_ids, self.marker})
        return re.compile("|".join(f"(?<={re.escape(t[0])})(?={re.escape(t[1:])})" for t in texts))

    @cached_property
    def _special_ids(self) -> Mapping[str, int]:
        added = self.tokenizer.get_added_tokens_decoder()
        return {token.content: number for number, token in added.items() if token.special}


def _longest_first(texts: Iterable[str]) -> list[str]:
    return sorted(texts, key=len, reverse=True)


def chat_tokenizer(folder: Path) -> Any:
    """Read the tokenizer of a folder, with its chat template.

    Raises:
        UserError: if it has no chat template.
    """
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if not theirs.chat_template:
        raise UserError(
            f"{folder} holds no chat template (chat_template.jinja); get the whole folder as it is published"
        )
    return theirs


def _marked(stretch: str) -> tuple[str, list[tuple[int, int]]]:
    """Return a stretch without the marks of this module, and where in it answers start and end.

    What blanks stand behind an answer, at the end of the stretch, are the answer's: a model has to write them
    before it can end.
    """
    text, answers = "", []
    for place, piece in enumerate(stretch.split(ANSWERED)):
        answer, _, rest = piece.partition(SAID) if place else ("", "", piece)
        start, text = len(text), text + _OWN.sub("", answer)
        if place:
            answers.append((start, len(text)))
        text += _OWN.sub("", rest)
    if answers and not text[answers[-1][1] :].strip():
        answers[-1] = (answers[-1][0], len(text))
    return text, answers
