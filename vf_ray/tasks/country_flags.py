"""Flags of countries, and what is known of the countries."""

from dataclasses import dataclass

from vf_ray.instances.shapes import caption, choose, name_it
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.types import Download, Made, Raw, Row, Source, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagRow(Row):
    """A country and its flag."""

    country: str
    capital: str
    continent: str


def _row(record: Fields, at: At) -> tuple[FlagRow, ...]:
    if not record.flag("iso"):
        return ()  # regions and organisations
    return (
        FlagRow(
            key=at.key(record["code"]),
            split=at.split,
            image=f"png250px/{record['code']}.png",
            country=record["name"],
            capital=record.get("capital"),
            continent=record.get("continent"),
        ),
    )


FLAGS = Source(
    name="country_flags",
    title="Flags of countries",
    url="https://github.com/hjnilsson/country-flags",
    terms=Terms(
        licence="public domain; facts MIT", training="yes", redistribution="yes", faces="no",
        stated="README of hjnilsson/country-flags; LICENSE of lipis/flag-icons",
    ),
    raws=(
        Raw(
            name="svg_country_flags",
            obtain="Unpack the npm package here: npm pack svg-country-flags && "
            "mkdir -p svg_country_flags && tar xzf svg-country-flags-*.tgz -C svg_country_flags",
            files=(
                Download(
                    "https://registry.npmjs.org/svg-country-flags/-/svg-country-flags-1.2.10.tgz",
                    "sha512:c6bab0a344d87ff87671f3ef1a98dd4ae4a0b946eb8b8bcd362cc19f0ce86675"
                    "f4c46a373b99c624c95b604a7b34e61c9cf1819ba2c4d9ac6a0d6481f38edb2f",
                ),
            ),
        ),
        Raw(
            name="flag_icons",
            obtain="Unpack the npm package here: npm pack flag-icons && mkdir -p flag_icons && "
            "tar xzf flag-icons-*.tgz -C flag_icons",
            files=(
                Download(
                    "https://registry.npmjs.org/flag-icons/-/flag-icons-7.5.0.tgz",
                    "sha512:91df8c357be21488398628c7efaeadb7edf1efa7a57b5017968e330dd0b122fa"
                    "966612ade13f376ceb7150e38c953c7f11c15d50c1f9caf420625161d44aaa16",
                ),
            ),
        ),
    ),
    read=json_array({"all": "country.json"}, _row),
)  # fmt: skip
CONTINENTS = ("Africa", "Antarctica", "Asia", "Europe", "North America", "Oceania", "South America")


@FLAGS.task(
    "country",
    group="classification",
    category="Knowledge",
    instruction="Whose flag is this? Answer with the name of the country or territory.",
)
def country(row: FlagRow) -> Made:
    """The country's name."""
    return name_it(row.image, row.country)


@FLAGS.task(
    "continent",
    group="classification",
    category="Knowledge",
    instruction="On which continent is this flag flown? Answer with the letter and the continent.",
)
def continent(row: FlagRow) -> Made:
    """The continent, where the list gives one."""
    return choose(row.image, row.continent, CONTINENTS) if row.continent in CONTINENTS else None


@FLAGS.task(
    "talk",
    group="generation",
    category="Conversation (from templates, a stand-in for GPT-4's answers)",
    instruction="Could you tell me more about this flag?",
)
def talk(row: FlagRow) -> Made:
    """A long answer for a second stage."""
    if not (row.capital and row.continent):
        return None
    return caption(
        row.image,
        f"Gladly! This is the flag of {row.country}. You would find it in {row.continent}, and if you went "
        f"there, you would surely see it in the capital, which is {row.capital}.",
    )
