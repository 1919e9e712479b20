"""The class report in a real browser: its table, its two colour schemes, and what it does not do."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from helper import FUNCTIONS, ROOT
from made_results import make_results

from autograder.diagnosis.catalogue import Misconception
from autograder.reporting.marks_table import Person
from autograder.reporting.report import class_report
from autograder.reporting.results import ClassResults, GradedExercise, Outcome, Result

USES = dict(zip(FUNCTIONS[3:5], FUNCTIONS[2:4], strict=True)) | dict(zip(FUNCTIONS[7:9], FUNCTIONS[6:8], strict=True))
CATALOGUE = {
    name: Misconception(name, function, (), (), cause, instructor)
    for name, function, cause, instructor in [
        ("no-mean", "linear_backward", "The mean is thought part of the cost.", "dW and db are not divided by m."),
        ("cost-sum", "compute_cost", "", "The cost is summed and not averaged."),
        ("uphill", "update_parameters", "", "The parameters move up the slope."),
        ("no-scale", "initialize_parameters", "", "The first weights are not scaled down."),
    ]
}


def simulated_class(students: int) -> ClassResults:
    """Return a class with results drawn at random, always the same."""
    draw = random.Random(7)
    exercises = [
        GradedExercise(name, "step_by_step", {f"test_{name}": 10.0}, (USES[name],) if name in USES else ())
        for name in FUNCTIONS
    ]
    mistakes = {texts.function: name for name, texts in CATALOGUE.items()}
    results = []
    for number in range(students):
        skill, outcomes, wrong = draw.gauss(0.8, 0.2), [], set()
        for place, name in enumerate(FUNCTIONS):
            right = draw.random() < skill - 0.03 * place
            ids: tuple[str, ...] = ()
            if right:
                status = "carried" if USES.get(name) in wrong else "passed"
            else:
                wrong.add(name)
                status = draw.choice(["failed", "failed", "partial"])
                ids = (mistakes[name],) if name in mistakes and draw.random() < 0.8 else ()
            score = {"passed": 10.0, "carried": 10.0, "partial": 5.0}.get(status, 0.0)
            outcomes.append(Outcome(name, score, 10.0, status, None, ids))
        student = f"student{number + 1:02d}"
        seconds = draw.lognormvariate(-1, 0.4)
        total = sum(one.score for one in outcomes)
        results.append(Result(student, Person(student), True, None, total, outcomes=outcomes, seconds=seconds))
    results[4].repairs = ["the test test_linear_forward was missing and was put back"]
    results[9].timed_out = ["test_L_model_backward"]
    results[11].notes = ["the submission tried to open a network connection"]
    return ClassResults("step_by_step", exercises, results, [], 100.0)


@pytest.fixture
def opened(browser, tmp_path):
    """Open a report; what it logs or asks for is collected."""

    def show(results: ClassResults, scheme: str = "light", **options):
        path = tmp_path / "report.html"
        feedback = {result.student: tmp_path / f"{result.student}.html" for result in results.results}
        path.write_text(class_report(results, CATALOGUE, feedback, tmp_path), encoding="utf-8")
        page = browser.new_page(viewport={"width": 1100, "height": 900}, color_scheme=scheme, **options)
        page.noticed = []
        page.on("console", lambda message: page.noticed.append(message.text))
        page.on("request", lambda request: page.noticed.append(request.url))
        page.goto(path.as_uri())
        return page

    return show


def test_nothing_is_loaded_and_nothing_complains(opened):
    """The page itself is the only request; its own policy stops nothing that it needs."""
    page = opened(make_results())

    assert [text for text in page.noticed if not text.endswith("report.html")] == []


def test_the_table_is_sorted_and_searched(opened):
    """By a click on a heading, up and down; the search counts what it shows."""
    page = opened(make_results())
    names = page.locator("#table tbody tr:visible th")
    page.get_by_role("button", name="score").click()
    assert names.all_inner_texts() == ["dan", "ben", "chi", "eve", "Ada Byron <b> (ada)"]
    page.get_by_role("button", name="score").click()
    assert names.all_inner_texts()[0] == "Ada Byron <b> (ada)"
    assert page.locator("#table thead th").nth(1).get_attribute("aria-sort") == "descending"
    page.get_by_label("Show only rows with").fill("repaired")

    assert names.all_inner_texts() == ["chi"]
    assert page.get_by_role("status").inner_text() == "1 of 5"


def test_without_javascript(opened):
    """Everything is there but the search."""
    page = opened(make_results(), java_script_enabled=False)

    assert page.locator("#table tbody tr").count() == 5
    assert not page.get_by_label("Show only rows with").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_follow_the_scheme(opened, request, scheme):
    """Axes and bars have the page's colours; nothing is wider than the page. With --screenshots, a picture is kept."""
    page = opened(simulated_class(60), scheme)
    ink = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()")
    filled = page.evaluate("[...document.querySelectorAll('svg.chart text')].map(text => getComputedStyle(text).fill)")

    rgb = f"rgb({', '.join(str(int(ink[n : n + 2], 16)) for n in (1, 3, 5))})"
    assert rgb in filled
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    if request.config.getoption("--screenshots"):
        page.set_viewport_size({"width": 1100, "height": 1500})
        page.evaluate("document.getElementById('scores').scrollIntoView()")
        page.screenshot(path=Path(ROOT) / "docs" / "images" / f"report-{scheme}.png")


def test_on_paper(opened):
    """Printed, the page has its tables and charts, in dark colours on white even where the screen is dark."""
    page = opened(make_results(), "dark")
    page.emulate_media(media="print", color_scheme="dark")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("nav").is_visible()
    assert page.locator("svg.chart").first.is_visible()
