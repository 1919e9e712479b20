"""Where you stand: which checks your functions pass, what is next, and the points so far.

    from testCases import EXERCISES
    show_progress(EXERCISES, globals())

Nothing leaves your computer. The checks are those under each exercise; when you hand in, your functions are tried on
other inputs, too.
"""

import io
from contextlib import redirect_stdout
from typing import NamedTuple

from dnn_lab.figures.output import Table, show

__all__ = ["Standing", "progress", "show_progress"]


class Standing(NamedTuple):
    """How far one function is: the points that its checks give now, out of how many, and in words."""

    function: str
    points: int
    most: int
    words: str


def progress(exercises, namespace):
    """Return a Standing for each exercise.

    exercises -- for each its function's name, its check, and points by the check's second argument, None if it has none
    namespace -- your notebook's names: globals()
    """
    return [_standing(name, namespace.get(name), check, points) for name, check, points in exercises]


def show_progress(exercises, namespace):
    """Show a table of your functions, the points so far, and what is next; arguments as for `progress`."""
    standings = progress(exercises, namespace)
    points, most = sum(one.points for one in standings), sum(one.most for one in standings)
    left = [one for one in standings if one.points < one.most]
    bar = "█" * round(20 * points / most) + "░" * (20 - round(20 * points / most))
    rows = [[one.function, f"{one.points} of {one.most}", one.words] for one in standings]
    following = f"Next: {left[0].function}." if left else "Everything passes. Validate the notebook and hand it in."
    show(f"{bar} {points} of {most} points", Table("Each row is one exercise.", ["function", "points", "state"], rows))
    show(following)


def _standing(name, function, check, parts):
    most = sum(parts.values())
    if not callable(function):
        return Standing(name, 0, most, "not run yet")
    points, problem = 0, ""
    for part, worth in parts.items():
        try:
            with redirect_stdout(io.StringIO()):
                check(function, *([] if part is None else [part]))
        except Exception as error:  # CheckFailed, or whatever a student's function may stop with
            problem = problem or str(error).strip().partition("\n")[0] or type(error).__name__
        else:
            points += worth
    return Standing(name, points, most, _shortened(problem) or "passes")


def _shortened(problem, most=110):
    return problem if len(problem) <= most else problem[: most - 1].rstrip() + "…"
