"""The class report: one page that an instructor can show in a lecture."""

from __future__ import annotations

import os
import statistics as stats
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from autograder.diagnosis.catalogue import Misconception
from autograder.reporting import charts, statistics
from autograder.reporting.exercise_words import STATUS_WORDS
from autograder.reporting.pages import page
from autograder.reporting.results import ClassResults, Result, each_message

# Charts and tables show this many of a long list.
MOST = 15


def class_report(
    results: ClassResults,
    catalogue: Mapping[str, Misconception],
    feedback: Mapping[str, Path],
    folder: Path,
    *,
    names: bool = True,
    graded: Sequence[str] = (),
) -> str:
    """Return the report's HTML.

    catalogue -- what is said of misconceptions, by id
    feedback -- where each student's feedback page is or will be
    folder -- where the report will lie; links are relative to it
    names -- whether students are named; without, the page can be shown to them
    graded -- how the assignment is graded, in sentences
    """
    submissions = results.graded
    values: dict[str, Any] = _empty() if not submissions else _of_class(results, catalogue, names)
    needing = [(result.person.name, why, what) for result in results.results for why, what in _needs(result)]
    values["notes"] = [(result.person.name, note) for result in results.results for note in result.notes if names]
    values["noted"] = sum(bool(result.notes) for result in results.results)
    values["sections"] = [
        (name, text)
        for name, text in _SECTIONS.items()
        if (name not in _ABOUT_PEOPLE or names)
        and (name in (*_ABOUT_PEOPLE, "misuse") or values["charts"])
        and (name != "time" or values["charts"].get("seconds"))
    ]
    return page(
        "report.html",
        title=f"{results.assignment}: how the class fared",
        results=results,
        words=STATUS_WORDS,
        people=names,
        made=f"Made on {datetime.now():%Y-%m-%d %H:%M}.",
        figures=_figures(results, len({name for name, *_ in needing})),
        needing=needing,
        rows=[_row(result, len(results.exercises), feedback, folder) for result in results.results] if names else [],
        links_missing=any(not path.exists() for path in feedback.values()),
        few=len(submissions) < statistics.FEW,
        graded=graded,
        **values,
    )


_SECTIONS = {
    "people": "Needs a person",
    "scores": "Scores",
    "success": "Success per function",
    "wrong": "Where it went wrong",
    "map": "Failures that occur together",
    "items": "How well it tests",
    "time": "Time",
    "misuse": "Misuse",
    "students": "Students",
}
_ABOUT_PEOPLE = ("people", "students")


def _empty() -> dict[str, Any]:
    return {"charts": {}}


def _of_class(results: ClassResults, catalogue: Mapping[str, Misconception], names: bool) -> dict[str, Any]:
    graded = results.graded
    finals = [result.final for result in graded]
    histogram, bars = charts.scores(finals, results.max_score)
    statuses = statistics.statuses(results)
    success, seen = charts.success(statuses)
    items = statistics.items(results)
    dependences = statistics.dependences(results)
    drawn = {
        "scores": histogram,
        "success": success,
        "discrimination": charts.discrimination(items),
        "map": charts.dependence_map(dependences, len(graded)),
    }
    counted = statistics.misconceptions(results).most_common()
    if counted:
        texts = {name: _texts(catalogue.get(name), name) for name, _ in counted}
        lines = [
            (texts[name].get("function", ""), texts[name].get("instructor", name), count)
            for name, count in counted[:MOST]
        ]
        drawn["frequent"] = charts.frequent(lines, len(graded))
    times = [result.seconds for result in graded if result.seconds is not None]
    if times:
        drawn["seconds"] = charts.seconds(times)
    alpha = statistics.alpha(results)
    numbered = iter(range(1, len(items) + 1))
    return {
        "charts": drawn,
        "score_bars": bars,
        "score_sentence": _score_sentence(finals, results.max_score),
        "statuses": statuses,
        "seen": seen,
        "misconceptions": [
            {"count": count, "instructor": name, "function": "", "cause": ""} | _texts(catalogue.get(name), name)
            for name, count in counted
        ],
        # Not without names: a message is whatever a student's code says, and a hidden test's part of it.
        "messages": [(text, count) for text, count in _messages(results) if count > 1][:MOST] if names else [],
        "dependences": dependences,
        # Points in the chart have numbers where there is a figure to draw.
        "items": [("" if item.discrimination is None else next(numbered), item) for item in items],
        "alpha_sentence": ""
        if alpha is None
        else f" Cronbach's alpha of the whole is {alpha:.2f}: near 1, all functions measure the same thing.",
        "seconds_sentence": _seconds_sentence(times) if times else "",
        "seconds_table": _seconds_table(times) if times else [],
    }


def _texts(texts: Misconception | None, name: str) -> dict[str, str]:
    if texts is None:
        return {}
    return {"instructor": texts.instructor or name, "function": texts.function, "cause": texts.cause}


def _messages(results: ClassResults) -> list[tuple[str, int]]:
    """Return messages and how many students have each."""
    return Counter(text for _, text in sorted(set(each_message(results)))).most_common()


def _figures(results: ClassResults, needing: int) -> list[tuple[str, str]]:
    finals = [result.final for result in results.graded]
    found = [(str(len(results.results)), "handed in"), (str(len(finals)), "graded")]
    if finals:
        full = sum(value >= results.max_score for value in finals)
        found += [
            (f"{stats.fmean(finals):.1f}", f"mean, of {results.max_score:g}"),
            (f"{stats.median(finals):g}", "median"),
            (str(full), "with all points"),
        ]
    return [*found, (str(needing), "need a person")]


def _needs(result: Result) -> list[tuple[str, str]]:
    """Return why a person has to look at a submission, and what is known."""
    found = []
    if result.error:
        found.append(("marks are of an earlier submission" if result.graded else "not graded", result.error))
    if result.needs_manual:
        found.append(("manual grading", "some of its cells are graded by a person"))
    if result.timed_out:
        found.append(("out of time", ", ".join(result.timed_out)))
    if result.repairs:
        found.append(("repaired", "; ".join(result.repairs)))
    return found


def _row(result: Result, functions: int, feedback: Mapping[str, Path], folder: Path) -> dict[str, Any]:
    path = feedback.get(result.student)
    remarks = [why for why, _ in _needs(result)]
    if result.penalty:
        remarks.append(f"late: {result.penalty:g} points less")
    if result.notes:
        remarks.append("see misuse")
    name = result.person.name
    return {
        "name": name if name == result.student else f"{name} ({result.student})",
        "link": quote(os.path.relpath(path, folder)) if path is not None and result.graded else None,
        "score": f"{result.final:g}" if result.graded else "–",
        "points": [f"{outcome.score:g}" for outcome in result.outcomes] or ["–"] * functions,
        "remarks": ", ".join(remarks),
    }


def _score_sentence(finals: list[float], maximum: float) -> str:
    spread = f", with a standard deviation of {stats.pstdev(finals):.1f}" if len(finals) > 1 else ""
    return (
        f"The mean is {stats.fmean(finals):.1f} of {maximum:g} points{spread}; half of the class has "
        f"{stats.median(finals):g} or more."
    )


def _seconds_sentence(times: list[float]) -> str:
    return (
        f"{len(times)} submissions took {sum(times):.0f} s of running time in all, {stats.median(times):.2f} s in the "
        f"middle and {max(times):.2f} s at most. Several run at a time, so a class takes less than the sum."
    )


def _seconds_table(times: list[float]) -> list[tuple[str, float]]:
    ordered = sorted(times)

    def at(share: float) -> float:
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]

    return [
        ("shortest", ordered[0]),
        ("median", stats.median(times)),
        ("90 % take at most", at(0.9)),
        ("longest", ordered[-1]),
    ]
