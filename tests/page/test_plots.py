from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vf_ray.page.axes import ticks
from vf_ray.page.fits import BandPoint, FittedLine, fitted
from vf_ray.page.plots import MOST_ROWS, Dot, Series, bars, intervals, lines, scatter, smoothed


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_few_round_and_inside(low: float, span: float) -> None:
    found = ticks(low, low + span)
    assert len(found) <= 7
    assert all(low - 1e-6 * span <= value <= low + span + 1e-6 * span for value in found)


def test_every_plot_is_well_formed_and_needs_no_file() -> None:
    dot = Dot(name="a <b>", colour="#000", value=0.5, low=0.4, high=0.6)
    drawn = [
        lines([Series(name="x & y", colour="#123", x=[1, 2], y=[2, 1])], x_label="step", y_label="loss"),
        intervals({"task": [dot]}, x_label="%"),
        bars(["1", "2"], [("a", "#000", [1, 2])], x_label="words", y_label="%"),
        scatter([("a", "#000", 0.1, 0.2), ("b", "#111", 0.1, 0.2)], x_label="x", y_label="y"),
        lines([], x_label="step", y_label="loss"),
    ]  # fmt: skip
    band = [BandPoint(x=x, value=value, low=value - 60, high=value + 60) for x, value in ((1, 10), (9, 90))]
    line = FittedLine(name="<1B>", colour="#1", dots=[(1, 9.0), (9, 92.5), (9, 90)], band=band)
    drawn.append(fitted([line], x_label="tasks", y_label="%"))
    assert drawn[-1].numbers.rows == [
        ["<1B>", "1", "10.0", "-50.0", "70.0", "9.0"], ["<1B>", "9", "90.0", "30.0", "150.0", "92.5, 90.0"],
    ]  # fmt: skip
    for drawing in drawn:
        root = ElementTree.fromstring(drawing.svg)
        assert root.tag.endswith("svg")
        assert "href" not in drawing.svg


def test_behind_a_plot_are_its_numbers() -> None:
    dot = Dot(name="base", colour="#000", value=0.5, low=0.4, high=0.625)
    assert intervals({"task": [dot]}, x_label="%").numbers.rows == [["task", "base", "50.0", "40.0", "62.5"]]
    assert bars(["1", "2"], [("a", "#000", [1, 2.5])], x_label="w", y_label="%").numbers.rows == [
        ["1", "1"], ["2", "2.5"],
    ]  # fmt: skip
    assert scatter([("a", "#000", 0.1, 0.2)], x_label="x", y_label="y").numbers.rows == [
        ["a", "0.100", "0.200"]
    ]
    long, short = range(1000), [0, 40]
    curves = lines(
        [Series(name=n, colour="#1", x=x, y=[2.0 * v for v in x]) for n, x in (("l", long), ("s", short))],
        x_label="step", y_label="loss",
    ).numbers  # fmt: skip
    assert curves.headers == ["step", "l", "s"] and len(curves.rows) == MOST_ROWS
    assert curves.rows[:3] == [["0", "0", "0"], ["20", "40", ""], ["40", "80", "80"]]


def test_a_curve_that_falls_from_above_begins_where_it_enters() -> None:
    fall = Series(name="loss", colour="#1", x=range(90), y=[90.0, 80, 70, *[1.0] * 87], smooth=False)
    (line,) = (
        part
        for part in lines([fall], x_label="step", y_label="loss").svg.split("<")
        if part.startswith("polyline")
    )
    assert len(line.partition("points='")[2].partition("'")[0].split()) == 88


def test_smoothing_keeps_a_constant_and_follows_a_fall() -> None:
    assert smoothed([2.0] * 50) == pytest.approx([2.0] * 50)
    fall = smoothed([float(n) for n in range(100, 0, -1)])
    assert fall == sorted(fall, reverse=True)


def test_names_of_near_points_stand_in_the_order_of_the_points() -> None:
    drawn = scatter([("upper", "#111", 0.5, 0.52), ("lower", "#222", 0.5, 0.5)], x_label="x", y_label="y")
    texts = [e for e in ElementTree.fromstring(drawn.svg).iter() if e.text in ("upper", "lower")]
    heights = {e.text: float(e.attrib["y"]) for e in texts}
    assert heights["lower"] - heights["upper"] >= 14  # y grows downwards
