"""Tables read as their maps say: one record in every form, wrong maps refused, wrong cells counted."""

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.raw.test_passages import rows as rows_of_passages
from tests.sources.own_tables import BASE64, FILES, FORMS, ONE, TWO, asked, shown, table_of_text, verdicts
from tests.tasks.tree import json_lines, write, write_tarred, write_zipped
from vf_ray.instances.sample import examine
from vf_ray.raw.tree import RawTree
from vf_ray.recipe.own_table import OwnTable
from vf_ray.sources.image_cells import CellPlace, image_paths
from vf_ray.tasks.tables import table_source
from vf_ray.testing.sources import check_source, passages
from vf_ray.types import Instance, Reject

ASKED = {"image": "img", "question": "q", "answer": "a"}
CELLS: Mapping[str, tuple[Sequence[str], Any, list[bytes]]] = {
    "bytes": (["parquet"], ONE, [ONE]),
    "struct": (["parquet"], {"bytes": ONE, "path": None}, [ONE]),
    "struct of a path": (["parquet"], {"bytes": None, "path": "img/2.png"}, [TWO]),
    "packed struct": (["jsonl", "json"], {"bytes": BASE64, "path": "x"}, [ONE]),
    "path": (list(FORMS), "img/1.jpg", [ONE]),
    "base64": (list(FORMS), BASE64, [ONE]),
    "address of data": (list(FORMS), f"data:image/jpeg;base64,{BASE64}", [ONE]),
    "paths": (list(FORMS), ["img/1.jpg", "img/2.png"], [ONE, TWO]),
    "list of bytes": (["parquet"], [ONE, TWO], [ONE, TWO]),
    "list of structs": (["parquet"], [{"bytes": TWO, "path": "x"}, {"bytes": ONE, "path": "y"}], [TWO, ONE]),
    "list of base64": (list(FORMS), [BASE64, f"data:image/jpeg;base64,{BASE64}"], [ONE, ONE]),
    "one of a list": (list(FORMS), ["img/2.png"], [TWO]),
}


@pytest.mark.parametrize(
    ("kind", "form"), [(kind, form) for kind, (forms, *_) in CELLS.items() for form in forms]
)
def test_a_picture_is_found_in_whatever_a_cell_holds(tmp_path: Path, kind: str, form: str) -> None:
    _, cell, expected = CELLS[kind]
    found = verdicts(tmp_path, f"x.{form}", FORMS[form](asked(*[cell] * 5)), ASKED)
    assert [instance.texts for instance in found if isinstance(instance, Instance)] == [
        (f"Number {n}?", f"{n}.") for n in range(5)
    ]
    for instance in (*found, found[1], found[4], found[0]):  # in any order
        assert shown(tmp_path, instance) == expected


def test_pictures_of_several_columns_are_shown_in_their_order(tmp_path: Path) -> None:
    rows = [
        {"i2": "img/2.png", "i1": "img/1.jpg", "q": "?", "a": "x"},
        {"i1": None, "i2": "img/2.png", "q": "?", "a": "x"},
    ]
    one, other = verdicts(
        tmp_path, "x.jsonl", json_lines(*rows), {"image": ("i1", "i2"), "question": "q", "answer": "a"}
    )
    assert (shown(tmp_path, one), shown(tmp_path, other)) == ([ONE, TWO], [TWO])


@pytest.mark.parametrize("form", ["jsonl", "parquet", "csv"])
def test_options_are_a_list_or_columns_and_an_answer_is_one_its_letter_or_its_place(
    tmp_path: Path, form: str
) -> None:
    lettered = [
        {"q": "?", "A": "red", "B": "blue", "C": "", "a": a} for a in ("B", "blue", "(b)", "1", "D", "C")
    ]
    found = verdicts(
        tmp_path,
        f"x.{form}",
        FORMS[form](lettered),
        {"question": "q", "answer": "a", "options": ("A", "B", "C")},
    )
    assert [(v.answer, sorted(v.options)) for v in found if isinstance(v, Instance)] == [
        ("blue", ["blue", "red"])
    ] * 4
    assert [v.reason for v in found if isinstance(v, Reject)] == ["malformed record", "example impossible"]
    listed = [{"question": "?", "choices": ["red", "blue"], "answer": place} for place in (0, 1, 2)]
    found = verdicts(tmp_path / "list", f"x.{form}", FORMS[form](listed), {})
    assert [v.answer for v in found if isinstance(v, Instance)] == ["red", "blue"]
    assert len(found) == 3 and isinstance(found[2], Reject)


def test_of_several_answers_the_commonest_is_taken_and_numbers_are_written(tmp_path: Path) -> None:
    rows = [
        {"question": "?", "answers": ["a", "b", "b"]},
        {"question": "?", "answers": [2.5]},
        {"question": "?", "answers": []},
    ]
    one, number, none = verdicts(tmp_path, "x.jsonl", json_lines(*rows), {})
    assert isinstance(one, Instance) and isinstance(number, Instance) and isinstance(none, Reject)
    assert (one.answer, number.answer) == ("b", "2.5")


def test_an_instruction_is_said_before_every_question_or_is_the_question(tmp_path: Path) -> None:
    rows = [{"image": "img/1.jpg", "text": "A red plain."}]
    (found,) = verdicts(
        tmp_path, "x.jsonl", json_lines(*rows), {"answer": "text", "instruction": "Describe it."}
    )
    assert isinstance(found, Instance) and found.texts == ("Describe it.", "A red plain.")


WRONG_MAPS: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "image": (
        {**ASKED, "image": "imag"},
        "no column 'imag', which image names; it has img, q, a: did you mean 'img'",
    ),
    "question": ({**ASKED, "question": "qq"}, "no column 'qq', which question names; it has img, q, a"),
    "options": ({**ASKED, "options": ("A", "B")}, "no column 'A', which options names"),
    "conversation": ({"conversation": "turns"}, "no column 'turns', which conversation names"),
    "answer": ({"question": "q"}, "no column of answers by any usual name.*it has img, q, a"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", WRONG_MAPS)
def test_a_wrong_map_is_refused_with_the_columns_that_are_there(tmp_path: Path, key: str, form: str) -> None:
    table, message = WRONG_MAPS[key]
    with pytest.raises(ValueError, match=message):
        verdicts(tmp_path, f"x.{form}", FORMS[form](asked("img/1.jpg")), table)


BROKEN: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "a number for a picture": ({"img": 3}, "column 'img' is a number; expected a picture"),
    "a picture on the web": ({"img": "https://x.org/1.jpg"}, "which nobody has downloaded"),
    "a path of another kind": ({"img": {"path": 3}}, "the path in column 'img' is a number"),
    "no answer": ({"a": None}, "column 'a' is null"),
    "an answer of another kind": ({"a": {"x": 1}}, "column 'a' is an object"),
    "a question of another kind": ({"q": ["x"]}, "'q' is a list"),
    "marks without pictures": ({"q": "<image><image>Which?"}, "1 pictures, 2 of <image>"),
    "a path that leads outside": ({"img": "../../x.jpg"}, "../x.jpg"),
    "nothing asked of nothing": ({"img": None, "q": " "}, "(' ', '0.')"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_cell_of_another_kind_costs_its_record_alone(tmp_path: Path, fault: str) -> None:
    changed, detail = BROKEN[fault]
    first, second = asked("img/1.jpg", "img/2.png")
    broken, whole = verdicts(tmp_path, "x.jsonl", json_lines({**first, **changed}, second), ASKED)
    assert isinstance(broken, Reject) and detail in broken.detail, broken
    assert isinstance(whole, Instance)


def test_other_files_are_no_tables(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"x\.txt is no table; name files that end with"):
        verdicts(tmp_path, "x.txt", "a", {})
    with pytest.raises(
        FileNotFoundError, match=r"Put the files x-\*\.csv of prepare\.tables\.charts into charts"
    ):
        verdicts(tmp_path, "y.csv", "a,b\n", {"files": "x-*.csv"})


def test_files_of_several_formats_and_archives_are_one_table(tmp_path: Path) -> None:
    files = {
        f"charts/{form}/x.{form}": write_form(asked("../img/1.jpg", "../img/2.png"))
        for form, write_form in FORMS.items()
    }
    source = table_source("charts", OwnTable(files="*/x.*", **ASKED))
    found = {}
    for lay in (write, write_zipped, write_tarred):
        tree = RawTree.of(str(lay(tmp_path / lay.__name__, {**files, **FILES})), source.raws)
        found[lay] = list(examine(source, tree, source.tasks, seed=0))
        assert rows_of_passages(source, tree, passages(source, tree, least=1)) == list(source.read(tree))
    assert len({verdict.key for verdict in found[write]}) == 8
    assert found[write] == found[write_zipped] == found[write_tarred]
    assert all(shown(tmp_path / "write", verdict) for verdict in found[write])


@given(st.text(max_size=200))
def test_a_name_is_never_taken_for_a_picture(name: str) -> None:
    place = CellPlace("data/x.jsonl", "cell", "img", 3)
    if name and not name.startswith("http") and "!" not in name:
        (path,) = image_paths(name, place)
        assert path != place.path


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_table_keeps_what_every_source_promises(tmp_path: Path, form: str) -> None:
    files = {f"charts/x.{form}": FORMS[form](asked("img/1.jpg", "img/2.png", "img/1.jpg")), **FILES}
    source = table_source("charts", OwnTable(files=f"x.{form}", **ASKED))
    check_source(source, files, tmp_path)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.jsonl.gz", gzip.compress(json_lines(*asked("img/1.jpg", BASE64)).encode(), mtime=0)),
        ("x.csv.gz", gzip.compress(table_of_text(asked("img/1.jpg", BASE64)).encode(), mtime=0)),
        ("x.jsonl", json_lines(*asked("img/1.jpg", BASE64)).encode("utf-16")),
        ("x.json", b"\xef\xbb\xbf" + json.dumps(asked("img/1.jpg", BASE64)).encode()),
        ("x.tsv", f'img\tq\ta\nimg/1.jpg\t"Number\n0?"\t0.\n{BASE64}\tNumber 1?\t1.\n'),
    ],
)
def test_files_come_packed_and_in_other_letters(tmp_path: Path, name: str, data: Any) -> None:
    one, other = verdicts(tmp_path, name, data, ASKED)
    assert isinstance(one, Instance) and "".join(one.prompt.split()) == "Number0?"
    assert shown(tmp_path, one) == shown(tmp_path, other) == [ONE]
