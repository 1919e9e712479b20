"""From a solution to its stub."""

import ast
from textwrap import dedent, indent
from types import SimpleNamespace

import pytest
from helper import FUNCTIONS, find_cell

from autograder.notebook.authoring_errors import RegionError
from autograder.notebook.markers import Markers
from autograder.notebook.stubs import make_stub, released_solution


def stub_of(body: str) -> str:
    """Return the stub of a function with this body, without its first line."""
    body = indent(dedent(body).strip("\n"), "    ")
    source = "def f(xs):\n" + body.replace("START", "### START CODE HERE ###").replace("END", "### END CODE HERE ###")
    return make_stub(source).split("\n", 1)[1]


class TestRules:
    """What stays and what goes."""

    def test_assignments_keep_their_left_hand_side(self):
        """A name, a subscript and several targets get None."""
        stub = stub_of(
            """
    START
    x = 1
    d['a' + str(x)], y = 2, 3
    u = v = 4
    w: int = 5
    END
    return x
"""
        )

        assert stub == (
            "    ### START CODE HERE ### (≈ 4 lines of code)\n"
            "    x = None\n    d['a' + str(x)], y = None, None\n    u = v = None\n    w: int = None\n"
            "    ### END CODE HERE ###\n    return x"
        )

    def test_everything_else_goes(self):
        """Calls, returns, comments, blocks with all that is in them, and augmented assignments leave nothing."""
        stub = stub_of(
            """
    total = 0
    START
    # add them up
    for x in xs:
        if x:
            total += x
        inner = x

    print(total)
    total += 1
    END
    return total
"""
        )

        assert stub == (
            "    total = 0\n    ### START CODE HERE ### (≈ 5 lines of code)\n\n"
            "    ### END CODE HERE ###\n    return total"
        )

    def test_an_empty_loop_gets_a_pass(self):
        """Where the region was the whole body of a block, the block still parses."""
        stub = stub_of(
            """
    for x in xs:
        START
        xs.append(x)
        END
    return xs
"""
        )

        assert "        ### START CODE HERE ### (≈ 1 line of code)\n        pass\n" in stub

    def test_branches_are_independent(self):
        """Regions in the branches of one statement are each stubbed."""
        stub = stub_of(
            """
    if xs:
        START
        y = 1
        END
    elif not xs:
        START
        y = 2
        END
    else:
        START
        print(xs)
        END
    return y
"""
        )

        assert stub.count("y = None") == 2
        assert stub.count("pass") == 1

    def test_a_multi_line_statement_leaves_one_line(self):
        """However the solution is wrapped, the stub has the target only."""
        stub = stub_of(
            """
    START
    a, b = g(
        1,
        2,
    )
    END
    return a
"""
        )

        assert "(≈ 1 line of code)\n    a, b = None, None\n    ###" in stub

    @pytest.mark.parametrize(
        ("solution", "stub"),
        [
            ("figure, axes = plt.subplots()", "figure, axes = None, None"),
            ("figure, (left, right) = plt.subplots(1, 2)", "figure, (left, right) = None, (None, None)"),
            (
                "figure, ((a, b), (c, d)) = plt.subplots(2, 2)",
                "figure, ((a, b), (c, d)) = None, ((None, None), (None, None))",
            ),
            ("[a, b] = f()", "[a, b] = None, None"),
            ("(a, b) = f()", "(a, b) = None, None"),
            ("(one,) = f()", "(one,) = None,"),
            ("one, = f()", "one, = None,"),
            ("[one], two = f()", "[one], two = (None,), None"),
            ("first, *rest = f()", "first, *rest = None, None"),
            ("*rest, (a, b) = f()", "*rest, (a, b) = None, (None, None)"),
            ("a, *(b, c) = f()", "a, *(b, c) = None, None, None"),
            ("*everything, = f()", "*everything, = None,"),
            ("box.left, box.right = f()", "box.left, box.right = None, None"),
            ("d['a'], d['b'] = f()", "d['a'], d['b'] = None, None"),
            ("a = b = f()", "a = b = None"),
            ("a, b = c = f()", "a, b = c = None, None"),
            ("c = a, b = f()", "c = a, b = None, None"),
            ("a, b = first, *rest = f()", "a, b = first, *rest = None, None"),
            ("a, *b = *c, d, e = f()", "a, *b = *c, d, e = None, None, None"),
            ("(a, b), c = d, (e, g, h) = f()", "(a, b), c = d, (e, g, h) = (None, None), (None, None, None)"),
            ("() = f()", "() = ()"),
            ("box = f()\nbox.left = 1\nbox.right, a = f()\nb = 1", "box = None\nb = None"),
            ("e = {}\ne['x']['y'] = 2\nd['x'] = 3", "e = None\nd['x'] = None"),
            ("x: int = f()", "x: int = None"),
            ("box.left: int = f()", "box.left: int = None"),
            ("(y := f())", "y = None"),
            ("print(y := f())", "y = None"),
            ("x = (y := f()) + 1", "y = None\nx = None"),
        ],
    )
    def test_every_assignment_can_be_run(self, solution, stub):
        """It binds all names, so that nothing but the gap itself is missing."""
        assert make_stub(f"### START CODE HERE ###\n{solution}\n### END CODE HERE ###").split("\n")[1:-1] == stub.split(
            "\n"
        )
        exec(stub, {"box": SimpleNamespace(), "d": {}})

    @pytest.mark.parametrize(
        "solution",
        [
            "total += f()",
            "return (y := f())",
            "x: int",
            "with open('x') as file:\n    a, b = file",
            "for a, b in f():\n    c, d = a",
            "if (n := f()) > 1:\n    a, b = n",
            "del total",
        ],
    )
    def test_what_leaves_nothing(self, solution):
        """A name keeps the value that it had, and what belongs to a block goes with it."""
        lines = ["def g(total):", "### START CODE HERE ###", *solution.split("\n"), "### END CODE HERE ###", "return 1"]
        stub = make_stub("\n    ".join(lines))

        assert stub.split("\n")[2] == ""

    def test_as_the_documents_have_it(self):
        """Where the assignment says so, one None has to do."""
        source = "### START CODE HERE ###\na, b = f()\nc = d, e = f()\n### END CODE HERE ###"

        assert make_stub(source, Markers(single_none=True)).split("\n")[1:-1] == ["a, b = None", "c = d, e = None"]

    def test_an_old_note_is_replaced(self):
        """The count is computed, whatever the author wrote."""
        stub = make_stub("### START CODE HERE ### (~ 9 lines)\nx = 1\n### END CODE HERE ###")

        assert stub == "### START CODE HERE ### (≈ 1 line of code)\nx = None\n### END CODE HERE ###"

    @pytest.mark.parametrize(
        ("marker", "released"),
        [
            ("# ---- START CODE HERE ----", "# ---- START CODE HERE ---- (≈ 1 line of code)"),
            ("### START CODE HERE: use np.dot", "### START CODE HERE: use np.dot (≈ 1 line of code)"),
            ("# START CODE HERE (approx. 3 lines)", "# START CODE HERE (≈ 1 line of code)"),
        ],
    )
    def test_text_around_a_marker_stays(self, marker, released):
        """What else an author writes there is for the students."""
        assert make_stub(f"{marker}\nx = 1\n# END CODE HERE") == f"{released}\nx = None\n# END CODE HERE"

    def test_magics_around_a_gap(self):
        """They are no Python and stay; those in the gap go."""
        source = "%%time\n%matplotlib inline\n### START CODE HERE ###\nx = !ls\n%cd ..\n### END CODE HERE ###\n!ls"

        assert make_stub(source) == (
            "%%time\n%matplotlib inline\n"
            "### START CODE HERE ### (≈ 2 lines of code)\nx = None\n### END CODE HERE ###\n!ls"
        )

    def test_a_gap_in_another_language(self):
        """All that is in it goes."""
        source = "%%bash\n### START CODE HERE ###\nif true; then ls; fi\n### END CODE HERE ###\necho"

        assert make_stub(source) == "%%bash\n### START CODE HERE ###\n\n### END CODE HERE ###\necho"

    def test_both_kinds_of_markers(self):
        """Each is cleared by its own rule."""
        source = "### START CODE HERE ###\nx = 1\n### END CODE HERE ###\n# BEGIN SOLUTION\ny = 2\n# END SOLUTION"

        assert released_solution(source, Markers(code_stub="...")) == (
            "### START CODE HERE ### (≈ 1 line of code)\nx = None\n### END CODE HERE ###\n..."
        )

    def test_non_ascii_text_before_the_target(self):
        """Column offsets count bytes; the target must not be cut."""
        stub = make_stub("### START CODE HERE ###\nd['é∑'] = 1\n### END CODE HERE ###")

        assert "d['é∑'] = None" in stub


class TestErrors:
    """Regions that cannot be stubbed."""

    @pytest.mark.parametrize(
        ("source", "words"),
        [
            ("x = (\n### START CODE HERE ###\n1\n### END CODE HERE ###\n)", "middle of this statement"),
            ("### START CODE HERE ###\nfor x in y:\n    ### END CODE HERE ###\n    pass", "middle of this statement"),
            (
                "for x in y:\n    a = 1\n    ### START CODE HERE ###\n    b = 2\nc = 3\n### END CODE HERE ###",
                "several blocks",
            ),
            ("### START CODE HERE ###\nx = = 1\n### END CODE HERE ###", "does not parse"),
        ],
    )
    def test_a_cut_statement_is_refused(self, source, words):
        """The message says what is wrong and names the line."""
        with pytest.raises(RegionError, match=words) as caught:
            make_stub(source)

        assert caught.value.line


# What the documents that the assignment comes from have between the markers of each function.
SEED_STUBS = {
    "initialize_parameters": [["W1 = None", "b1 = None", "W2 = None", "b2 = None"]],
    "initialize_parameters_deep": [["parameters['W' + str(l)] = None", "parameters['b' + str(l)] = None"]],
    "linear_forward": [["Z = None"]],
    "linear_activation_forward": [["Z, linear_cache = None", "A, activation_cache = None"]] * 2,
    "L_model_forward": [["A, cache = None"], ["AL, cache = None"]],
    "compute_cost": [["cost = None"]],
    "linear_backward": [["dW = None", "db = None", "dA_prev = None"]],
    "linear_activation_backward": [["dZ = None", "dA_prev, dW, db = None"]] * 2,
    "L_model_backward": [
        ["dAL = None"],
        ["current_cache = None", 'grads["dA" + str(L - 1)], grads["dW" + str(L)], grads["db" + str(L)] = None'],
        [
            "current_cache = None",
            "dA_prev_temp, dW_temp, db_temp = None",
            'grads["dA" + str(l)] = None',
            'grads["dW" + str(l + 1)] = None',
            'grads["db" + str(l + 1)] = None',
        ],
    ],
    "update_parameters": [[]],
}
SEED_COUNTS = {
    "initialize_parameters": [4],
    "initialize_parameters_deep": [2],
    "linear_forward": [1],
    "linear_activation_forward": [2, 2],
    "L_model_forward": [2, 2],
    "compute_cost": [1],
    "linear_backward": [3],
    "linear_activation_backward": [2, 2],
    "L_model_backward": [1, 2, 5],
    "update_parameters": [3],
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_released_stubs_are_those_of_the_seeds(release, function):
    """Every function has the stub lines and the line counts of the documents that the assignment comes from."""
    lines = [line.strip() for line in find_cell(release, function).source.split("\n")]
    starts = [n for n, line in enumerate(lines) if line.startswith("### START CODE HERE ###")]
    ends = [n for n, line in enumerate(lines) if line == "### END CODE HERE ###"]
    stubs = [[line for line in lines[a + 1 : b] if line] for a, b in zip(starts, ends, strict=True)]
    counts = [int("".join(filter(str.isdigit, lines[n]))) for n in starts]

    assert stubs == SEED_STUBS[function]
    assert counts == SEED_COUNTS[function]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_stubbed_cell_parses(release, function):
    """A student who has not come to a function yet gets no syntax error from it."""
    ast.parse(find_cell(release, function).source)
