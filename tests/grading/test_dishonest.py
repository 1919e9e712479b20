"""Dishonest submissions: none earns a point that the code did not earn."""

import copy

import pytest
from helper import code_cell, find_cell
from nbformat.v4 import new_code_cell, new_output

# Finds the class that answers for the student's variables: it cannot be imported, but the collector knows it.
NAMESPACE = (
    "import gc\nNamespace = next(type(o) for o in gc.get_objects()\n"
    "                 if type(o).__name__ == 'Namespace' and 'processes' in type(o).__module__)\n"
)

WRONG = {"keep": "def keep(x):\n    return x", "last": "def last():\n    return 'wrong'"}


def front(source: str):
    """Return a change that puts a cell of the student's in front of all others."""
    return lambda notebook: notebook.cells.insert(1, code_cell(source))


class TestNotebook:
    """What can be done to the notebook itself."""

    def test_skip_execution_on_tests(self, examine):
        """With stock nbgrader this scores full marks."""

        def change(notebook):
            for cell in notebook.cells:
                cell.metadata["tags"] = ["skip-execution"]

        assert examine(change, **WRONG).failed == ["keep", "last"]

    def test_outputs_that_were_handed_in(self, examine):
        """A result from home counts nothing."""

        def change(notebook):
            cell = find_cell(notebook, "test_last")
            cell.outputs = [new_output("execute_result", data={"text/plain": "1.0"}, execution_count=1)]

        assert examine(change, **WRONG).failed == ["keep", "last"]

    def test_a_test_turned_into_a_solution_cell(self, examine):
        """Roles and texts come from the master."""

        def change(notebook):
            cell = find_cell(notebook, "test_last")
            cell.metadata.nbgrader.update(solution=True, grade=False, locked=False)
            cell.source = "1.0"

        graded = examine(change, **WRONG)
        assert graded.failed == ["keep", "last"]
        assert "test_last had been changed and was made what it was" in graded.examination.repairs

    def test_a_cell_of_the_students_under_the_name_of_a_test(self, examine):
        """Whatever the cell says, the master's test runs."""

        def change(notebook):
            cell = find_cell(notebook, "last")
            cell.metadata.nbgrader.update(grade_id="test_last", grade=True, points=1)
            notebook.cells = [c for c in notebook.cells if c.source != "assert last() == 'end'"]

        assert "last" in examine(change, **WRONG).failed

    @pytest.mark.parametrize("what", ["deleted", "duplicated", "markdown", "points"])
    def test_tests_that_are_no_longer_what_they_were(self, examine, what):
        """Deleted, doubled, of another type, worth more: as the master has them."""

        def change(notebook):
            cell = find_cell(notebook, "test_last")
            if what == "deleted":
                notebook.cells.remove(cell)
            elif what == "duplicated":
                twin = new_code_cell("1.0", metadata=copy.deepcopy(cell.metadata))
                notebook.cells.append(twin)
            elif what == "markdown":
                cell.cell_type = "markdown"
                del cell["outputs"], cell["execution_count"]
            else:
                cell.metadata.nbgrader["points"] = 100

        graded = examine(change, **WRONG)
        assert graded.failed == ["keep", "last"]
        assert find_cell(graded.notebook, "test_last").metadata.nbgrader.points == 1

    def test_a_test_of_the_students_own(self, examine):
        """A grade cell that the master does not have has no role and no points."""

        def change(notebook):
            cell = new_code_cell("1.0", metadata={"nbgrader": {"grade": True, "grade_id": "bonus", "points": 9}})
            notebook.cells.append(cell)

        graded = examine(change, **WRONG)
        assert "nbgrader" not in graded.notebook.cells[-1].metadata
        assert graded.failed == ["keep", "last"]


class TestProcess:
    """What can be done from within the student's process."""

    @pytest.mark.parametrize(
        "attack",
        [
            "get_ipython().displayhook(10.0)",
            "print('1.0')",
            "from IPython.display import display; display(1.0)",
            "sys.stdout.write('1.0')",
            "import json; os.write(1, b'1.0')",
        ],
    )
    def test_a_printed_score(self, examine, attack):
        """In every output form, while a test runs and in a cell of its own."""
        body = f"def last():\n    {attack}\n    return 'wrong'"

        assert examine(front(attack), keep=WRONG["keep"], last=body).failed == ["keep", "last"]

    @pytest.mark.parametrize(
        "patch",
        [
            "np.allclose = lambda *a, **k: True",
            "np.array_equal = lambda *a, **k: True",
            "np.testing.assert_allclose = lambda *a, **k: None",
            "import builtins\nbuiltins.AssertionError = Exception\nbuiltins.all = lambda x: True",
            "class AssertionError(BaseException): pass",
            "get_ipython().run_cell = lambda *a, **k: None",
            "get_ipython().showtraceback = lambda *a, **k: None",
            "import IPython\nIPython.core.interactiveshell.InteractiveShell.run_code = lambda *a, **k: False",
            "sys.settrace(lambda *a: None)",
            "assert_true = True\nopen = print = len = isinstance = lambda *a, **k: True",
        ],
    )
    def test_patches_change_nothing_where_the_tests_run(self, examine, patch):
        """The tests' NumPy, builtins and IPython are another process's."""
        assert "last" in examine(front(patch), **WRONG).failed
        assert "keep" in examine(front(patch), **WRONG).failed

    @pytest.mark.parametrize(
        "value",
        [
            "type('Any', (), {'__eq__': lambda s, o: True, '__ne__': lambda s, o: False, '__bool__': lambda s: True})()",
            "type('Str', (str,), {'__eq__': lambda s, o: True, '__hash__': str.__hash__})('wrong')",
            "type('Arr', (np.ndarray,), {'__eq__': lambda s, o: True})((1,))",
            "type('Int', (int,), {'__eq__': lambda s, o: True, '__hash__': int.__hash__})(1)",
        ],
    )
    def test_values_that_equal_everything(self, examine, value):
        """A comparison is never left to the student's object."""
        graded = examine(last=f"def last():\n    return {value}", keep=f"def keep(x):\n    return {value}")

        assert graded.failed == ["keep", "last"]

    def test_random_state_as_poison(self, examine):
        """An all-zero generator and a NaN that waits: neither reaches the tests."""
        poison = (
            "def draw():\n    state = list(np.random.get_state())\n    state[1] = np.zeros(624, np.uint32)\n"
            "    state[3], state[4] = 1, float('nan')\n    np.random.set_state(tuple(state))\n    return np.zeros(3)"
        )

        assert examine(draw=poison).failed == ["draw"]

    @pytest.mark.parametrize(
        "search",
        [
            "frames = []\nf = sys._getframe()\nwhile f:\n    frames.append(str(f.f_globals.keys()) + str(f.f_locals))\n    f = f.f_back\nfound = ' '.join(frames)",
            "import gc\nfound = ' '.join(str(o)[:10000] for o in gc.get_objects() if isinstance(o, (str, dict, list)) and o is not globals())",
            "found = ' '.join(str(vars(m))[:100000] for m in list(sys.modules.values()) if getattr(m, '__name__', '') != '__main__')",
            "found = str(os.environ) + open('/proc/self/environ').read() + open('/proc/self/cmdline').read()",
            "found = ' '.join(open(p, errors='replace').read() for p in os.listdir() if os.path.isfile(p))",
        ],
    )
    def test_neither_tests_nor_reference_are_there_to_be_found(self, examine, search):
        """In frames, the garbage collector, modules, the environment, the working directory."""
        body = search.replace("\n", "\n    ")
        # What is looked for stands in the hidden part of a test; it is put together so as not to find itself.
        look = (
            f"def last():\n    import sys, os\n    {body}\n"
            "    needle = 'array([4' + '1.0])'\n    print('HIT' if needle in found else 'MISS')\n    return 'wrong'"
        )
        graded = examine(keep=WRONG["keep"], last=look)

        assert graded.failed == ["keep", "last"]
        assert "MISS" in graded.output("last"), graded.output("last")

    def test_the_graders_objects_are_out_of_reach(self, examine):
        """A function of the test's that the student was given shows nothing of what is around it."""
        look = (
            "def uses():\n    try:\n        print('HIT', base.__globals__.keys())\n    except Exception as error:\n"
            "        print('MISS', type(error).__name__)\n    return base() + 1"
        )
        graded = examine(uses=look)

        assert "MISS AttributeError" in graded.output("uses")
        assert "'kept'" not in graded.output("uses")

    def test_claims_on_the_wire(self, examine):
        """Garbage, a huge length, a score: the process ends, and the function that did it has failed."""
        for attack in [
            "b'\\xff' * 64",
            "b'\\x7f\\xff\\xff\\xff'",
            "b'\\x00\\x00\\x00\\x07\\x92\\xa4done\\x80'",
        ]:
            write = (
                "def adder(n):\n    import os, stat\n    for fd in range(3, 64):\n        try:\n"
                "            if stat.S_ISSOCK(os.fstat(fd).st_mode):\n"
                f"                os.write(fd, {attack})\n        except OSError:\n            pass\n    return lambda x: x + n"
            )
            graded = examine(adder=write)

            assert graded.failed == ["adder"]
            assert "protocol" in graded.output("adder") + " ".join(graded.examination.notes)

    def test_a_group_of_exceptions(self, examine):
        """IPython prints it and records no error; it is one all the same."""
        assert examine(last="def last():\n    raise ExceptionGroup('', [ValueError()])").failed == ["last"]

    def test_an_answer_that_binds_more_than_was_asked(self, examine):
        """The tests' helpers, builtins and imports stay the tests' own, whatever the student's process answers."""
        forged = (
            f"{NAMESPACE}def get(self, names):\n"
            "    return {n: self._variables.get(n) for n in names} | {'expect': print, 'np': None, 'list': print}\n"
            "Namespace.get = get"
        )
        graded = examine(front(forged), helped="def helped(x):\n    return None")

        assert graded.notebook.cells[1].outputs == []
        assert graded.failed == ["helped"]
        assert "AssertionError" in str(find_cell(graded.notebook, "test_helped").outputs)

    @pytest.mark.parametrize("body", ["raise KeyError", "raise SystemExit", "raise KeyboardInterrupt", "return [1]"])
    def test_a_namespace_that_refuses(self, examine, body):
        """The names are unbound then; the grader goes on."""
        forged = f"{NAMESPACE}def no(self, *a):\n    {body}\nNamespace.get = Namespace.set = no"

        assert "last" in examine(front(forged)).failed

    def test_variables_of_a_test_are_not_the_students_to_change(self, examine):
        """What is sent to be bound is a copy."""
        forged = f"{NAMESPACE}Namespace.set = lambda self, name, value: value.fill(0)"
        graded = examine(
            front(forged), helped="def helped(x):\n    return [x * 0, x] if not np.isscalar(x) else [x, x]"
        )

        assert "helped" in graded.failed

    def test_a_file_is_not_read_for_a_student(self, examine, tmp_path):
        """A syntax error names a file, and a traceback would show a line of it."""
        secret = tmp_path.parent / "secret.txt"
        secret.write_text("the secret line", encoding="utf-8")
        graded = examine(last=f"def last():\n    raise SyntaxError('m', ({str(secret)!r}, 1, 1, 't'))")

        assert graded.failed == ["last"]
        assert "the secret line" not in str(find_cell(graded.notebook, "test_last").outputs)

    @pytest.mark.parametrize("message", ["['reply', {}]", "['request', {}]", "['done', {}]", "['begun', 3]", "7"])
    def test_messages_out_of_turn(self, examine, message):
        """From an ordinary cell: it costs its author, and the grader is not blamed."""
        forged = (
            "import gc, autograder.rpc.channel as c\n"
            f"[o for o in gc.get_objects() if type(o) is c.Channel][-1].send({message})"
        )

        assert {"keep", "last"} <= set(examine(front(forged), **WRONG).failed)


def test_a_test_moved_forward_has_the_masters_helpers(examine):
    """The student cannot take the place of a helper by being first."""

    def change(notebook):
        test = find_cell(notebook, "test_helped")
        notebook.cells.remove(test)
        notebook.cells.insert(0, test)
        notebook.cells.insert(
            0, code_cell("def helped(x): return None\ndef expect(a, b): pass\nclass np: arange = list")
        )

    assert "helped" in examine(change).failed


def test_what_a_hidden_part_imports_stays_there(examine):
    """A reference that the hidden part imports is not lent to the student."""
    look = "def last():\n    print('HIT' if 'reference' in globals() else 'MISS')\n    return 'wrong'"

    assert "MISS" in examine(last=look).output("last")


@pytest.mark.parametrize("marks", [[1], "abc", 5, None, {"grade_id": [1]}, {"grade": True}, {"grade_id": None}])
def test_metadata_that_make_no_sense(examine, marks):
    """They are no role."""

    def change(notebook):
        notebook.cells[0].metadata["nbgrader"] = marks
        notebook.cells.append(new_code_cell("x = 1", metadata={"nbgrader": marks}))

    assert examine(change, **WRONG).failed == ["keep", "last"]


def test_folders_deeper_than_python_can_walk(examine):
    """They are removed all the same."""
    deep = "for _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')"

    assert examine(front(deep), **WRONG).failed == ["keep", "last"]
