"""A student at work in JupyterLab: fills in the functions, sees the checks, plays, validates; and makes a mistake.

`pytest tests/browser --screenshots` keeps the pictures.
"""

import re
import shutil

import pytest
from helper import FUNCTIONS, ROOT, find_cell
from serving import jupyterlab

SETTINGS = {
    "apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
}
MINUTE = 60_000  # milliseconds


@pytest.fixture
def page(browser, step_by_step, tmp_path):
    """The release of the first assignment, open in JupyterLab."""
    folder = tmp_path / "student"
    shutil.copytree(step_by_step.release.parent, folder)
    with jupyterlab(folder, SETTINGS) as address:
        page = browser.new_page(viewport={"width": 1360, "height": 950})
        page.goto(f"{address}/lab/tree/step_by_step.ipynb?reset")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=MINUTE)
        page.wait_for_selector('.jp-NotebookPanel-toolbar >> text="Validate"', timeout=MINUTE)
        page.keyboard.press("Control+b")  # hide the file browser
        yield page
        page.close()


def type_into(page, function, source):
    """Replace what the cell of an exercise says, from the keyboard."""
    cell = page.locator(".jp-CodeCell", has_text=f"# GRADED FUNCTION: {function}\n").or_(
        page.locator(".jp-CodeCell").filter(has=page.locator(f'.cm-line:text-is("# GRADED FUNCTION: {function}")'))
    )
    cell.first.scroll_into_view_if_needed()
    cell.first.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)


def run_all(page, until):
    """Choose Run, Run All Cells, and wait until something is on the page."""
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
    until.wait_for(timeout=2 * MINUTE)


def output_with(page, words):
    """Return the last output that has these words."""
    return page.locator(".jp-OutputArea-output", has_text=words).last


@pytest.mark.slow
def test_all_functions_then_the_playground_then_validate(page, solution, pytestconfig):
    """Ten functions typed in pass; a slider of the playground redraws the border; Validate is content."""
    for function in FUNCTIONS:
        type_into(page, function, find_cell(solution, function).source)
    run_all(page, output_with(page, "Everything passes. Validate the notebook and hand it in."))

    assert output_with(page, "100 of 100 points").is_visible()
    assert output_with(page, "Each row is one exercise.").inner_text().count("passes") == 10
    assert (
        page.locator(".jp-OutputArea-output[data-mime-type*=error], .jp-RenderedText[data-mime-type*=stderr]").count()
        == 0
    )

    image = page.locator("img.playground-picture")
    image.scroll_into_view_if_needed()
    before = image.get_attribute("src")
    slider = page.locator(".widget-slider", has_text="Units, layer 1").locator("[role=slider]")
    slider.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("before => document.querySelector('img.playground-picture').src !== before", arg=before)
    page.get_by_role("button", name="Play").click()
    page.locator(".playground-words", has_text=re.compile(r"Step \d{3}: cost 0\.[0-5]")).wait_for(timeout=2 * MINUTE)
    page.get_by_role("button", name="Pause").click()
    state = page.locator(".widget-text", has_text="State").locator("input")
    page.wait_for_function("field => / layers=2,8,1 .* step=[1-9]/.test(field.value)", arg=state.element_handle())
    if pytestconfig.getoption("--screenshots"):
        image.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
        page.screenshot(path=ROOT / "docs" / "images" / "playground.png")

    page.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate", exact=True).click()
    page.locator(".jp-Dialog", has_text="passes all the tests").wait_for(timeout=2 * MINUTE)


def test_a_mistake_gets_the_hint_that_fits(page, solution, pytestconfig):
    """A gradient that was not divided by m: the check says by which factor it is off, and where that comes from."""
    for function in FUNCTIONS[:7]:
        source = find_cell(solution, function).source
        if function == "linear_backward":
            assert "np.dot(dZ, A_prev.T) / m" in source
            source = source.replace("np.dot(dZ, A_prev.T) / m", "np.dot(dZ, A_prev.T)")
        type_into(page, function, source)
    told = output_with(page, "linear_backward: dW has the right shape")
    run_all(page, told)

    assert re.search(r"2 times|factor", told.inner_text())
    assert re.search(r"\bm\b", told.inner_text())
    if pytestconfig.getoption("--screenshots"):
        told.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
        page.screenshot(path=ROOT / "docs" / "images" / "hint.png")
