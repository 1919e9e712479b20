"""Pictures of a student's own numbers: by what they say, and three of them by how they look."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.testing.compare import compare_images

from dnn_lab.figures import plots, traces
from dnn_lab.figures.output import Picture
from dnn_lab.figures.plots import draw_cache_flow, draw_layer_sizes, draw_matrices, draw_network
from dnn_lab.figures.traces import check_gradients, draw_gradient_check, draw_shape_trace, trace_shapes
from testCases import L_model_backward_test_case

LOOKS = Path(__file__).parent / "looks"


@pytest.fixture
def same_look(monkeypatch, tmp_path, pytestconfig):
    """A function that compares the picture that was shown with the kept one."""
    shown = []
    for module in (plots, traces):
        monkeypatch.setattr(module, "show", lambda *things: shown.extend(things))

    def compare(name, keep=True):
        (picture,) = [thing for thing in shown if isinstance(thing, Picture)]
        if keep and pytestconfig.getoption("--screenshots"):
            (LOOKS / f"{name}.png").write_bytes(picture.png)
        (tmp_path / f"{name}.png").write_bytes(picture.png)
        return compare_images(str(LOOKS / f"{name}.png"), str(tmp_path / f"{name}.png"), tol=1)

    return compare


def backward_case(solved):
    """Return caches and grads of the test case of exercise 9."""
    AL, Y, caches = L_model_backward_test_case()
    return caches, solved["L_model_backward"](AL, Y, caches)


class TestLooks:
    """What it looked like when somebody looked at it. `--screenshots` keeps what it looks like now."""

    def test_network(self, solved, same_look):
        """Units, weights as lines, shapes under each layer."""
        draw_network(solved["initialize_parameters_deep"]([5, 4, 3]))

        assert same_look("network") is None

    def test_cache_flow(self, solved, same_look):
        """Grids and arrows."""
        draw_cache_flow(*backward_case(solved), layer=1)

        assert same_look("cache_flow") is None

    def test_shape_trace(self, solved, same_look):
        """Boxes, the first that does not fit marked."""
        parameters = solved["initialize_parameters_deep"]([4, 3, 2, 1])
        parameters["b2"] = np.zeros((2, 5))
        draw_shape_trace(
            [4, 3, 2, 1], 5, parameters, solved["linear_activation_forward"], solved["linear_activation_backward"]
        )

        assert same_look("shape_trace") is None

    def test_a_change_is_seen(self, solved, same_look):
        """The comparison can fail."""
        parameters = solved["initialize_parameters_deep"]([5, 4, 3])
        parameters["W1"][0, 0] *= -1
        draw_network(parameters)

        assert same_look("network", keep=False) is not None


class TestNetwork:
    """`draw_network`."""

    def test_words(self, solved, capsys):
        """Sizes and shapes are said, and stand in the table."""
        draw_network(solved["initialize_parameters_deep"]([12, 9, 1]))
        out = capsys.readouterr().out

        assert "12 inputs and 2 layers" in out
        assert "layer 1 has 9 units, W1 (9, 12)" in out
        assert out.splitlines()[-1].split() == ["2", "1", "sigmoid", "(1,", "9)", "(1,", "1)", "(1,", "m)"]

    def test_not_filled_in(self, capsys):
        """A sentence in place of a picture."""
        draw_network({"W1": None, "b1": np.zeros((2, 1))})

        assert capsys.readouterr().out == "Not filled in yet: parameters['W1'] is still None.\n"


class TestMatrices:
    """`draw_matrices`."""

    def test_words(self, capsys):
        """Names, shapes and range."""
        draw_matrices({"W": np.array([[1.0, -2.0]]), "v": np.arange(30.0)}, "Two of them.")
        out = capsys.readouterr().out

        assert "Two of them. Grids of numbers, W of shape (1, 2), v of shape (1, 30)." in out
        assert "W: smallest -2, largest 1." in out

    @pytest.mark.parametrize("value", [np.nan, np.inf, 1e300, 0.0, 5])
    def test_any_number(self, value, capsys):
        """Nothing is too odd to be drawn."""
        draw_matrices({"A": np.full((2, 2), value)})

        assert "A of shape (2, 2)" in capsys.readouterr().out


class TestCacheFlow:
    """`draw_cache_flow`."""

    def test_words(self, solved, capsys):
        """Each gradient with what it reads."""
        draw_cache_flow(*backward_case(solved), layer=2)
        out = capsys.readouterr().out

        assert "A1 and dZ2 give dW2" in out
        assert "b2 is not read" in out

    def test_either_numbering(self, solved):
        """What is called dA1 or dA2 is found."""
        caches, grads = backward_case(solved)
        shifted = {name: value for name, value in grads.items() if not name.startswith("dA")}
        shifted |= {"dA1": grads["dA0"], "dA2": grads["dA1"]}

        draw_cache_flow(caches, shifted, layer=1)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"dW1": None}, "Not filled in yet: grads['dW1'] is still None."),
            ({"dW1": ...}, 'Not filled in yet: grads has no "dW1".'),
            ({"db1": np.zeros(3)}, "[Picture:"),
        ],
    )
    def test_what_is_not_done_or_wrong(self, solved, capsys, change, words):
        """Said in a sentence, or drawn as it is."""
        caches, grads = backward_case(solved)
        grads |= change
        draw_cache_flow(caches, {name: value for name, value in grads.items() if value is not ...})

        assert capsys.readouterr().out.startswith(words)


def test_layer_sizes(solved, capsys):
    """The table has the root mean square of what comes in, and of the gradient."""
    caches, grads = backward_case(solved)
    draw_layer_sizes(caches, grads)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[-2:]]

    assert [float(row[1]) for row in rows] == pytest.approx(
        [np.sqrt(np.mean(cache[0][0] ** 2)) for cache in caches], rel=0.05
    )
    assert [float(row[2]) for row in rows] == pytest.approx(
        [np.sqrt(np.mean(grads[f"dW{l}"] ** 2)) for l in (1, 2)], rel=0.05
    )


class TestShapeTrace:
    """`trace_shapes`, `draw_shape_trace`."""

    def trace(self, solved, **changes):
        """Return the arguments for a network with the layers 4, 3, 2 and 1; some functions may be others."""
        parts = solved | changes
        parameters = parts["initialize_parameters_deep"]([4, 3, 2, 1])
        return [4, 3, 2, 1], 5, parameters, parts["linear_activation_forward"], parts["linear_activation_backward"]

    def test_all_fit(self, solved, capsys):
        """22 arrays, all as expected."""
        steps = trace_shapes(*self.trace(solved))
        draw_shape_trace(*self.trace(solved))

        assert [step.fits for step in steps] == [True] * 22
        assert "All 22 shapes fit." in capsys.readouterr().out

    def test_first_mismatch(self, solved, capsys):
        """A transposed gradient is the one that is marked, though what follows is wrong, too."""
        right = solved["linear_activation_backward"]

        def wrong(dA, cache, activation):
            dA_prev, dW, db = right(dA, cache, activation)
            return dA_prev, dW.T, db

        draw_shape_trace(*self.trace(solved, linear_activation_backward=wrong))
        out = capsys.readouterr().out

        assert "The first mismatch is dW3, layer 3, on the way backward: expected (1, 2), got (2, 1)." in out
        assert out.count("FIRST MISMATCH") == 1

    def test_an_error_on_the_way(self, solved):
        """The array that was not made says why; what would come after it was not reached."""

        def wrong(*_):
            raise ValueError("shapes (3,4) and (5,4) not aligned")

        steps = trace_shapes(*self.trace(solved, linear_activation_forward=wrong))
        assert next(step for step in steps if not step.fits).got == "ValueError: shapes (3,4) and (5,4) not aligned"
        assert {step.got for step in steps[4:]} == {"not reached"}


class TestGradientCheck:
    """`check_gradients`, `draw_gradient_check`."""

    def case(self, solved, **changes):
        """Return the arguments for a network with one layer; some functions may be others."""
        parts = solved | changes
        rng = np.random.default_rng(2)
        parameters = {"W1": rng.standard_normal((1, 3)), "b1": rng.standard_normal((1, 1))}
        X, Y = rng.standard_normal((3, 4)), np.array([[1, 0, 1, 0]])
        return parameters, X, Y, parts["L_model_forward"], parts["compute_cost"], parts["L_model_backward"]

    def test_right(self, solved, capsys):
        """All points lie on the diagonal."""
        for mine, slopes in check_gradients(*self.case(solved)).values():
            assert mine == pytest.approx(slopes, abs=1e-8)
        draw_gradient_check(*self.case(solved))

        assert "All 4 points lie on the diagonal." in capsys.readouterr().out

    def test_without_one_over_m(self, solved, capsys):
        """All weights are off, and named."""
        right = solved["L_model_backward"]

        def wrong(*arguments):
            return {name: value * (4 if name == "dW1" else 1) for name, value in right(*arguments).items()}

        draw_gradient_check(*self.case(solved, L_model_backward=wrong))

        assert "3 of 4 points are off the diagonal, drawn as crosses: dW1." in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("result", "words"),
        [
            ({"dW1": np.zeros((3, 1)), "db1": np.zeros((1, 1))}, "dW1 has the shape (3, 1); it should be (1, 3)"),
            ({"dW1": np.full((1, 3), np.nan), "db1": np.zeros((1, 1))}, "4 of 4 points are off the diagonal"),
            ({}, "The gradients cannot be checked yet: KeyError: 'dW1'"),
            (None, "The gradients cannot be checked yet: TypeError"),
        ],
    )
    def test_wrong(self, solved, capsys, result, words):
        """Each in a sentence, none as a traceback."""
        draw_gradient_check(*self.case(solved, L_model_backward=lambda *_: result))

        assert words in capsys.readouterr().out
