"""What a careful annotator would not let pass: rules for instructions, prompts and answers.

Each rule takes an instance and its task's instruction, and yields what is wrong.
"""

import re
from collections.abc import Callable, Iterator

from vf_ray.instances.distractors import apart
from vf_ray.instances.nouns import is_plural, with_article
from vf_ray.text import distinct, plain, prose
from vf_ray.types import Instance

Rule = Callable[[str, Instance], Iterator[str]]
NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
NAMES = re.compile(r"McDonald|iPod|FedEx|SpongeBob|GOPR|https?:\S+|\$[^$]*\$")
"""Words that look like identifiers, and are none."""
IDENTIFIER = re.compile(r"\w_\w|\b[A-Z]?[a-z]+[a-z][A-Z][a-z]+|\bn\d{8}\b|\bNone\b|\bnan\b")
AMERICAN = re.compile(r"\b(colors?|gray|center|jewelry|recognize|meters?|favorite|analyze|organize)\b", re.I)
PLACEHOLDER = re.compile(r"<\w{2,8}>")
COUNTED = re.compile(
    r"\b(one|two)(?: (?:or|to) (two|three|four|five))? words?(?! or (?:a )?(?:very )?short phrase)"
)
FORM = re.compile(r'(?:form|say) "([^"]+)"')
LISTED = re.compile(r"(?:one of(?: these)?:?|[:;]) ((?:[\w/ -]+, ){2,}[\w/ -]+)")
EXAMS = ("ai2d/", "visual7w/", "geometry3k/", "scienceqa/", "iconqa/", "winoground/", "wikihow/")
"""Whose options a publisher wrote: each question has one right answer, whatever words its options share."""
AS_OFTEN_AS_WRITTEN = ("ctw1500/", "total_text/", "funsd/")
"""Lists of what is written in a picture, where one word may stand several times."""


def ends_with_a_mark(instruction: str, instance: Instance) -> Iterator[str]:
    if not re.search(r'[.?!]"?$|[.?!)]$', instruction):
        yield "the instruction ends without a mark"


def british(instruction: str, instance: Instance) -> Iterator[str]:
    yield from (f"American spelling {found[0]!r}" for found in AMERICAN.finditer(instruction))


def articles(instruction: str, instance: Instance) -> Iterator[str]:
    for text in (instruction, instance.response):
        for found in re.finditer(r"\b([Aa]n?) ([A-Za-z][\w'-]*)", text):
            noun = found[2]
            usual = with_article(noun)
            if usual != noun and usual.split()[0] != found[1].lower():
                yield f"article of {found[0]!r}"


def plurals(instruction: str, instance: Instance) -> Iterator[str]:
    if (found := re.search(r"\b(?:an?) ((?:[\w'-]+ )*[\w'-]+)\.$", instance.response)) and is_plural(
        found[1]
    ):
        yield f"an article before several: {found[0]!r}"


def no_identifiers(instruction: str, instance: Instance) -> Iterator[str]:
    for text in (*instance.texts, instruction):
        if found := IDENTIFIER.search(NAMES.sub("", text)):
            yield f"identifier {found[0]!r}"


def no_placeholders(instruction: str, instance: Instance) -> Iterator[str]:
    yield from (found[0] for text in instance.texts for found in PLACEHOLDER.finditer(text))


def marks_are_joined(instruction: str, instance: Instance) -> Iterator[str]:
    for line in "\n".join(instance.texts).splitlines():
        if prose(said := line.replace(" ...", "")) != said:
            yield f"marks or blanks apart in {line!r}"


def options_differ(instruction: str, instance: Instance) -> Iterator[str]:
    options = instance.options
    if len(distinct(options)) < len(options):
        yield f"options that are the same: {options}"
    if not instance.task.startswith(EXAMS) and len(list(apart(options))) < len(options):
        yield f"options that hold one another: {options}"
    if bool(options) != bool(re.search(r"\bletter\b(?! tray)", instruction)):
        yield "options without a word about letters, or the other way round"


def lists_do_not_repeat(instruction: str, instance: Instance) -> Iterator[str]:
    lists = [found[1].split(", ") for found in LISTED.finditer(instruction)]
    if "separated by" in instruction and not instance.task.startswith(AS_OFTEN_AS_WRITTEN):
        lists.append(re.split("[,;] ", instance.response))
    if "numbered list" in instruction:
        lists.append([line.partition(". ")[2] for line in instance.response.splitlines()])
    yield from (f"repeats in {found}" for found in lists if len(set(map(plain, found))) < len(found))


def as_many_words(instruction: str, instance: Instance) -> Iterator[str]:
    found = None if "phrase" in instruction or "sentence" in instruction else COUNTED.search(instruction)
    most = NUMBERS[found[2] or found[1]] if found else 0
    if most and len(instance.answer.split()) > most and "line" not in instruction:
        yield f"{instance.answer!r} under {found[0]!r}" if found else ""


def as_the_form_says(instruction: str, instance: Instance) -> Iterator[str]:
    forms = [form for form in FORM.findall(instruction) if re.match(r"(The|This|There|It|A) ", form)]
    if forms and instance.response.split()[0] not in {form.split()[0] for form in forms}:
        yield f"{instance.response!r} is none of the forms {forms}"
    if forms and "..." not in forms[0] and forms[0].endswith(".") != instance.response.endswith("."):
        yield f"{instance.response!r} does not end as {forms[0]!r}"


def yes_or_no(instruction: str, instance: Instance) -> Iterator[str]:
    if re.search(r"[Aa]nswer (?:with )?yes or no\.", instruction) and instance.answer not in ("yes", "no"):
        yield f"{instance.answer!r} is neither yes nor no"


def as_it_is_written(instruction: str, instance: Instance) -> Iterator[str]:
    if re.search(r"\blower[ -]case\b", instruction) and instance.response != instance.response.lower():
        yield f"{instance.response!r} is not in lower case"
    if re.search(r"\b(?:in|as) one (?:short )?sentence\b", instruction) and re.search(
        r"[.!?]\s+[A-Z]", re.sub(r"\b\w{1,3}\. ", "", instance.response)
    ):
        yield f"{instance.response!r} is more than one sentence"
    if "numbered list" in instruction:
        lines = instance.response.splitlines()
        if [line.partition(". ")[0] for line in lines] != [str(n) for n in range(1, len(lines) + 1)]:
            yield f"{instance.response!r} is no numbered list"


def one_of_those_named(instruction: str, instance: Instance) -> Iterator[str]:
    asked = re.search(r"[Aa]nswer with one of(?: these)?\b", instruction)
    if asked and not instance.options and not re.search(rf"\b{re.escape(instance.answer)}\b", instruction):
        yield f"{instance.answer!r} is not among those named"


RULES: tuple[Rule, ...] = (
    ends_with_a_mark, british, articles, plurals, no_identifiers, no_placeholders, marks_are_joined,
    options_differ, lists_do_not_repeat, as_many_words, as_the_form_says, yes_or_no, as_it_is_written,
    one_of_those_named,
)  # fmt: skip


def faults(instruction: str, instance: Instance) -> list[str]:
    """Return all that is wrong with an instance."""
    return [f"{instance.task}: {fault}" for rule in RULES for fault in rule(instruction, instance)]
