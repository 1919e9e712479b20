"""What an author puts into source/ by hand is not deleted by a build, and the message says where it belongs."""

import base64
import shutil

import nbformat
import pytest
from helper import write_files

from autograder.authoring.build import build, drift, pull
from autograder.course import Assignment, Course
from autograder.notebook.authoring_errors import BuildError

MASTER = """\
# %% [markdown]
# Look at this.
#
# ![a line](images/line.svg)

# %%
import helper
"""


@pytest.fixture(scope="module")
def built_small(tmp_path_factory):
    """A course of one small assignment, built. Read-only."""
    root = tmp_path_factory.mktemp("small")
    files = {
        "notebooks/small.py": MASTER,
        "notebooks/images/line.svg": "<svg/>",
        "nbgrader_config.py": "c = get_config()\n",
        "helper.py": "x = 1\n",
    }
    write_files(root, files)
    small = Assignment(Course(root), "small")
    build(small)
    return small


@pytest.fixture
def small(built_small, tmp_path, monkeypatch):
    """The same, to be changed; nbgrader is left out, because what is tested is decided before it starts."""
    shutil.copytree(built_small.course.root, tmp_path, dirs_exist_ok=True)

    def copy_release(assignment, _=None, **__):
        shutil.copytree(built_small.release.parent, assignment.release.parent, dirs_exist_ok=True)

    monkeypatch.setattr("autograder.authoring.build.generate", copy_release)
    return Assignment(Course(tmp_path), "small")


def put(folder, name, content="mine\n"):
    """Write a file as an author would."""
    write_files(folder, {name: content})
    return folder / name


def paste(small):
    """Paste a picture into the text cell of the source, as JupyterLab does."""
    notebook = nbformat.read(small.source, as_version=4)
    notebook.cells[0].attachments = {"image.png": {"image/png": base64.b64encode(b"picture").decode()}}
    notebook.cells[0].source += "\n![image.png](attachment:image.png)"
    nbformat.write(notebook, small.source)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("extra.py", "Move it to {root}/extra.py, from where"),
        ("photo.png", "Move it to {root}/notebooks/images/photo.png and show it as ![what it shows](images/photo.png)"),
        ("images/more/photo.PNG", "Move it to {root}/notebooks/images/more/photo.PNG and show it"),
        ("draft.ipynb", "Move it out of {root}/source/small, or delete it"),
        ("data/numbers.csv", "Move it to {root}/data/numbers.csv and list data/numbers.csv under autograder: files:"),
    ],
)
def test_a_file_of_the_author_s_stays(small, name, remedy):
    """Build, pull and check all name it and say what to do; nothing is deleted."""
    path = put(small.source.parent, name)
    line = put(small.course.masters, "images/line.svg", "<svg></svg>")

    for command in (build, pull):
        with pytest.raises(BuildError) as caught:
            command(small)
        assert f"{path}: not what a build wrote" in str(caught.value)
        assert remedy.format(root=small.course.root) in str(caught.value)
    assert [str(problem) for problem in drift(small) if problem.file == path] == [str(caught.value)]
    assert path.read_text(encoding="utf-8") == "mine\n"
    assert (small.source.parent / "images/line.svg").read_text(encoding="utf-8") != line.read_text(encoding="utf-8")


def test_moved_or_copied_where_it_belongs_it_is_taken(small):
    """The remedy works: a new module that the notebook imports, edited in JupyterLab, and left there as well."""
    put(small.source.parent, "extra.py")
    put(small.course.root, "extra.py")
    notebook = nbformat.read(small.source, as_version=4)
    notebook.cells[1].source += "\nimport extra"
    nbformat.write(notebook, small.source)

    assert pull(small) == [small.master]
    assert "import extra" in small.master.read_text(encoding="utf-8")
    build(small)
    assert (small.source.parent / "extra.py").read_text(encoding="utf-8") == "mine\n"


def test_another_version_where_the_build_takes_it_from(small):
    """A module of the same name is in the course's folder: the one beside the notebook is not overwritten by it."""
    path = put(small.source.parent, "extra.py")
    put(small.course.root, "extra.py", "other\n")
    put(small.course.root, "helper.py", "import extra\n")

    with pytest.raises(BuildError, match=r"extra\.py is another version"):
        build(small)
    assert path.read_text(encoding="utf-8") == "mine\n"


def test_what_is_no_longer_needed_goes_away_unless_it_was_edited(small):
    """A helper that the master does not import any more: the copy goes, an edited copy is the author's."""
    small.master.write_text(MASTER.replace("import helper", "import other"), encoding="utf-8")
    (small.course.root / "helper.py").rename(small.course.root / "other.py")
    copy = small.source.parent / "helper.py"
    was = copy.read_text(encoding="utf-8")
    copy.write_text(was + "# edited\n", encoding="utf-8")
    with pytest.raises(BuildError, match=r"source/small/helper\.py: not what a build wrote"):
        build(small)

    copy.write_text(was, encoding="utf-8")
    build(small)
    assert not copy.exists()
    assert (small.source.parent / "other.py").is_file()


def test_without_the_notebook_nothing_is_known_of_the_last_build(small):
    """The source notebook was renamed: it stays; the copies that are what the build would write are no strays."""
    renamed = small.source.rename(small.source.with_name("renamed.ipynb"))

    with pytest.raises(BuildError) as caught:
        build(small)
    assert [problem.file for problem in caught.value.problems] == [renamed]
    assert renamed.is_file()


def test_what_tools_leave_is_nobody_s(small):
    """It is not reported, and what nbgrader would hand out is removed."""
    names = [".DS_Store", "images/.DS_Store", "._helper.py", ".mypy_cache/a.json", "__pycache__/a.pyc"]
    names += [".ipynb_checkpoints/small-checkpoint.ipynb"]
    paths = [put(small.source.parent, name) for name in names]

    assert drift(small) == []
    build(small)
    assert [path.exists() for path in paths] == [False] * 4 + [True] * 2


def test_a_picture_pasted_into_a_cell_stays(small):
    """The cell is named with the remedy by all three, also after its text was taken into the master."""
    paste(small)
    before, master = small.source.read_bytes(), small.master.read_text(encoding="utf-8")
    remedy = (
        rf"cell 1 \('Look at this\.'\): has image\.png pasted .* Save the picture under {small.course.masters}/images"
    )

    for command in (build, pull):
        with pytest.raises(BuildError, match=remedy):
            command(small)
    assert "image.png pasted" in str(drift(small)[0])
    assert small.master.read_text(encoding="utf-8") == master
    small.master.write_text(
        master.replace("line.svg)", "line.svg)\n# ![image.png](attachment:image.png)"), encoding="utf-8"
    )
    with pytest.raises(BuildError, match=remedy):
        build(small)
    assert small.source.read_bytes() == before


def test_pull_takes_an_edited_notebook_and_an_edited_helper(small):
    """As before, together, and the next build finds nothing edited."""
    put(small.source.parent, "helper.py", "x = 2\n")
    notebook = nbformat.read(small.source, as_version=4)
    notebook.cells[0].source = notebook.cells[0].source.replace("at this", "at that")
    nbformat.write(notebook, small.source)

    assert pull(small) == [small.master, small.course.root / "helper.py"]
    assert (small.course.root / "helper.py").read_text(encoding="utf-8") == "x = 2\n"
    assert small.master.read_text(encoding="utf-8").count("Look at that.") == 1
    build(small)
