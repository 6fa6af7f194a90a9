"""The chat template of a processor, in Jinja: messages as servers pass them become what was trained.

What it was never trained on is refused where a server can tell the client: another order of speakers, a
second picture, a part that is neither text nor picture. The start token is part of the template, for
servers add none; the tokenizer that is saved beside it adds none either.
"""

import json
from dataclasses import dataclass

START = "{%- set start = bos_token -%}"
"""How a template begins whose model's texts begin with a start token."""
NO_START = "{%- set start = '' -%}"

_SAID = """
{%- macro said(message) -%}
  {%- if message['content'] is string -%}
    {{- message['content'] -}}
  {%- elif message['content'] is not sequence -%}
    {{- raise_exception('a message has no content; expected a text, or a list of parts') -}}
  {%- else -%}
    {%- for part in message['content'] if part['type'] in ['image', 'image_url'] -%}
      {{- '<image>\\n' -}}
    {%- endfor -%}
    {%- for part in message['content'] if part['type'] not in ['image', 'image_url'] -%}
      {%- if part['type'] != 'text' -%}
        {{- raise_exception('a part is of type ' ~ part['type'] ~ '; expected text or image') -}}
      {%- endif -%}
      {{- '' if loop.first else '\\n' -}}
      {{- part['text'] -}}
    {%- endfor -%}
  {%- endif -%}
{%- endmacro -%}
"""
"""What a message says, its picture first."""

_CHECKED = """
{%- set first = 1 if messages and messages[0]['role'] == 'system' else 0 -%}
{%- if messages | length == first -%}
  {{- raise_exception('there is no message of a user') -}}
{%- endif -%}
{%- if add_generation_prompt and messages[-1]['role'] == 'assistant' -%}
  {{- raise_exception('the last message is the assistant\\'s; there is nothing to answer') -}}
{%- endif -%}
"""

_TURNS = """
{{- start -}}
{%- for message in messages -%}
  {%- set text = said(message) -%}
  {%- set turn = loop.index0 - first -%}
  {%- if turn >= 0 and message['role'] != ['user', 'assistant'][turn % 2] -%}
    {{- raise_exception('message ' ~ loop.index ~ ' is of role ' ~ message['role'] ~ '; expected at most one
      system message, then user and assistant by turns') -}}
  {%- endif -%}
  {%- set pictures = text.split('<image>') | length - 1 -%}
  {%- if pictures and (pictures > 1 or turn != 0 or not text.startswith('<image>')) -%}
    {{- raise_exception('expected at most one picture, in the first message of the user') -}}
  {%- endif -%}
  {%- if message['role'] != 'user' and not text | trim -%}
    {{- raise_exception('message ' ~ loop.index ~ ', of role ' ~ message['role'] ~ ', is empty') -}}
  {%- endif -%}
  {%- if message['role'] == 'assistant' -%}
    {{- ANSWER + text + ANSWERED -}}
  {%- elif turn > 0 -%}
    {{- LATER + text + ASKED -}}
  {%- elif turn == 0 -%}
    {{- OPENING + (said(messages[0]) if first else SYSTEM) + CLOSING + text + ASKED -}}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
  {{- PROMPTED -}}
{%- endif -%}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Jinja expressions that stand around what is said."""

    later: str
    """Before a question but the first."""
    asked: str
    answer: str
    answered: str
    prompted: str
    """Where an answer is to follow."""

    def jinja(self, system: str, form: tuple[str, str], *, begins: bool) -> str:
        """Return the template: the user's system message, if there is one, takes the place of ``system``."""
        expressions = {
            "ANSWERED": self.answered, "ANSWER": self.answer, "LATER": self.later, "ASKED": self.asked,
            "PROMPTED": self.prompted, "SYSTEM": json.dumps(system), "OPENING": json.dumps(form[0]),
            "CLOSING": json.dumps(form[1]),
        }  # fmt: skip
        turns = _TURNS
        for name, expression in expressions.items():
            turns = turns.replace(name, expression)
        return "".join((START if begins else NO_START, _SAID, _CHECKED, turns)).strip()
