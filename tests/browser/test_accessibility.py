"""Both notebooks as web pages, light and dark, before an automatic judge of accessibility (axe-core)."""

import re

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe

from autograder.authoring.validate import execute
from autograder.authoring.web_page import as_page
from autograder.course import Course

THEMES = ["light", "dark"]


def violations(browser, notebook, theme, folder):
    """Return what axe-core finds on a notebook's page, by its weight: lists of lines."""
    path = folder / "page.html"
    path.write_text(as_page(notebook, "An assignment", theme), encoding="utf-8")
    page = browser.new_page()
    page.route(re.compile("^https?:"), lambda route: route.abort())  # the tests need no network
    page.goto(path.as_uri(), wait_until="domcontentloaded")
    found = Axe().run(page).response["violations"]
    page.close()
    lines = {}
    for one in found:
        lines.setdefault(one["impact"], []).append(f"{one['id']}: {one['nodes'][0]['html'][:200]}")
    return lines


@pytest.mark.slow
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["step_by_step", "application"])
def test_release(browser, step_by_step, tmp_path, name, theme):
    """What a student gets: no serious violation, and no minor one."""
    (assignment,) = Course(step_by_step.course.root).assignments([name])
    notebook = nbformat.read(assignment.release, as_version=4)

    assert violations(browser, notebook, theme, tmp_path) == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["step_by_step", "application"])
def test_executed(browser, step_by_step, tmp_path, name):
    """With all its outputs, on both themes."""
    (assignment,) = Course(step_by_step.course.root).assignments([name])
    notebook = execute(assignment.source)

    assert {theme: violations(browser, notebook, theme, tmp_path) for theme in THEMES} == {"light": {}, "dark": {}}


def test_the_judge_can_say_no(browser, tmp_path):
    """Letters that are too pale are found."""
    pale = '# Title\n\n<p style="color: #CCCCCC; background: #FFFFFF">Hardly to be read.</p>'
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(pale)])

    assert "color-contrast" in str(violations(browser, notebook, "light", tmp_path).get("serious"))
