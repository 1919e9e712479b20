"""Marks in the forms that others read."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace

import pytest
from made_results import outcome, result

from autograder.lms.marks_export import canvas_id, gradescope_results, to_canvas, to_csv, to_gradescope
from autograder.reporting.feedback import Told
from autograder.reporting.marks_table import Person


def rows(text: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(text)))


class TestCsv:
    """The general form."""

    def test_everybody(self, results):
        """The graded with points per function, the ungraded without, the absent with zero, each with a status."""
        found = {row["student_id"]: row for row in rows(to_csv(results))}

        assert list(found) == ["ada", "ben", "chi", "dan", "eve", "zoe"]
        assert (found["ada"]["score"], found["ada"]["first"], found["ada"]["max_score"]) == ("30", "10", "30")
        assert (found["chi"]["raw_score"], found["chi"]["late_submission_penalty"], found["chi"]["score"]) == (
            "22",
            "4",
            "18",
        )
        assert (found["dan"]["status"], found["dan"]["score"]) == ("not graded", "")
        assert (found["zoe"]["status"], found["zoe"]["score"]) == ("not handed in", "0")

    def test_no_formulas(self, results):
        """A name of a student that a spreadsheet would compute is made text."""
        results.results.append(result('=cmd|" /c calc"!A1', 1, 1, 1, 1))
        found = [row["student_id"] for row in rows(to_csv(results))]

        assert '\'=cmd|" /c calc"!A1' in found


class TestCanvas:
    """Canvas's gradebook."""

    def test_the_form(self, results):
        """Canvas's columns, the points possible, the number where it is known; no marks, no cell."""
        results.results.append(result("doejane_4711", 1, 1, 0, 0))
        text = to_canvas(results, "Homework 1 (99)")
        found = {row["Student"]: row for row in rows(text)}

        assert text.split("\n")[0] == "Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (99)"
        assert text.split("\n")[1] == "    Points Possible,,,,,30"
        assert (found["Byron <b>, Ada"]["ID"], found["Byron <b>, Ada"]["Homework 1 (99)"]) == ("101", "30")
        assert (found["doejane_4711"]["ID"], found["doejane_4711"]["SIS Login ID"]) == ("4711", "")
        assert (found["ben"]["ID"], found["ben"]["SIS Login ID"]) == ("", "ben")
        assert (found["dan"]["Homework 1 (99)"], found["zoe"]["Homework 1 (99)"]) == ("", "")

    def test_who_waits_for_a_person(self, results):
        """Points that are not complete are no marks."""
        results.results[0].needs_manual = True
        found = {row["Student"]: row["task"] for row in rows(to_canvas(results))}

        assert (found["Byron <b>, Ada"], found["ben"]) == ("", "5")

    @pytest.mark.parametrize(("student", "number"), [("a_b_12", "12"), ("ab12", ""), ("12", "")])
    def test_numbers_in_ids(self, student, number):
        """Only what `autograder collect` appends counts."""
        assert canvas_id(Person(student)) == number


class TestGradescope:
    """results.json."""

    def test_the_form(self):
        """A test for each function; their sum without the penalty; hints and comments in the output."""
        told = [
            Told(outcome("first", 0.5), ["first: Z has the wrong shape."], ["Which mean?"], ["Nearly."]),
            Told(replace(outcome("second", 1, "carried"), lent=("first", "other"))),
            Told(outcome("other", 1)),
        ]
        found = gradescope_results(told, penalty=2.0, seconds=3.2, remarks=["a test was put back"])

        assert (found["score"], found["execution_time"]) == (5 + 10 + 5 - 2, 3)
        assert found["output"] == "a test was put back\n2 points less for lateness."
        assert [(test["name"], test["score"], test["max_score"], test["status"]) for test in found["tests"]] == [
            ("first", 5, 10, "failed"),
            ("second", 10, 10, "passed"),
            ("other", 5, 5, "passed"),
        ]
        assert found["tests"][0]["output"] == "first: Z has the wrong shape.\n\nTo think about: Which mean?\n\nNearly."
        assert found["tests"][1]["output"] == (
            "Correct. It was tested with our first and other, because yours do not pass their own checks."
        )
        assert found["tests"][2]["output"] == "right"

    def test_a_class(self):
        """A file for each student."""
        with zipfile.ZipFile(io.BytesIO(to_gradescope({"ada": {"score": 1.0}}))) as archive:
            assert json.loads(archive.read("ada/results.json")) == {"score": 1.0}
