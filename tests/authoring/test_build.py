"""Masters to source and release, and back."""

import nbformat
import pytest
from helper import ROOT, find_cell

from autograder.authoring.build import build, drift, edited, pull
from autograder.course import Course
from autograder.notebook.authoring_errors import BuildError
from autograder.release import load


def assignment_of(course: Course):
    """Return the one that the tests use."""
    return course.assignments(["step_by_step"])[0]


def change_master(course: Course, old: str, new: str) -> None:
    """Edit a master as an author would."""
    master = assignment_of(course).master
    text = master.read_text(encoding="utf-8")
    assert old in text
    master.write_text(text.replace(old, new), encoding="utf-8")


def edit_source(course: Course, old: str, new: str) -> None:
    """Edit and run a source notebook as somebody would in JupyterLab."""
    path = assignment_of(course).source
    notebook = nbformat.read(path, as_version=4)
    cell = next(cell for cell in notebook.cells if old in cell.source)
    cell.source = cell.source.replace(old, new)
    find_cell(notebook, "linear_forward").execution_count = 5
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, path)


def files_of(course: Course) -> dict[str, bytes]:
    """Return everything under source/ and release/."""
    paths = [path for part in ("source", "release") for path in (course.root / part).rglob("*") if path.is_file()]
    return {path.relative_to(course.root).as_posix(): path.read_bytes() for path in paths}


class TestBuild:
    """What a build writes."""

    def test_the_committed_files_are_what_the_masters_give(self, built_once):
        """Byte for byte, on another day and in another folder."""
        assert files_of(Course(ROOT)) == files_of(built_once)

    def test_a_release_folder_has_what_a_student_needs(self, built_once):
        """The notebook, the pictures it shows, the helper modules it imports and those that they import."""
        folder = assignment_of(built_once).release.parent
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())

        lab = {
            "": "__init__ progress",
            "checks/": "__init__ calling comparing other_values tolerance",
            "figures/": "__init__ output plots traces",
            "hints/": "__init__ comparing constant_factors finite_differences known_inputs numerical_hints",
            "playground/": "__init__ board learner patterns widget",
        }
        pictures = "backward_pass forward_backward l_layer_model linear_backward outline"
        assert names == [
            *sorted(f"dnn_lab/{place}{one}.py" for place, modules in lab.items() for one in modules.split()),
            "dnn_utils.py",
            *(f"images/{name}.svg" for name in pictures.split()),
            "step_by_step.ipynb",
            "testCases.py",
        ]

    def test_a_release_has_the_parts_that_its_notebook_uses(self, built_once):
        """No playground where there is none, no pictures where none are read."""
        folder = assignment_of(built_once).release.parent.parent
        names = ("step_by_step", "application")
        has = {name: {path.name for path in (folder / name / "dnn_lab").iterdir()} for name in names}

        assert has["application"] - has["step_by_step"] == {"pictures.py", "training.py"}
        assert has["step_by_step"] - has["application"] == {"playground"}

    @pytest.mark.slow
    def test_helpers_of_helpers_go_along(self, built):
        """A module that only another helper imports, inside a function; two that import each other; none from PyPI."""
        first = built.root / "dnn_utils.py"
        first.write_text(first.read_text(encoding="utf-8") + "\n\ndef f():\n    import second\n", encoding="utf-8")
        (built.root / "second.py").write_text("import numpy\nimport third\n", encoding="utf-8")
        (built.root / "third.py").write_text("import second\n", encoding="utf-8")
        (built.root / "apart.py").write_text("", encoding="utf-8")
        build(assignment_of(built))

        for path in (assignment_of(built).source, assignment_of(built).release):
            names = {one.name for one in path.parent.glob("*.py")}
            assert {"dnn_utils.py", "second.py", "third.py"} <= names
            assert not {"apart.py", "numpy.py"} & names

    def test_a_second_build_changes_nothing(self, built):
        """A build is deterministic."""
        before = files_of(built)
        build(assignment_of(built))

        assert files_of(built) == before

    @pytest.mark.slow
    def test_outputs_never_reach_the_source_again(self, built):
        """Somebody ran and saved the source; that is no edit, and a build cleans it."""
        before = files_of(built)
        edit_source(built, "np.dot(W, A) + b", "np.dot(W, A) + b")

        assert edited(assignment_of(built)) == {}
        assert drift(assignment_of(built))
        build(assignment_of(built))
        assert files_of(built) == before

    def test_grade_cells_are_locked_and_solution_cells_are_not(self, release):
        """Students can neither edit nor delete a test, and can edit but not delete a solution cell."""
        for cell in release.cells:
            marks = cell.metadata.get("nbgrader", {})
            if marks.get("grade"):
                assert (cell.metadata.deletable, cell.metadata.editable) == (False, False)
            elif marks.get("solution"):
                assert (cell.metadata.deletable, cell.metadata.get("editable", True)) == (False, True)

    def test_the_author_s_notes_stay_with_the_author(self, release):
        """What the source keeps about the build is not released."""
        assert "autograder" not in release.metadata

    def test_the_bundle_is_stored(self, built_once):
        """The solved notebook, its files, and the checksums that the gradebook has."""
        bundle = load(built_once.root / "bundles" / "step_by_step")
        solved = nbformat.read(bundle.notebook("step_by_step"), as_version=4)

        assert "np.dot(W, A) + b" in find_cell(solved, "linear_forward").source
        assert (bundle.files / "testCases.py").is_file()
        assert "test_linear_forward" in bundle.cells["step_by_step"]

    def test_a_wrong_master_is_refused_before_anything_is_written(self, built):
        """All problems are named, and the release stays as it was."""
        before = files_of(built)
        change_master(built, "### BEGIN HIDDEN TESTS", "### BEGIN HIDEN TESTS")

        with pytest.raises(BuildError) as caught:
            build(assignment_of(built))
        assert len(caught.value.problems) == 17
        assert files_of(built) == before

    def test_a_leaking_release_is_removed(self, built):
        """A solution line in the text: the message names both cells, and no release is left to hand out."""
        change_master(built, "# ## 9 Conclusion\n", "# ## 9 Conclusion\n#\n# By the way, `Z = np.dot(W, A) + b`.\n")

        with pytest.raises(BuildError, match="a line of the solution of cell linear_forward"):
            build(assignment_of(built))
        assert not assignment_of(built).release.parent.exists()


class TestCheck:
    """`build --check`."""

    def test_nothing_to_report(self, built):
        """Right after a build."""
        assert drift(assignment_of(built)) == []

    def test_one_changed_solution_line(self, built):
        """The source's file is named; the release does not show solutions, so it is the same."""
        change_master(built, "Z = np.dot(W, A) + b", "Z = np.dot(W, A) + 1 * b")

        assert [problem.file.name for problem in drift(assignment_of(built))] == ["step_by_step.ipynb"]

    def test_a_changed_helper_and_a_foreign_file(self, built):
        """A helper that was not copied again, and a file that a build would not write."""
        (built.root / "dnn_utils.py").write_text("# new\n", encoding="utf-8")
        (assignment_of(built).release.parent / "answers.txt").write_text("42", encoding="utf-8")

        names = [problem.file.relative_to(built.root).as_posix() for problem in drift(assignment_of(built))]
        assert names == [
            "source/step_by_step/dnn_utils.py",
            "source/step_by_step/step_by_step.ipynb",
            "release/step_by_step/answers.txt",
            "release/step_by_step/dnn_utils.py",
        ]

    @pytest.mark.slow
    def test_it_writes_to_no_gradebook(self, built, tmp_path):
        """Not even to one whose address the course gives, and not to the bundle beside it."""
        gradebook = tmp_path / "elsewhere" / "gradebook.db"
        gradebook.parent.mkdir()
        with (built.root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
            config.write(f"\nc.CourseDirectory.db_url = 'sqlite:///{gradebook}'\n")
        build(assignment_of(built))
        before = gradebook.read_bytes()
        bundle = load(gradebook.parent / "bundles" / "step_by_step").hash
        change_master(built, "Z = np.dot(W, A) + b", "Z = np.dot(W, A) + 1 * b")

        assert drift(assignment_of(built))
        assert gradebook.read_bytes() == before
        assert load(gradebook.parent / "bundles" / "step_by_step").hash == bundle


class TestPull:
    """Edits made in JupyterLab."""

    def test_build_refuses_to_overwrite_an_edit(self, built):
        """Both files are named, and the edit is still there."""
        edit_source(built, "Before the first round somebody", "Before the very first round somebody")
        before = files_of(built)

        with pytest.raises(BuildError) as caught:
            build(assignment_of(built))
        assert "source/step_by_step/step_by_step.ipynb" in str(caught.value)
        assert "notebooks/step_by_step.py" in str(caught.value)
        assert files_of(built) == before

    def test_pull_takes_it(self, built):
        """The master has the edit and nothing else changed; the next build is clean."""
        before = assignment_of(built).master.read_text(encoding="utf-8")
        edit_source(built, "Before the first round somebody", "Before the very first round somebody")
        pull(assignment_of(built))
        build(assignment_of(built))

        expected = before.replace("Before the first round somebody", "Before the very first round somebody")
        assert assignment_of(built).master.read_text(encoding="utf-8") == expected
        assert drift(assignment_of(built)) == []

    def test_pull_takes_an_edited_helper(self, built):
        """A helper edited beside the notebook goes back to where it came from."""
        copy = assignment_of(built).source.parent / "dnn_utils.py"
        copy.write_text(copy.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")

        with pytest.raises(BuildError, match=r"dnn_utils\.py"):
            build(assignment_of(built))
        assert pull(assignment_of(built)) == [built.root / "dnn_utils.py"]
        assert (built.root / "dnn_utils.py").read_text(encoding="utf-8").endswith("# edited\n")

    def test_edits_on_both_sides_are_a_conflict(self, built):
        """Neither is lost; the author has to merge."""
        edit_source(built, "Before the first round somebody", "Before the very first round somebody")
        change_master(built, "A network learns in a circle.", "A network learns in circles.")
        before = assignment_of(built).master.read_text(encoding="utf-8")

        with pytest.raises(BuildError, match="merge the two by hand"):
            pull(assignment_of(built))
        assert assignment_of(built).master.read_text(encoding="utf-8") == before

    @pytest.mark.slow
    def test_the_same_edit_on_both_sides_is_none(self, built):
        """Nothing to refuse where both say the same."""
        edit_source(built, "A network learns in a circle.", "A network learns in circles.")
        change_master(built, "A network learns in a circle.", "A network learns in circles.")
        build(assignment_of(built))

        assert "A network learns in circles." in assignment_of(built).release.read_text(encoding="utf-8")
        assert drift(assignment_of(built)) == []
