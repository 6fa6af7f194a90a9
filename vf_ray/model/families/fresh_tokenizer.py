"""A tokenizer of bytes, trained on a project's own texts, for fresh models that speak by a chat template."""

from collections.abc import Iterable, Sequence
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from vf_ray.errors import UserError

LEARNED = 16
"""Tokens beside bytes and special ones that a vocabulary has room for at least."""


def byte_tokenizer(
    texts: Iterable[str], vocabulary: int, special: Sequence[str], template: str, **named: Any
) -> Any:
    """Train one of at most ``vocabulary`` tokens, the ``special`` ones last; equal texts give equal ones.

    Digits are tokens by themselves, as in SmolLM2's. ``named`` are for transformers, such as ``eos_token``.

    Raises:
        UserError: if the vocabulary is too small to hold every byte.
    """
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    room = vocabulary - len(special)
    if room < (fewest := len(alphabet) + LEARNED):
        raise UserError(
            f"base.vocabulary is {vocabulary}; at least {fewest + len(special)}, for every byte has its own"
        )
    # digits one by one, and bytes, so that any text can be said
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    # learned from texts, then the marks that no text can hold
    trainer = trainers.BpeTrainer(vocab_size=room, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken(text, normalized=False, special=True) for text in special])
    return _wrapped(tokenizer, chat_template=template, **named)


def _wrapped(tokenizer: Tokenizer, **named: Any) -> Any:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, padding_side="left", clean_up_tokenization_spaces=False, **named
    )
