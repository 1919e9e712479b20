"""The playground without a browser: patterns, the network that learns, its line of text, its picture, its widgets."""

import asyncio
import io
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

import dnn_lab.playground
from dnn_lab.playground.board import Board
from dnn_lab.playground.learner import Learner, Parts, Settings
from dnn_lab.playground.patterns import PATTERNS, draw_pattern
from dnn_lab.playground.widget import Playground, playground


@pytest.fixture
def parts(solved):
    """The five functions that a learning network needs."""
    return Parts.of(solved)


class TestPatterns:
    """`draw_pattern`."""

    @pytest.mark.parametrize("name", PATTERNS)
    def test_points_and_labels(self, name):
        """Both labels equally often, points within the plane, the same ones again."""
        X, Y = draw_pattern(name, 200, 0.0, seed=3)

        assert (X.shape, Y.shape) == ((2, 200), (1, 200))
        assert Y.sum() == 100
        assert np.abs(X).max() <= 1
        assert np.array_equal(X, draw_pattern(name, 200, 0.0, seed=3)[0])
        assert not np.array_equal(X, draw_pattern(name, 200, 0.0, seed=4)[0])

    @pytest.mark.parametrize("name", PATTERNS)
    def test_no_straight_line_will_do(self, name):
        """Least squares, which draws one, leaves many points on the wrong side."""
        X, Y = draw_pattern(name, 400, 0.0)
        line = np.vstack([X, np.ones(400)])
        guess = np.linalg.lstsq(line.T, 2.0 * Y[0] - 1, rcond=None)[0] @ line > 0

        assert np.mean(guess == (Y[0] == 1)) < 0.93

    def test_noise(self):
        """As far as said."""
        still, moved = draw_pattern("moons", 4000, 0.0)[0], draw_pattern("moons", 4000, 0.2)[0]

        assert np.std(moved - still) == pytest.approx(0.2, rel=0.05)

    def test_unknown(self):
        """The names that there are."""
        with pytest.raises(ValueError, match="choose one of flower, moons, spirals, circles"):
            draw_pattern("tree")


class TestLearner:
    """`Learner` and its line of text."""

    def test_it_learns(self, parts):
        """Four units close the ring, as the notebook says."""
        learner = Learner.from_text(parts, "circles layers=2,4,1 rate=1.2 step=600")

        assert learner.accuracy() > 0.98
        assert learner.costs[-1] < 0.1 < learner.costs[0]

    def test_what_the_notebook_says_of_the_flower(self, parts):
        """About two thirds with four units; all petals with 16 and 8 units and larger first weights."""
        four = Learner.from_text(parts, "flower layers=2,4,1 rate=1.2 step=1000").accuracy()
        deep = Learner.from_text(parts, "flower layers=2,16,8,1 rate=0.5 start=1/sqrt(n) step=1000").accuracy()

        assert 0.6 < four < 0.72
        assert deep > 0.88

    def test_the_line_makes_the_same_network(self, parts):
        """Parameters and costs, bit by bit."""
        one = Learner.from_text(parts, "spirals m=100 noise=0.1 seed=5 layers=2,5,3,1 start=1/sqrt(n) rate=0.3")
        one.learn(7)
        other = Learner.from_text(parts, one.to_text())

        assert one.to_text() == ("spirals m=100 noise=0.1 seed=5 layers=2,5,3,1 start=1/sqrt(n) rate=0.3 step=7")
        assert other.costs == one.costs
        assert all(np.array_equal(other.parameters[name], one.parameters[name]) for name in one.parameters)

    @pytest.mark.parametrize(
        "text",
        [
            "", "tree", "flower layers=3,1", "flower layers=2,4,2", "flower layers=2,1000,1", "flower layers=2,a,1",
            "flower rate=0", "flower rate=nan", "flower step=-1", "flower step=1e9", "flower m=1", "flower x=1",
            "flower start=2", "flower noise=5", "flower layers=2,0,1", "flower seed=-1",
        ],
    )  # fmt: skip
    def test_a_line_that_cannot_be_read(self, text):
        """Refused in a sentence."""
        with pytest.raises(ValueError, match=r"is no state of a network|asks for what there is not"):
            Settings.from_text(text)

    def test_diverging(self, parts):
        """It stops where the cost is no number, and does not warn."""
        learner = Learner.from_text(parts, "spirals layers=2,16,16,1 start=1/sqrt(n) rate=30")
        learner.learn(2000)

        assert learner.diverged
        assert len(learner.costs) < 2000

    def test_not_all_functions_yet(self, solved):
        """Which one is missing."""
        del solved["compute_cost"]

        with pytest.raises(ValueError, match="compute_cost is not there yet"):
            Parts.of(solved)

    def test_maps(self, parts):
        """One answer per unit and point, the hidden layers first."""
        learner = Learner.from_text(parts, "flower layers=2,5,3,1")

        assert [answers.shape for answers in learner.maps(np.zeros((2, 7)))] == [(5, 7), (3, 7), (1, 7)]


class TestBoard:
    """The picture."""

    def pixels(self, board):
        """Return the picture as an array."""
        return np.asarray(Image.open(io.BytesIO(board.jpeg())).convert("RGB"), dtype=float)

    def test_it_changes_as_the_network_learns(self, parts):
        """The border above all."""
        learner = Learner.from_text(parts, "circles layers=2,4,1 rate=1.2")
        board = Board(learner)
        before = self.pixels(board)
        learner.learn(600)
        after = self.pixels(board)

        assert np.abs(after - before)[:, : before.shape[1] // 2].mean() > 20

    def test_inside_is_blue_and_outside_is_not(self, parts):
        """The colours mean what the text says: blue for the label 1, which is the disc."""
        board = Board(Learner.from_text(parts, "circles noise=0 layers=2,4,1 rate=1.2 step=600"))
        red, _, blue = self.pixels(board)[60:80, 60:80].mean(axis=(0, 1))  # a corner of the plane

        assert red > blue + 50

    @pytest.mark.parametrize("layers", ["2,1", "2,1,1", "2,16,16,16,16,1", "2,3,12,1"])
    def test_any_size(self, parts, layers):
        """With and without hidden layers."""
        learner = Learner.from_text(parts, f"moons layers={layers} step=1")

        assert Board(learner).picture().alt.startswith(f"A network with the layers [{layers.replace(',', ', ')}]")


class TestWidgets:
    """`Playground`, as its buttons and sliders drive it."""

    @pytest.fixture
    def play(self, parts):
        """Return a playground that has learned three steps."""
        import ipywidgets

        return Playground(parts, "circles m=100 noise=0.05 seed=1 layers=2,4,1 start=0.01 rate=1.2 step=3", ipywidgets)

    def test_it_begins_where_it_is_told(self, play):
        """Sliders, words and field agree."""
        assert (play.pattern.value, play.depth.value, play.units[0].value) == ("circles", 1, 4)
        assert play.state.value.endswith("layers=2,4,1 start=0.01 rate=1.2 step=3")
        assert "Step 3: cost 0.69" in play.words.value
        assert [one.layout.display for one in play.units] == [None, "none", "none", "none"]

    def test_a_slider_begins_again(self, play):
        """Another network, another picture."""
        before = play.image.value
        play.depth.value = 2
        play.units[1].value = 6

        assert play.learner.settings.layers == (2, 4, 6, 1)
        assert play.state.value.endswith("layers=2,4,6,1 start=0.01 rate=1.2 step=0")
        assert play.image.value != before

    def test_step_and_reset(self, play):
        """One step more, and back to the first weights."""
        play.once.click()
        assert play.state.value.endswith("step=4")
        play.again.click()

        assert play.state.value.endswith("step=0")

    def test_play_and_pause(self, play):
        """It learns until the button is pressed again, and the button says what it does."""

        async def watch():
            play.play.value = True
            assert play.play.description == "Pause"
            for _ in range(200):
                await asyncio.sleep(0.01)
                if len(play.learner.costs) > 20:
                    break
            play.play.value = False
            rested = len(play.learner.costs)
            await asyncio.sleep(0.05)
            return rested

        with ThreadPoolExecutor(1) as thread:  # tests with a browser leave a loop running in this one
            rested = thread.submit(asyncio.run, watch()).result()

        assert len(play.learner.costs) == rested > 20
        assert play.state.value.endswith(f"step={rested}")
        assert play.play.description == "Play"
        assert f"after {rested} steps" in play.image.value

    def test_a_line_that_is_pasted(self, play):
        """The sliders follow; what cannot be read is said, and nothing changes."""
        play.state.value = "moons m=50 noise=0.1 seed=2 layers=2,3,2,1 start=1/sqrt(n) rate=0.5 step=5"
        assert (play.pattern.value, play.depth.value, play.start.value) == ("moons", 2, "1/sqrt(n)")
        assert len(play.learner.costs) == 5
        play.state.value = "tree"

        assert "ValueError" in play.words.value
        assert play.learner.settings.pattern == "moons"

    def test_a_function_that_fails(self, solved):
        """Its error is said where the figures stand."""
        import ipywidgets

        def broken(*_):
            raise TypeError("no <b>")

        play = Playground(Parts.of(solved | {"L_model_backward": broken}), Settings().to_text(1), ipywidgets)

        assert "Your functions stopped with TypeError: no &lt;b&gt;" in play.words.value

    def test_every_control_has_a_label(self, play):
        """For a screen reader, and for everybody else."""
        import ipywidgets

        def inside(widget):
            yield widget
            for child in getattr(widget, "children", ()):
                yield from inside(child)

        kinds = ipywidgets.IntSlider, ipywidgets.FloatSlider, ipywidgets.Dropdown, ipywidgets.Button, ipywidgets.Text
        controls = [widget for widget in inside(play.box) if isinstance(widget, kinds)]

        assert len(controls) >= 12
        assert all(control.description for control in controls)


class TestWithoutWidgets:
    """Where ipywidgets is not installed."""

    def test_still_pictures(self, solved, monkeypatch, capsys):
        """Beginning, middle and end of the same network, each in words."""
        monkeypatch.setitem(sys.modules, "ipywidgets", None)
        playground(solved, "circles m=100 noise=0.05 seed=1 layers=2,4,1 start=0.01 rate=1.2 step=0")
        out = capsys.readouterr().out

        assert "install ipywidgets" in out
        assert out.count("[Picture: A network with the layers [2, 4, 1] learns the pattern circles") == 3
        assert "Step 1000: cost" in out

    def test_not_all_functions_yet(self, solved, capsys):
        """A sentence, no traceback."""
        del solved["update_parameters"]
        playground(solved)

        assert capsys.readouterr().out == "update_parameters is not there yet: run the cell of its exercise first.\n"

    def test_a_state_that_cannot_be_read(self, solved, capsys):
        """The same."""
        playground(solved, "tree")

        assert "asks for what there is not" in capsys.readouterr().out

    def test_a_function_that_fails(self, solved, monkeypatch, capsys):
        """The same."""
        monkeypatch.setitem(sys.modules, "ipywidgets", None)
        playground(solved | {"compute_cost": lambda *_: 1 / 0})

        assert "Your functions stopped with ZeroDivisionError" in capsys.readouterr().out


def test_public_names():
    """What a notebook imports."""
    assert dnn_lab.playground.__all__ == ["playground"]
