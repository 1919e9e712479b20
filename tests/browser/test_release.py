"""The release in JupyterLab, as a student sees it. `pytest tests/browser --screenshots` keeps the pictures."""

import shutil

import pytest
from helper import ROOT
from serving import jupyterlab

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


@pytest.mark.slow
@pytest.mark.parametrize("shade", list(THEMES))
def test_equations_figures_and_folds_are_rendered(browser, step_by_step, tmp_path, pytestconfig, shade):
    """On the light and on the dark theme: equations typeset, pictures loaded, hints folded."""
    folder = tmp_path / "student"
    shutil.copytree(step_by_step.release.parent, folder)
    settings = {
        "apputils-extension/themes.jupyterlab-settings": {"theme": THEMES[shade]},
        "apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false", "checkForUpdates": False},
        # All cells in the page at once; by default only those in view are.
        "notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
    }
    with jupyterlab(folder, settings) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/lab/tree/step_by_step.ipynb?reset")
        page.wait_for_selector(".jp-Notebook img", timeout=60_000)
        page.wait_for_function("document.querySelectorAll('.jp-Notebook mjx-container').length > 60", timeout=60_000)
        page.wait_for_function(
            "[...document.querySelectorAll('.jp-Notebook img')].every(i => i.complete && i.naturalWidth > 0)",
            timeout=60_000,
        )
        pictures = page.locator(".jp-Notebook img")
        alternatives = [pictures.nth(n).get_attribute("alt") for n in range(pictures.count())]

        assert len(alternatives) == 5
        assert all(alternatives)
        assert page.locator(".jp-Notebook mjx-merror, .jp-Notebook mjx-container [data-mjx-error]").count() == 0
        assert "$" not in page.locator(".jp-Notebook .jp-RenderedMarkdown").first.inner_text()
        assert page.locator(".jp-Notebook details").count() == 41
        assert page.locator(".jp-Notebook details[open]").count() == 0
        assert page.evaluate("document.body.dataset.jpThemeLight") == str(shade == "light").lower()

        if pytestconfig.getoption("--screenshots"):
            page.keyboard.press("Control+b")  # hide the file browser
            heading = page.locator(".jp-Notebook h3", has_text="6.1 Linear, backward")
            heading.evaluate("element => element.scrollIntoView()")
            page.wait_for_timeout(1500)
            page.screenshot(path=ROOT / "docs" / "images" / f"release-{shade}.png")
        page.close()
