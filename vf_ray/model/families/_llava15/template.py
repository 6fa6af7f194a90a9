"""Conversation templates: what stands around the picture, the questions and the answers.

All of them are LLaVA's, letter for letter. One function renders a conversation, so that training,
evaluation and the template that processors carry cannot drift apart.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vf_ray.errors import UserError
from vf_ray.model.families._llava15.chat import Chat
from vf_ray.model.vicuna import SYSTEM as VICUNA_SYSTEM

IMAGE = "<image>"
LLAMA_2_SYSTEM = (
    "You are a helpful, respectful and honest assistant. Always answer as helpfully as possible, while "
    "being safe.  Your answers should not include any harmful, unethical, racist, sexist, toxic, dangerous, "
    "or illegal content. Please ensure that your responses are socially unbiased and positive in nature."
    "\n\nIf a question does not make any sense, or is not factually coherent, explain why instead of "
    "answering something not correct. If you don't know the answer to a question, please don't share false "
    "information."
)
LLAVA_SYSTEM = (
    "You are a helpful language and vision assistant. You are able to understand the visual content that "
    "the user provides, and assist the user with a variety of tasks using natural language."
)


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer as text, and where in it the answer starts."""

    text: str
    answer_start: int
    """Index of what LLaVA trains first: the blank before an answer, where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A way to write conversations."""

    system: str = ""
    system_form: tuple[str, str] = ("", "")
    """What stands around the system message, before the picture."""
    first: str = ""
    """What follows the picture; ``{}`` stands for the question, which otherwise is left out."""
    later: str = ""
    """A later question; empty: there can be none."""
    answer: str
    starts: bool = False
    """Whether a start token stands before each later question."""
    ends: bool = True
    """Whether an end token follows each answer, which is trained too."""
    chat: Chat | None = None
    """The same for ``processor.apply_chat_template``; None: it is not for chatting."""

    @property
    def before(self) -> str:
        """Return what stands before the picture."""
        return self.system.join(self.system_form)

    def jinja(self, *, begins: bool) -> str:
        """Return the template that processors carry; empty: it is not for chatting.

        ``begins``: whether texts of the model begin with a start token.
        """
        return self.chat.jinja(self.system, self.system_form, begins=begins) if self.chat else ""

    def render(
        self, prompt: str, response: str = "", further: Sequence[str] = (), *, image: bool = True
    ) -> Iterator[Turn]:
        """Render from behind the picture on; start and end tokens are not part of the turns.

        Without a picture, the first turn starts with what else stands before it. ``further`` is said after
        the response, alternately by user and model. Without a response, the model's turn is open.

        Raises:
            ValueError: if the template has no form for what shows nothing, or for a later question.
        """
        yield self._turn(self.first.format(prompt) if image else self.without_image(prompt), response)
        if further and not self.later:
            raise UserError(
                f"{2 + len(further)} turns have no form where an answer alone follows the picture"
            )
        for asked, answer in zip(further[::2], further[1::2], strict=True):
            yield self._turn(self.later.format(asked), answer)

    def without_image(self, prompt: str) -> str:
        """Render an open question that shows nothing; LLaVA then leaves out the picture's line.

        Raises:
            ValueError: if the template leaves out the question too.
        """
        if not self.first:
            raise UserError(f"{prompt[:80]!r} shows no picture, and a caption needs one to follow")
        return self.before + self.first.format(prompt).removeprefix("\n")

    def _turn(self, asked: str, answer: str) -> Turn:
        return Turn(asked + self.answer.format(answer) if answer else asked, len(asked))


def _vicuna(system: str) -> Template:
    return Template(
        system=system, system_form=("", " USER: "), first="\n{} ASSISTANT:", later="USER: {} ASSISTANT:",
        answer=" {}",
        chat=Chat(
            later="'USER: '", asked="''", answer="' ASSISTANT: '", answered="eos_token",
            prompted="' ASSISTANT:'",
        ),
    )  # fmt: skip


def _llama_2(system: str) -> Template:
    return Template(
        system=system, system_form=("[INST] <<SYS>>\n", "\n<</SYS>>\n\n"), first="\n{} [/INST]",
        later="[INST] {} [/INST]", answer=" {} ", starts=True,
        chat=Chat(
            later="start + '[INST] '", asked="' [/INST]'", answer="' '", answered="' ' + eos_token",
            prompted="''",
        ),
    )  # fmt: skip


TEMPLATES: Mapping[str, Template] = {
    "vicuna_v1": _vicuna(VICUNA_SYSTEM),
    "llama_2": _llama_2(LLAMA_2_SYSTEM),
    "llava_llama_2": _llama_2(LLAVA_SYSTEM),
    "plain": Template(answer="{}\n", ends=False),
}
"""By LLaVA's names; the words are those of its ``conversation.py``."""
