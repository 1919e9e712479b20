"""Marks per function, from a graded notebook."""

from helper import code_cell, grade_cell, graded_notebook, solution_cell
from nbformat.v4 import new_output

from autograder.notebook.marks import FunctionMarks, failure, functions, read_marks


def error(ename: str, evalue: str):
    """Return an error output."""
    return new_output("error", ename=ename, evalue=evalue, traceback=[])


def with_outputs(cell, *outputs):
    """Return a cell with outputs."""
    cell.outputs = list(outputs)
    return cell


def test_grade_cells_belong_to_the_solution_cell_before_them():
    """Also with other cells between, and with a cell that is both."""
    both = grade_cell("x", "essay", 3)
    both.metadata.nbgrader.update(solution=True, locked=False)
    notebook = graded_notebook(
        grade_cell("assert 1", "first"),
        solution_cell("f = 1", "f"),
        code_cell("print(f)"),
        grade_cell("assert f", "test_f_1"),
        grade_cell("assert f", "test_f_2"),
        both,
        grade_cell("assert f", "test_essay"),
    )
    names = {name: [cell.metadata.nbgrader.grade_id for cell in cells] for name, cells in functions(notebook).items()}

    assert names == {"first": ["first"], "f": ["test_f_1", "test_f_2"], "essay": ["essay", "test_essay"]}


def test_marks_are_summed_and_the_first_message_is_kept():
    """Two of three points, and why."""
    notebook = graded_notebook(
        solution_cell("f = 1", "f"),
        grade_cell("assert f", "test_f_1", 2),
        with_outputs(grade_cell("assert f", "test_f_2", 1), error("CheckFailed", "f: wrong\nlook here")),
        solution_cell("g = 1", "g"),
        with_outputs(grade_cell("assert g", "test_g", 4), error("ValueError", "no")),
    )

    assert read_marks(notebook) == [
        FunctionMarks("f", 2, 3, "f: wrong\nlook here"),
        FunctionMarks("g", 0, 4, "ValueError: no"),
    ]


def test_a_solution_cell_that_stops_is_named_as_the_cause():
    """A syntax error says more than the NameError that follows from it."""
    notebook = graded_notebook(
        with_outputs(solution_cell("def f(:", "f"), error("SyntaxError", "invalid syntax")),
        with_outputs(grade_cell("assert f()", "test_f"), error("NameError", "name 'f' is not defined")),
    )

    assert read_marks(notebook)[0].message == "f: the cell itself stops with SyntaxError: invalid syntax"


def test_stderr_is_a_failure():
    """As nbgrader sees it."""
    cell = with_outputs(grade_cell("assert 1"), new_output("stream", name="stderr", text="warning\n"))

    assert failure(cell) == "warning"
    assert failure(grade_cell("assert 1")) is None
