"""Formgrader in JupyterLab, as `make lab` opens it: the course, the grading, the marks and the feedback.

`pytest tests/browser --screenshots` keeps the pictures.
"""

from __future__ import annotations

import shutil

import nbformat
import pytest
from helper import ROOT, copy_modules
from nbgrader.api import Gradebook
from serving import make_lab

from autograder.cli.demo import mistakes_of, submission

ASSIGNMENT = "step_by_step"
SETTINGS = {
    "apputils-extension/themes.jupyterlab-settings": {"theme": "JupyterLab Light"},
    "apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false", "checkForUpdates": False},
}
# Milliseconds; a submission is graded from a cold start, perhaps on a busy machine.
SOON, LONG = 60_000, 180_000
SIZE = {"width": 1440, "height": 860}
NAMES = {"ada": ("Ada", "Costa"), "chandra": ("Chandra", "Gupta"), "haru": ("Haru", "Ito")}


@pytest.fixture
def course(tmp_path, solution, release, catalogue):
    """A copy of the project, in which three have handed in; there is no gradebook yet."""
    root = tmp_path / "course"
    copy_modules(root)
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copyfile(ROOT / name, root / name)
    for name in ("notebooks", "datasets", "source", "release"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for student in NAMES:
        folder = root / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True)
        handed_in = submission(solution, release, mistakes_of(student, catalogue))
        nbformat.write(handed_in, folder / f"{ASSIGNMENT}.ipynb")
        (folder / "timestamp.txt").write_text("2027-03-01 21:30:00 UTC", encoding="utf-8")
    return root


@pytest.fixture
def formgrader(browser, course):
    """Formgrader's frame, opened from JupyterLab's menu; its page, and the address."""
    with make_lab(course, SETTINGS) as address:
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(SOON)
        with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
            for student, (first, last) in NAMES.items():
                gradebook.add_student(student, first_name=first, last_name=last)
        page.goto(f"{address}/lab?reset")
        page.get_by_role("menuitem", name="Nbgrader").click()
        page.get_by_role("menuitem", name="Formgrader").click()
        page.keyboard.press("Control+b")  # hide the file browser
        yield page.frame_locator("#formgrader-iframe iframe"), page, address
        page.close()


def marks(formgrader) -> dict[str, tuple[str, str]]:
    """Return status and score of each student, as the list of submissions shows them."""
    rows = formgrader.locator("#main-table tr")
    cells = [[" ".join(text.split()) for text in row.locator("td").all_inner_texts()] for row in rows.all()]
    return {row[1]: (row[3], row[4]) for row in cells}


def press(formgrader, student: str, button: str, said: str) -> None:
    """Press one of the buttons in a student's row, and wait until formgrader says that it is done."""
    row = formgrader.locator("#main-table tr", has=formgrader.locator(f".student-id[data-order={student}]"))
    row.locator(f".{button} a").click()
    dialog = formgrader.locator(".modal.in")
    dialog.wait_for(timeout=LONG)
    assert said in dialog.inner_text()
    dialog.locator(".modal-footer button").click()
    dialog.wait_for(state="detached")


@pytest.mark.slow
def test_from_the_list_to_the_feedback(formgrader, course, pytestconfig):
    """The course is listed; the button grades; marks, the view for grading by hand and the feedback are there."""
    frame, page, address = formgrader
    frame.locator("td.name", has_text=ASSIGNMENT).wait_for()
    names = [name.strip() for name in frame.locator("td.name").all_inner_texts()]
    row = frame.locator("#main-table tr", has=frame.locator("td.name", has_text=ASSIGNMENT))

    assert sorted(names) == ["application", ASSIGNMENT]
    assert row.locator(".num-submissions").inner_text().strip() == "3"

    row.locator(".num-submissions a").click()
    frame.locator(".autograde a").first.wait_for()
    assert marks(frame) == {name: ("needs autograding", "") for name in NAMES}
    for student in ("ada", "chandra"):
        press(frame, student, "autograde", f"Successfully autograded '{ASSIGNMENT}' for student '{student}'")
    frame.locator(".status .label-success").nth(1).wait_for()
    assert marks(frame) == {
        "ada": ("graded", "100 / 100"),
        "chandra": ("graded", "93 / 100"),
        "haru": ("needs autograding", ""),
    }
    keep(page, "submissions", pytestconfig, height=540)

    press(frame, "chandra", "generate-feedback", f"Successfully generated feedback for '{ASSIGNMENT}'")

    frame.get_by_role("link", name="Manual Grading").click()
    frame.locator("td.name a", has_text=ASSIGNMENT).click()
    frame.locator("td.name a", has_text=ASSIGNMENT).click()
    frame.locator("tr", has_text="93 / 100").locator("td.name a.name-hidden").click()
    points = frame.locator("input.score")
    points.first.wait_for()
    frame.locator("#test_linear_backward_dW").and_(frame.locator("input")).wait_for()
    page.wait_for_function(
        "[...document.querySelector('#formgrader-iframe iframe').contentDocument.querySelectorAll('input.score')]"
        ".every(field => field.placeholder)"
    )
    given = {field.get_attribute("id"): field.get_attribute("placeholder") for field in points.all()}
    earned = {"test_linear_backward_dW": "0", "test_linear_backward_db": "0", "test_linear_backward_dA_prev": "3"}
    assert {name: given[name] for name in earned} == earned
    assert "A hint for linear_backward" in frame.locator("body").inner_text()
    comment = frame.locator("#linear_backward-comment")
    comment.fill("Which factor does the mean over the examples bring?")
    comment.blur()
    frame.locator(".comment-saved").filter(visible=True).first.wait_for()
    frame.locator("#test_linear_backward_dW").evaluate(
        "field => { field.closest('.cell').scrollIntoView(); scrollBy(0, -60); }"  # a bar hides what is on top
    )
    keep(page, "submission", pytestconfig)

    page.goto(f"{address}/lab/tree/feedback/chandra/{ASSIGNMENT}/{ASSIGNMENT}.html")
    feedback = page.frame_locator(".jp-HTMLViewer iframe")
    feedback.get_by_text("(Score: 93.0 / 100.0)").first.wait_for()
    told = feedback.locator("body").inner_text()
    assert "A hint for linear_backward" in told
    assert "HIDDEN TESTS" not in told
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        said = gradebook.find_comment("linear_backward", ASSIGNMENT, ASSIGNMENT, "chandra").comment
    assert said == "Which factor does the mean over the examples bring?"


def keep(page, name: str, pytestconfig, height: int = SIZE["height"]) -> None:
    """Write a picture for the documentation, if that was asked for."""
    if pytestconfig.getoption("--screenshots"):
        page.set_viewport_size({**SIZE, "height": height})
        page.wait_for_timeout(1000)
        page.screenshot(path=ROOT / "docs" / "images" / f"formgrader-{name}.png")
        page.set_viewport_size(SIZE)
