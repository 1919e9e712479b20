"""What was released is kept beside the gradebook."""

import json
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.notebook.markers import DEFAULTS, Markers
from autograder.release import BundleError, bundles_folder, load, store_notebook


@pytest.fixture
def stored(tmp_path) -> Path:
    """A bundle with two notebooks and two files."""
    for name in ["helper.py", "picture.svg"]:
        (tmp_path / name).write_text(name, encoding="utf-8")
    files = {"helper.py": tmp_path / "helper.py", "images/picture.svg": tmp_path / "picture.svg"}
    folder = tmp_path / "bundles" / "task"
    for name in ["one", "two"]:
        store_notebook(folder, name, f"solved {name}", {"cell": name}, files=files, siblings={"one", "two"})
    return folder


def test_stored_and_loaded(stored):
    """Notebooks, files and checksums come back."""
    bundle = load(stored)

    assert bundle.cells == {"one": {"cell": "one"}, "two": {"cell": "two"}}
    assert bundle.notebook("two").read_text(encoding="utf-8") == "solved two"
    assert (bundle.files / "images" / "picture.svg").read_text(encoding="utf-8") == "picture.svg"


def test_the_hash_depends_on_the_content_alone(stored):
    """Storing the same again gives the same hash, another solution another one."""
    before = load(stored).hash
    files = {
        "helper.py": stored.parent.parent / "helper.py",
        "images/picture.svg": stored.parent.parent / "picture.svg",
    }
    same = store_notebook(stored, "one", "solved one", {"cell": "one"}, files=files, siblings={"one", "two"})
    other = store_notebook(stored, "one", "solved otherwise", {"cell": "one"}, files=files, siblings={"one", "two"})

    assert same.hash == before != other.hash


def test_what_is_no_longer_part_of_it_goes(stored):
    """A notebook or file that the assignment does not have any more is removed."""
    bundle = store_notebook(stored, "one", "solved one", {}, files={}, siblings={"one"})

    assert list(bundle.cells) == ["one"]
    assert not bundle.notebook("two").exists()
    assert not bundle.files.exists()


def test_each_notebook_has_its_own_markers(stored):
    """One that is stored again does not change what the other was released with."""
    first, second = Markers(begin_solution="<"), Markers(end_hidden_tests="(")
    store_notebook(stored, "one", "solved", {}, files={}, siblings={"one", "two"}, markers=first)
    bundle = store_notebook(stored, "two", "solved", {}, files={}, siblings={"one", "two"}, markers=second)

    assert (bundle.markers_of("one"), bundle.markers_of("two")) == (first, second)


def test_a_bundle_of_an_earlier_version(stored):
    """It says nothing of markers: they were nbgrader's own."""
    manifest = json.loads((stored / "bundle.json").read_text(encoding="utf-8"))
    del manifest["markers"]
    (stored / "bundle.json").write_text(json.dumps(manifest), encoding="utf-8")

    assert load(stored).markers_of("one") == DEFAULTS


@pytest.mark.parametrize("name", ["notebooks/one.ipynb", "files/helper.py"])
@pytest.mark.parametrize("how", ["changed", "removed"])
def test_a_changed_bundle_is_refused(stored, name, how):
    """Every file is covered by its hash, and the message names it."""
    if how == "changed":
        (stored / name).write_text("something else", encoding="utf-8")
    else:
        (stored / name).unlink()

    with pytest.raises(BundleError, match=name):
        load(stored)


def test_an_added_file_is_refused(stored):
    """A file that was not stored would reach the student's folder."""
    (stored / "files" / "extra.py").write_text("", encoding="utf-8")

    with pytest.raises(BundleError, match=r"extra\.py"):
        load(stored)


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "{",
        "[]",
        json.dumps({"cells": {}}),
        json.dumps({"cells": 1, "files": 2}),
        json.dumps({"cells": {}, "files": {}, "markers": {"one": 1}}),
    ],
)
def test_a_damaged_manifest_is_refused(stored, manifest):
    """In a sentence, whatever is in it."""
    (stored / "bundle.json").write_text(manifest, encoding="utf-8")

    with pytest.raises(BundleError, match="damaged"):
        load(stored)


def test_no_bundle(tmp_path):
    """The remedy is in the message."""
    with pytest.raises(BundleError, match="nbgrader generate_assignment task"):
        load(tmp_path / "task")


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("sqlite:////data/course/gradebook.db", "/data/course/bundles"),
        ("sqlite:////data/my%20course/gradebook.db", "/data/my course/bundles"),
        ("postgresql://server/gradebook", "/course/bundles"),
        ("sqlite://", "/course/bundles"),
    ],
)
def test_where_bundles_lie(url, folder):
    """Beside the gradebook if it is a file, else in the course's folder."""
    assert bundles_folder(url, Path("/course")) == Path(folder)


@pytest.mark.parametrize("elsewhere", [True, False])
def test_where_the_course_has_its_bundles(tmp_path, elsewhere):
    """Beside the gradebook: a course that moved its gradebook has older bundles lying about."""
    given = (
        f"c = get_config()\nc.CourseDirectory.db_url = 'sqlite:///{tmp_path}/marks/gradebook.db'" if elsewhere else ""
    )
    (tmp_path / "nbgrader_config.py").write_text(given)

    assert Course(tmp_path).bundles == tmp_path / ("marks/bundles" if elsewhere else "bundles")


def test_a_configuration_that_need_not_be_run(tmp_path):
    """It imports nbgrader, which takes seconds; `autograder check` would wait for it."""
    (tmp_path / "nbgrader_config.py").write_text("raise AssertionError('it was run')")

    assert Course(tmp_path).bundles == tmp_path / "bundles"
