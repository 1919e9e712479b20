"""Writes marks in the formats of others: CSV, a Canvas gradebook, Gradescope's results."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from autograder.reporting.exercise_words import STATUS_WORDS
from autograder.reporting.feedback import Told
from autograder.reporting.marks_table import Person
from autograder.reporting.results import ClassResults, Result

FORMATS = {"csv": ".csv", "canvas": "-canvas.csv", "gradescope": "-gradescope.zip"}


def to_csv(results: ClassResults) -> str:
    """Return a row for each student: nbgrader's columns, what became of the submission, and points per function."""
    names = [exercise.name for exercise in results.exercises]
    header = ["assignment", "student_id", "last_name", "first_name", "email", "lms_user_id", "timestamp", "status"]
    rows: list[Sequence[object]] = [[*header, "raw_score", "late_submission_penalty", "score", "max_score", *names]]
    for person, result in everybody(results):
        who = [results.assignment, person.student, person.last_name, person.first_name, person.email]
        rows.append([*who, person.lms_user_id, *_marks(result, results.max_score, len(names))])
    return _written(rows)


def _marks(result: Result | None, maximum: float, functions: int) -> list[object]:
    if result is None:
        return ["", "not handed in", 0.0, 0.0, 0.0, maximum, *[0.0] * functions]
    when = result.when.isoformat(" ") if result.when else ""
    if not result.graded:
        return [when, "not graded", "", "", "", maximum, *[""] * functions]
    status = "manual grading needed" if result.needs_manual else "graded"
    points = [outcome.score for outcome in result.outcomes]
    return [when, status, result.score, result.penalty, result.final, maximum, *points]


def to_canvas(results: ClassResults, column: str | None = None) -> str:
    """Return what Canvas's gradebook imports. A cell without marks is empty, which Canvas leaves as it is.

    column -- the column's title as Canvas's own export has it, such as "Homework 1 (12345)"; the assignment's name if
        None, which makes Canvas offer a new assignment
    """
    title = column or results.assignment
    rows: list[Sequence[object]] = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title],
        ["    Points Possible", "", "", "", "", results.max_score],
    ]
    for person, result in everybody(results):
        name = ", ".join(part for part in (person.last_name, person.first_name) if part) or person.student
        number = canvas_id(person)
        # Who still waits for marks by hand has none yet.
        marks: object = result.final if result is not None and result.graded and not result.needs_manual else ""
        rows.append([name, number, "", "" if number else person.student, "", marks])
    return _written(rows)


def canvas_id(person: Person) -> str:
    """Return Canvas's number for a student: the gradebook's, else what `autograder collect` put into the id."""
    if person.lms_user_id:
        return person.lms_user_id
    match = re.fullmatch(r".+_(\d+)", person.student)
    return match[1] if match else ""


def everybody(results: ClassResults) -> list[tuple[Person, Result | None]]:
    """Return all students in order, with None for who has handed in nothing."""
    found: list[tuple[Person, Result | None]] = [(result.person, result) for result in results.results]
    return sorted(found + [(person, None) for person in results.absent], key=lambda pair: pair[0].student)


def _written(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_harmless(value) for value in row] for row in rows)
    return text.getvalue()


def _harmless(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: ids come from names of files that students chose."""
    if isinstance(value, float):
        return f"{value:g}"
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def gradescope_results(
    told: Iterable[Told], *, penalty: float = 0.0, seconds: float | None = None, remarks: Sequence[str] = ()
) -> dict[str, Any]:
    """Return what Gradescope reads as results.json: a test for each function, with what its student may know.

    penalty -- points less for lateness
    remarks -- sentences above the tests
    """
    tests = [_test(one) for one in told]
    found: dict[str, Any] = {
        "score": max(0.0, sum(test["score"] for test in tests) - penalty),
        "output": "\n".join([*remarks, *([f"{penalty:g} points less for lateness."] if penalty else [])]),
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }
    return found if seconds is None else found | {"execution_time": round(seconds)}


def _test(told: Told) -> dict[str, Any]:
    outcome = told.outcome
    first = [told.tested_with] if told.tested_with else []
    lines = [*first, *told.messages, *(f"To think about: {hint}" for hint in told.hints), *told.comments]
    return {
        "name": outcome.name,
        "score": outcome.score,
        "max_score": outcome.max_score,
        "status": "passed" if outcome.score >= outcome.max_score or outcome.status == "carried" else "failed",
        "output": "\n\n".join(lines) or STATUS_WORDS.get(outcome.status, outcome.status),
        "output_format": "text",
    }


def to_gradescope(results: Mapping[str, dict[str, Any]]) -> bytes:
    """Return a zip with a folder for each student, in which results.json lies."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for student, found in results.items():
            archive.writestr(f"{student}/results.json", json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return packed.getvalue()
