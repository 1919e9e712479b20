"""The charts of the class report."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.ticker import MaxNLocator

from autograder.reporting.exercise_words import STATUS_WORDS
from autograder.reporting.inline_svg import COLOURS, drawing
from autograder.reporting.statistics import Dependence, Item


def scores(values: Sequence[float], maximum: float) -> tuple[str, list[tuple[str, int]]]:
    """Return the distribution of scores as a chart, and its bars: which scores, how many."""
    bins = 10
    width = maximum / bins if maximum else 1.0
    counts = Counter(min(max(int(value / width), 0), bins - 1) for value in values)
    bars = [(_range(number, width, bins), counts[number]) for number in range(bins)]
    most = max(bars, key=lambda bar: bar[1])
    text = f"{len(values)} submissions. Most of them, {most[1]}, have {most[0]} points."
    with drawing("scores", "How many submissions have how many points", text, (7.2, 3.0)) as chart:
        axes = chart.axes()
        drawn = axes.bar([n + 0.5 for n in range(bins)], [n for _, n in bars], width=0.9, color=COLOURS["main"])
        for number, (points, count) in enumerate(bars):
            if count:
                chart.tip(drawn[number], f"{points} points: {_counted(count, 'submission')}")
                axes.annotate(str(count), (number + 0.5, count), (0, 3), textcoords="offset points", ha="center")
        axes.set_xticks(range(bins + 1), [f"{number * width:g}" for number in range(bins + 1)])
        axes.set_xlabel(f"points of {maximum:g}")
        axes.set_ylabel("submissions")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.margins(y=0.15)
        axes.set_xlim(-0.1, bins + 0.1)
        axes.grid(axis="y")
    return chart.svg, bars


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _range(number: int, width: float, bins: int) -> str:
    end = f"{(number + 1) * width:g}"
    return f"{number * width:g} to {end}" if number == bins - 1 else f"{number * width:g} to under {end}"


def success(statuses: Mapping[str, Mapping[str, int]]) -> tuple[str, list[str]]:
    """Return how each function fared as a chart of stacked bars, and the statuses that occur."""
    seen = [status for status in STATUS_WORDS if any(counts.get(status) for counts in statuses.values())]
    shares = {
        name: (counts.get("passed", 0) + counts.get("carried", 0)) / tested
        for name, counts in statuses.items()
        if (tested := sum(counts.values()) - counts.get("manual", 0))
    }
    hardest = min(shares, key=shares.__getitem__, default="")
    text = f"The fewest, {shares[hardest]:.0%}, have {hardest} right." if hardest else "All is graded by a person."
    height = 0.75 + 0.34 * max(len(statuses), 2)
    with drawing("success", "How each function fared", text, (7.2, height)) as chart:
        axes = chart.axes()
        names = list(statuses)
        left = [0.0] * len(names)
        for status in seen:
            counts = [statuses[name].get(status, 0) for name in names]
            wide = [100 * n / max(sum(statuses[name].values()), 1) for n, name in zip(counts, names, strict=True)]
            drawn = axes.barh(names, wide, left=left, height=0.72, color=COLOURS[status])
            for row, (count, share) in enumerate(zip(counts, wide, strict=True)):
                chart.tip(drawn[row], f"{names[row]}, {STATUS_WORDS[status]}: {_counted(count, 'submission')}")
                if share >= 6:
                    axes.text(left[row] + share / 2, row, str(count), ha="center", va="center", color=COLOURS["paper"])
            left = [begin + share for begin, share in zip(left, wide, strict=True)]
        axes.invert_yaxis()
        axes.set_xlim(0, 100)
        axes.set_xlabel("percent of the submissions; the numbers in the bars are submissions")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
    return chart.svg, seen


def frequent(rows: Sequence[tuple[str, str, int]], graded: int) -> str:
    """Return a chart of how many students have each misconception, the most frequent first.

    rows -- the function, what is done wrong in it, and by how many
    """
    first = _said(*rows[0][:2])
    text = f"The most frequent of {len(rows)}: {first}, {rows[0][2]} of {graded} students."
    labels = ["\n".join([*([function] if function else []), textwrap.fill(line, 44)]) for function, line, _ in rows]
    size = (7.2, 0.75 + 0.2 * sum(label.count("\n") + 1.8 for label in labels))
    with drawing("frequent", "How many students have each misconception", text, size) as chart:
        axes = chart.axes()
        drawn = axes.barh(range(len(rows)), [count for *_, count in rows], height=0.6, color=COLOURS["wrong"])
        axes.set_yticks(range(len(rows)), labels, fontsize=9.5)
        for row, (function, line, count) in enumerate(rows):
            chart.tip(drawn[row], f"{_said(function, line)} {count} of {graded} students.")
            axes.annotate(str(count), (count, row), (4, 0), textcoords="offset points", va="center")
        axes.invert_yaxis()
        axes.margins(x=0.08)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("students")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
    return chart.svg


def _said(function: str, line: str) -> str:
    return f"{function}: {line}" if function else line


def seconds(values: Sequence[float]) -> str:
    """Return the distribution of the seconds that grading took."""
    ordered = sorted(values)
    middle = ordered[len(ordered) // 2]
    text = f"Half of the submissions took at most {middle:.2g} s, the longest took {ordered[-1]:.2g} s."
    with drawing("seconds", "How long grading a submission took", text, (7.2, 2.4)) as chart:
        axes = chart.axes()
        low, high = max(ordered[0], 1e-3), max(ordered[-1], 2e-3)
        steps = 24
        edges = [low * (high / low) ** (n / steps) for n in range(steps + 1)] if high / low > 30 else steps
        axes.hist(ordered, bins=edges, color=COLOURS["main"], rwidth=0.9)
        if high / low > 30:
            axes.set_xscale("log")
        axes.set_xlabel("seconds")
        axes.set_ylabel("submissions")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
        axes.grid(axis="y")
    return chart.svg


def discrimination(items: Sequence[Item]) -> str:
    """Return difficulty against discrimination, a point for each function."""
    known = [(item, item.discrimination) for item in items if item.discrimination is not None]
    description = (
        f"{len(known)} functions; further right is easier, further up tells better who has understood the rest."
    )
    with drawing("items", "Difficulty and discrimination of each function", description, (7.2, 4.2)) as chart:
        axes, names = chart.figure.subplots(1, 2, width_ratios=[3, 1.15])
        low = math.floor(10 * min([0.5, *(item.difficulty for item, _ in known)])) / 10 - 0.05
        floor, top = min([0.0, *(d for _, d in known)]) - 0.1, max([0.5, *(d for _, d in known)]) + 0.1
        axes.axhline(0.2, color=COLOURS["faint"], linewidth=0.9, linestyle=(0, (4, 3)))
        axes.text(low + 0.01, 0.21, "below this line, look at the test", fontsize=9, color=COLOURS["faint"])
        close = 0.03 * (1.04 - low), 0.04 * (top - floor)
        labels: list[tuple[float, float, str]] = []
        for number, (item, height) in enumerate(known, start=1):
            (point,) = axes.plot(
                item.difficulty, height, "o", color=COLOURS["main"], markersize=9, markeredgecolor=COLOURS["paper"]
            )
            chart.tip(point, f"{number} {item.name}: difficulty {item.difficulty:.2f}, discrimination {height:.2f}")
            _label(labels, (item.difficulty, height), str(number), close)
        points = [(item.difficulty, height) for item, height in known]
        for x, y, text in labels:
            right, up = _free_corner((x, y), points, close)
            axes.annotate(
                text,
                (x, y),
                (6 * right, 7 * up),
                textcoords="offset points",
                fontsize=9.5,
                ha="left" if right > 0 else "right",
                va="center",
            )
        axes.set_xlim(low, 1.04)
        axes.set_ylim(floor, top)
        axes.set_xlabel("difficulty: mean share of the points (1 is easy)")
        axes.set_ylabel("discrimination")
        axes.grid()
        # Names beside the points would cover each other.
        names.set_axis_off()
        step = 1 / max(len(known), 12)
        for number, (item, _) in enumerate(known, start=1):
            names.text(0.0, 1 - (number - 0.5) * step, f"{number}", ha="right", va="center", fontsize=9.5)
            names.text(0.08, 1 - (number - 0.5) * step, item.name, va="center", fontsize=9.5)
    return chart.svg


def _label(
    labels: list[tuple[float, float, str]], place: tuple[float, float], text: str, close: tuple[float, float]
) -> None:
    """Add a point's label; points that are close to each other share one, or it could not be read."""
    for number, (x, y, other) in enumerate(labels):
        if abs(x - place[0]) < close[0] and abs(y - place[1]) < close[1]:
            labels[number] = (max(x, place[0]), y, f"{other}, {text}")
            return
    labels.append((*place, text))


def _free_corner(
    place: tuple[float, float], points: Sequence[tuple[float, float]], close: tuple[float, float]
) -> tuple[int, int]:
    """Return to which side of a point, 1 or -1 across and up, its label is farthest from other points."""

    def room(corner: tuple[int, int]) -> float:
        x, y = place[0] + corner[0] * close[0], place[1] + corner[1] * close[1] / 2
        return min(
            (math.hypot((x - a) / close[0], (y - b) / close[1]) for a, b in points if (a, b) != place), default=0
        )

    return max([(1, 1), (-1, 1), (1, -1), (-1, -1)], key=room)


def dependence_map(found: Sequence[Dependence], graded: int) -> str:
    """Return the functions and what they use, with a bar in each for the share that failed."""
    places = _places(found)
    across = max((column for column, _ in places.values()), default=0) + 1
    down = max((row for _, row in places.values()), default=0) + 1
    worst = max(found, key=lambda one: one.after, default=None)
    text = (
        f"{worst.name}: {worst.failed} failed, {worst.after} of them with something that it uses wrong."
        if worst is not None and worst.after
        else "No failure goes with the failure of something that the function uses."
    )
    corners = {
        name: (column * (_BOX[0] + _GAP[0]), -row * (_BOX[1] + _GAP[1])) for name, (column, row) in places.items()
    }
    size = (max(7.2, across * (_BOX[0] + _GAP[0])), 0.2 + down * (_BOX[1] + _GAP[1]))
    with drawing("map", "Which function uses which, and how many failed", text, size) as chart:
        axes = chart.axes()
        axes.set_axis_off()
        for one in found:
            frame = _box(axes, corners[one.name], one, one.failed / max(graded, 1))
            uses = f"uses {', '.join(one.needs)}" if one.needs else "uses no other"
            chart.tip(frame, f"{one.name} {uses}; {one.failed} of {graded} failed, {one.alone} of them on their own")
            for need in one.needs:
                if need in corners:
                    axes.add_patch(_arrow(corners[need], corners[one.name], *_BOX))
        axes.set_xlim(-0.1, across * (_BOX[0] + _GAP[0]) - _GAP[0] + 0.1)
        axes.set_ylim(-(down - 1) * (_BOX[1] + _GAP[1]) - 0.1, _BOX[1] + 0.1)
    return chart.svg


# Width and height of a box, and of what is between two, in inches.
_BOX = 2.45, 0.66
_GAP = 0.55, 0.24


def _box(axes: Axes, corner: tuple[float, float], one: Dependence, share: float) -> FancyBboxPatch:
    """Draw a function's box and return its frame."""
    x, y = corner
    box = FancyBboxPatch((x, y), *_BOX, boxstyle="round,pad=0,rounding_size=0.09", linewidth=1.2)
    box.set(facecolor="none", edgecolor=COLOURS["faint"])
    axes.add_patch(box)
    for colour, length in (("grid", 1.0), ("wrong", share)):
        if length:
            bar = Rectangle((x + 0.1, y + 0.08), (_BOX[0] - 0.2) * length, 0.07, linewidth=0)
            bar.set(facecolor=COLOURS[colour])
            axes.add_patch(bar)
    axes.text(x + 0.1, y + _BOX[1] - 0.16, one.name, va="center", fontsize=9.5)
    told = f"{one.failed} failed" + (f", {one.alone} on their own" if one.after else "")
    axes.text(x + 0.1, y + 0.29, told, va="center", fontsize=8.5, color=COLOURS["faint"])
    return box


def _arrow(begin: tuple[float, float], end: tuple[float, float], width: float, height: float) -> FancyArrowPatch:
    start = (begin[0] + width + 0.03, begin[1] + height / 2)
    stop = (end[0] - 0.03, end[1] + height / 2)
    bend = 0.0 if math.isclose(start[1], stop[1]) else 0.12
    style = f"arc3,rad={bend}"
    arrow = FancyArrowPatch(start, stop, arrowstyle="-|>", mutation_scale=11, connectionstyle=style, linewidth=1.2)
    arrow.set(color=COLOURS["faint"])
    return arrow


def _places(found: Sequence[Dependence]) -> dict[str, tuple[int, int]]:
    """Return column and row of each function: right of all that it uses, and level with it where there is room.

    Functions that neither use nor are used stand below, side by side.
    """
    needs = {one.name: tuple(need for need in one.needs if need != one.name) for one in found}
    used = {need for names in needs.values() for need in names}
    columns = _columns(needs)
    free: Counter[int] = Counter()
    places: dict[str, tuple[int, int]] = {}
    for name in sorted(needs, key=lambda name: columns[name]):
        if needs[name] or name in used:
            column = columns[name]
            row = max([free[column], *(places[need][1] for need in needs[name][:1] if need in places)])
            places[name], free[column] = (column, row), row + 1
    below = max(free.values(), default=0)
    across = max(max(columns.values(), default=0) + 1, 3)
    for number, name in enumerate(name for name in needs if name not in places):
        places[name] = number % across, below + number // across
    return places


def _columns(needs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return how many steps from the left each function stands: one more than all that it uses."""
    columns: dict[str, int] = {}

    def column(name: str, seen: frozenset[str]) -> int:
        if name not in columns:
            inner = [column(need, seen | {need}) + 1 for need in needs[name] if need in needs and need not in seen]
            columns[name] = max(inner, default=0)
        return columns[name]

    return {name: column(name, frozenset({name})) for name in needs}
