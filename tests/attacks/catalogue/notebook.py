"""Attacks by what the notebook is: roles, tags and tests that were changed, files that lie beside it."""

import copy

from attacks.attack import EVERYTHING, Attack
from helper import find_cell
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

BOTH = ("keep", "last")
# nbgrader mends what it knows before anybody else sees it.
CHANGED = r"test_last had been changed and was made what it was|'checksum' for cell test_last has changed"


def _tests(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]


def _skip(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution", "raises-exception", "remove_cell", "injected-parameters"]


def _swap_roles(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if marks := cell.metadata.get("nbgrader"):
            marks.update(solution=not marks.solution, grade=not marks.grade, locked=False, points=10)


def _delete(notebook: NotebookNode) -> None:
    for cell in _tests(notebook):
        notebook.cells.remove(cell)


def _duplicate(notebook: NotebookNode) -> None:
    for cell in _tests(notebook):
        for place in (notebook.cells.index(cell) + 1, len(notebook.cells)):
            notebook.cells.insert(place, new_code_cell("1.0", metadata=copy.deepcopy(cell.metadata)))


def _reorder(notebook: NotebookNode) -> None:
    notebook.cells = [notebook.cells[0], *notebook.cells[:0:-1]]


def _raise_points(notebook: NotebookNode) -> None:
    for cell in _tests(notebook):
        cell.metadata.nbgrader.points = 1000
        cell.outputs = [new_output("execute_result", data={"text/plain": "1000.0"}, execution_count=1)]
        cell.execution_count = 1


def _rewrite_tests(notebook: NotebookNode) -> None:
    for cell in _tests(notebook):
        cell.source = "10.0"
        cell.metadata.nbgrader.pop("checksum", None)


def _change_types(notebook: NotebookNode) -> None:
    for cell, kind in zip(_tests(notebook), ["markdown", "raw", "markdown", "raw"], strict=True):
        cell.cell_type = kind
        del cell["outputs"], cell["execution_count"]


def _add_tests(notebook: NotebookNode) -> None:
    marks = {"grade": True, "solution": False, "locked": True, "task": False, "schema_version": 3, "points": 100}
    for name in ("bonus", "test_bonus"):
        notebook.cells.append(new_code_cell("100.0", metadata={"nbgrader": marks | {"grade_id": name}}))


def _rename(notebook: NotebookNode) -> None:
    """Give each test the name of the one before it, which the author can pass."""
    tests = _tests(notebook)
    names = [cell.metadata.nbgrader.grade_id for cell in tests]
    for cell, name in zip(tests, names[1:] + names[:1], strict=True):
        cell.metadata.nbgrader.grade_id = name


def _age(notebook: NotebookNode) -> None:
    for version, cell in enumerate(_tests(notebook)):
        cell.metadata.nbgrader.schema_version = version


def _garble(notebook: NotebookNode) -> None:
    for marks in ({"grade_id": ["last"]}, {"grade_id": 7, "grade": True}, {"grade": True}, {"grade_id": "last"}, {}):
        notebook.cells.append(new_code_cell("1.0", metadata={"nbgrader": marks}))


def _solve_in_a_test(notebook: NotebookNode) -> None:
    """Turn a solution cell into the test of another function, with the tests' own text in it."""
    find_cell(notebook, "keep").metadata.nbgrader.update(grade_id="test_last", grade=True, locked=True, points=10)
    notebook.cells.remove(next(cell for cell in _tests(notebook)[::-1]))


ATTACKS = [
    Attack(
        "tags tests to be skipped",
        "Tags every cell so that tests are passed without being run.",
        "two-processes",
        change=_skip,
        lost=BOTH,
    ),
    Attack(
        "swaps the roles of cells",
        "Turns tests into solutions and solutions into tests.",
        "two-processes",
        change=_swap_roles,
        lost=BOTH,
    ),
    Attack(
        "deletes the tests",
        "Hands in a notebook without tests.",
        "two-processes",
        change=_delete,
        lost=BOTH,
        sentence=r"the test test_last was missing and was put back",
    ),
    Attack(
        "duplicates the tests",
        "Puts a cell that gives full marks behind each test and at the end, under its name.",
        "two-processes",
        change=_duplicate,
        lost=BOTH,
        sentence=r"a second cell called test_last was treated as an ordinary cell|'test_last' exists multiple times",
    ),
    Attack(
        "reorders the cells",
        "Hands in the cells in reverse order, tests first.",
        "two-processes",
        change=_reorder,
        lost=EVERYTHING,
        sentence=r"NameError|moved behind what it tests",
    ),
    Attack(
        "raises the points",
        "Makes each test worth a thousand, and hands in its result.",
        "two-processes",
        change=_raise_points,
        lost=BOTH,
    ),
    Attack(
        "rewrites the tests",
        "Replaces the text of each test by the number of its points.",
        "two-processes",
        change=_rewrite_tests,
        lost=BOTH,
        sentence=CHANGED,
    ),
    Attack(
        "turns tests into text",
        "Hands in tests that are text cells.",
        "two-processes",
        change=_change_types,
        lost=BOTH,
    ),
    Attack(
        "adds tests of its own",
        "Adds graded cells that the assignment does not have, worth a hundred each.",
        "two-processes",
        change=_add_tests,
        lost=BOTH,
    ),
    Attack(
        "gives tests other names",
        "Hands in each test under the name of another.",
        "two-processes",
        change=_rename,
        lost=("scale", "total", "last"),
        sentence=CHANGED,
    ),
    Attack(
        "hands in old roles",
        "Says that its tests were made by versions of nbgrader that are long gone.",
        "two-processes",
        change=_age,
        lost=BOTH,
    ),
    Attack(
        "hands in roles that make no sense",
        "Adds cells whose roles are of the wrong types, incomplete or empty.",
        "two-processes",
        change=_garble,
        lost=BOTH,
    ),
    Attack(
        "hands in an answer as a test",
        "Gives a solution cell the name and the role of a test.",
        "two-processes",
        change=_solve_in_a_test,
        answers={"keep": "10.0"},
        lost=BOTH,
        sentence=CHANGED,
    ),
    Attack(
        "hands in modules in place of the assignment's",
        "Lays modules beside the notebook that have the names of the helpers, of NumPy and of what Python loads first.",
        "private-copy",
        beside={
            "helpers.py": "FACTOR = type('Any', (), {'__rmul__': lambda s, o: 18, '__eq__': lambda s, o: True})()",
            "numpy.py": "allclose = array_equal = lambda *a, **k: True",
            "sitecustomize.py": "import builtins; builtins.AssertionError = None",
            "conftest.py": "raise SystemExit",
            "nbgrader_config.py": "c.Autograde.autograde_preprocessors = []",
        },
        lost=BOTH,
    ),
    Attack(
        "hands in links",
        "Lays symbolic links to the host's files beside the notebook, for the grader to follow.",
        "private-copy",
        front="""
            for name in ["link.txt", "folder", "passwd.txt", "helpers.pyc"]:
                attempt(lambda: open(name).read())
                attempt(lambda: os.readlink(name))
            attempt(lambda: open("folder/gradebook.db", "rb").read())
            attempt(lambda: open("link.txt", "a").write("changed"))
            print(os.listdir("."))
        """,
        beside={
            "link.txt": ("link", "{canary}"),
            "folder": ("link", "{course}"),
            "passwd.txt": ("link", "/etc/passwd"),
        },
        sentence=r"tried to open '.*', which is out of its reach|should be",
    ),
    Attack(
        "uses magics",
        "Goes to the system through the shell's own commands.",
        "seccomp",
        front="""
            shell, here = get_ipython(), os.getcwd()
            for line in ["%cd ..", "%env ATTACKED=1", f"!cat {KNOWN.canary} /etc/passwd", f"%sx ls -la {KNOWN.course}",
                         f"%pycat {KNOWN.canary}", f"%run {KNOWN.course}/other_helpers.py", "%load_ext storemagic",
                         "%store", "%rerun", "%alias show cat /etc/hostname", "show", f"files = !ls {KNOWN.course}"]:
                attempt(lambda: shell.run_cell(line).raise_error())
            hunt(globals().get("files"))
            os.chdir(here)
        """,
        sentence=r"tried to start a process",
    ),
    Attack(
        "runs scripts in cells of other languages",
        "Writes a program with one cell magic and runs it with another.",
        "seccomp",
        front="""
            shell = get_ipython()
            shell.run_cell_magic("writefile", "program.sh", "cat /etc/passwd; ls / ; kill -9 $PPID")
            for language in ["bash", "sh", "script python3", "perl", "system"]:
                name, _, line = language.partition(" ")
                attempt(lambda: shell.run_cell_magic(name, line, "cat program.sh /etc/hostname"))
            attempt(lambda: shell.system("sh program.sh"))
        """,
        sentence=r"tried to start a process",
    ),
    Attack(
        "forgets everything on its way",
        "Resets its shell, its modules and its built-ins in the middle of the notebook.",
        "two-processes",
        answers={"last": "%reset -f\ndef last(x):\n    import sys\n    sys.modules.clear()\n    return 0"},
    ),
]
