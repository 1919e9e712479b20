"""The playground: your own functions learn a pattern while you watch, with sliders for what can be chosen.

    playground(globals())

Without ipywidgets there are still pictures of the same network instead.
"""

import asyncio
from base64 import b64encode
from html import escape

from dnn_lab.figures.output import show
from dnn_lab.playground.board import Board
from dnn_lab.playground.learner import STARTS, Learner, Parts, Settings
from dnn_lab.playground.patterns import PATTERNS

__all__ = ["playground"]

_STILLS = (0, 100, 1000)  # steps after which a picture is drawn where there are no widgets


def playground(namespace, state=None):
    """Show a network that learns with the functions of your notebook.

    namespace -- your notebook's names: write globals()
    state -- what to begin with, a line of text as the field "State" shows it
    """
    try:
        parts = Parts.of(namespace)
        settings, step = Settings.from_text(state or Settings().to_text())
    except ValueError as error:
        return show(str(error))
    try:
        import ipywidgets  # noqa: PLC0415 (still pictures do without)
    except ImportError:
        return _stills(parts, settings, step)
    from IPython.display import display  # noqa: PLC0415

    return display(Playground(parts, settings.to_text(step), ipywidgets).box)


def _stills(parts, settings, step):
    """Show the beginning, and what has become of it."""
    show(
        "Here are still pictures: for sliders, install ipywidgets and start the notebook again. "
        f"To see another network, give playground a second argument like this one: {settings.to_text(step)!r}"
    )
    learner = Learner(parts, settings)
    for steps in sorted({*_STILLS, step}):
        problem = _learn(learner, steps - len(learner.costs))
        if problem:
            return show(problem)
        show(Board(learner).picture(), _standing(learner))
    return None


class Playground:
    """Sliders, buttons and the picture.

    parts -- your functions
    text -- the state to begin with
    widgets -- the package ipywidgets
    """

    def __init__(self, parts, text, widgets):
        self.parts = parts
        self.task = None  # what goes on while it plays

        def labelled(kind, label, **options):
            style = {"description_width": "9em"}
            return kind(description=label, style=style, layout=widgets.Layout(width="22em"), **options)

        def slider(kind, label, low, high, **options):
            return labelled(kind, label, min=low, max=high, continuous_update=False, **options)

        self.pattern = labelled(widgets.Dropdown, "Pattern", options=list(PATTERNS))
        self.noise = slider(widgets.FloatSlider, "Noise", 0, 0.3, step=0.01)
        self.depth = slider(widgets.IntSlider, "Hidden layers", 0, 4)
        self.units = [slider(widgets.IntSlider, f"Units, layer {number}", 1, 16, value=4) for number in range(1, 5)]
        self.start = labelled(widgets.Dropdown, "First weights", options=list(STARTS))
        self.rate = slider(widgets.FloatLogSlider, "Learning rate", -3, 1, base=10, step=0.05)
        self.pace = slider(widgets.IntSlider, "Steps a picture", 1, 50, value=5)
        self.play = widgets.ToggleButton(description="Play", icon="play", tooltip="Learn until it is pressed again")
        self.once = widgets.Button(description="Step", icon="step-forward", tooltip="Learn one step")
        self.again = widgets.Button(description="Reset", icon="refresh", tooltip="Begin again with the first weights")
        self.state = widgets.Text(
            description="State",
            continuous_update=False,
            style={"description_width": "4em"},
            layout=widgets.Layout(width="52em", max_width="100%"),
        )
        self.image = widgets.HTML()  # and no widgets.Image, which has no place for an alternative text
        self.words = widgets.HTML()
        self._load(text)
        self._watched = [self.pattern, self.noise, self.depth, *self.units, self.start, self.rate]
        for one in self._watched:
            one.observe(self._changed, "value")
        self.play.observe(self._played, "value")
        self.once.on_click(lambda _: self._advance(1))
        self.again.on_click(self._changed)
        self.state.observe(self._pasted, "value")
        left = widgets.VBox([self.pattern, self.noise, self.start, self.rate, self.pace])
        right = widgets.VBox([self.depth, *self.units])
        buttons = widgets.HBox([self.play, self.once, self.again])
        rows = widgets.Layout(flex_flow="row wrap")
        self.box = widgets.VBox([widgets.HBox([left, right], layout=rows), buttons, self.image, self.words, self.state])

    def settings(self):
        """Return what the sliders say. The points keep their seed."""
        hidden = [slider.value for slider in self.units[: self.depth.value]]
        old = self.learner.settings
        return old._replace(
            pattern=self.pattern.value,
            noise=round(self.noise.value, 4),
            layers=(2, *hidden, 1),
            start=self.start.value,
            rate=float(f"{self.rate.value:.3g}"),
        )

    def _changed(self, _):
        self._begin(Learner(self.parts, self.settings()))

    def _pasted(self, change):
        if change["new"] == self.learner.to_text():
            return
        for one in self._watched:
            one.unobserve(self._changed, "value")
        try:
            self._load(change["new"])
        except Exception as error:  # a line that cannot be read, or whatever a student's function may stop with
            self.words.value = _as_html(f"{type(error).__name__}: {error}")
        for one in self._watched:
            one.observe(self._changed, "value")

    def _load(self, text):
        """Take the state from a line of text. Raises ValueError if it cannot be read."""
        settings, step = Settings.from_text(text)
        hidden = settings.layers[1:-1]
        self.pattern.value, self.noise.value, self.depth.value = settings.pattern, settings.noise, min(len(hidden), 4)
        self.start.value, self.rate.value = settings.start, settings.rate
        for slider, size in zip(self.units, hidden, strict=False):
            slider.value = size
        self._begin(Learner(self.parts, settings), step)

    def _begin(self, learner, step=0):
        self.play.value = False
        self.learner, self.board = learner, Board(learner)
        self._show_units()
        self._advance(step)

    def _show_units(self):
        for number, one in enumerate(self.units):
            one.layout.display = None if number < self.depth.value else "none"

    def _advance(self, steps):
        """Learn, draw, and say where the network stands; return whether it can go on."""
        problem = _learn(self.learner, steps)
        playing = self.play.value and not problem
        if not problem:
            alt = "A network that learns: pause it to hear what the picture shows." if playing else self.board.alt()
            self.image.value = _as_image(self.board.jpeg(), alt)
        if not playing:
            self.state.value = self.learner.to_text()
        self.words.value = _as_html(problem or _standing(self.learner), announced=not playing)
        return not problem

    def _played(self, change):
        self.play.description, self.play.icon = ("Pause", "pause") if change["new"] else ("Play", "play")
        if change["new"]:
            self.task = asyncio.get_event_loop().create_task(self._run())
        elif self.learner.costs:
            self._advance(0)

    async def _run(self):
        """Learn and draw by turns; between two pictures the sliders have a say."""
        while self.play.value:
            if not self._advance(self.pace.value):
                self.play.value = False
            await asyncio.sleep(0.01)


def _learn(learner, steps):
    """Let a network learn; return in a sentence why it cannot go on, or ""."""
    try:
        learner.learn(steps)
    except Exception as error:  # whatever a student's function may stop with
        return f"Your functions stopped with {type(error).__name__}: {error}"
    if learner.diverged:
        return (
            f"After {len(learner.costs)} steps the cost is no number any more: some guess is exactly 0 or 1, and its "
            "logarithm is infinite. Try a smaller learning rate."
        )
    return ""


def _standing(learner):
    cost = f"cost {learner.costs[-1]:.4f}, " if learner.costs else ""
    return f"Step {len(learner.costs)}: {cost}{learner.accuracy():.1%} of the points on the right side."


def _as_html(sentence, announced=True):
    """Return a sentence as HTML; a screen reader reads it out if it is announced."""
    role = ' role="status"' if announced else ""
    return f'<p class="playground-words"{role}>{escape(sentence)}</p>'


def _as_image(jpeg, alt):
    data = b64encode(jpeg).decode()
    # Decoded at once, or the picture would flicker when the next one takes its place.
    return (
        f'<img class="playground-picture" alt="{escape(alt)}" decoding="sync" style="max-width: 100%; height: auto" '
        f'src="data:image/jpeg;base64,{data}">'
    )
