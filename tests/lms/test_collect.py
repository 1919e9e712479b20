"""What a learning platform exported, into submitted/."""

from __future__ import annotations

import os
import struct
import time
import zipfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.lms.attribution import attribute, with_roster
from autograder.lms.collect import carry_out, make_plan
from autograder.lms.export_contents import CollectError, opened

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC).timestamp()
METADATA = """
submission_11:
  :submitters:
  - :name: Jane Doe
    :sid: '900'
    :email: jane@example.edu
  - :name: Max Roe
    :sid:
    :email: max@example.edu
  :created_at: 2026-03-01 09:30:00.000000000 Z
submission_12:
  :submitters: []
  :created_at: 2026-03-01 09:31:00 Z
"""


def export(folder: Path, files: dict[str, str | tuple[str, float]]) -> Path:
    """Write an export: contents, and how many seconds after noon each was written."""
    for name, given in files.items():
        text, after = given if isinstance(given, tuple) else (given, 0.0)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (NOON + after, NOON + after))
    return folder


def zipped(folder: Path) -> Path:
    """Pack a folder."""
    target = folder.with_suffix(".zip")
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return target


@contextmanager
def planned(path: Path, submitted: Path, pattern: str | None = None, roster=None, notebooks=("task",)):
    """Yield the plan, and the folders of the students."""
    with opened(path) as contents:
        found = attribute(contents, "task", pattern, [f"{name}.ipynb" for name in notebooks])
        found.owned = with_roster(found.owned, roster or {})
        folders = {one.student: submitted / one.student / "task" for one in found.owned}
        yield make_plan(contents, found, notebooks, folders), folders


def collected(path: Path, submitted: Path, pattern: str | None = None, roster=None, notebooks=("task",)):
    """Collect, and return the plan and what lies there now: texts by path, without time stamps."""
    with planned(path, submitted, pattern, roster, notebooks) as (plan, folders):
        carry_out(plan, folders)
    there = {
        path.relative_to(submitted).as_posix(): path.read_text(encoding="utf-8")
        for path in submitted.rglob("*")
        if path.is_file() and path.name not in ("timestamp.txt", ".task.owner")
    }
    return plan, there


class TestCanvas:
    """`lastnamefirst_[LATE_]user_file_name`."""

    FILES = {
        "doejane_101_9001_task.ipynb": ("first", 0),
        "doejane_101_9007_task-1.ipynb": ("second", 60),
        "doejane_101_9012_task-2.ipynb": ("third", 120),
        "roemax_LATE_102_9003_my homework.ipynb": ("max", 30),
        "liwei_103_9004_task.zip": "packed",
        "vandermeeranna_late_104_9005_solution.py": "x = 1",
        "notes.txt": "?",
    }

    @pytest.mark.parametrize("pack", [False, True])
    def test_an_export(self, tmp_path, pack):
        """The last attempt, under the assignment's name; other files as they are; the rest is named."""
        path = export(tmp_path / "export", self.FILES)
        plan, there = collected(zipped(path) if pack else path, tmp_path / "submitted")

        assert plan.layout == "canvas"
        assert there == {
            "doejane_101/task/task.ipynb": "third",
            "roemax_102/task/task.ipynb": "max",
            "liwei_103/task/task.zip": "packed",
            "vandermeeranna_104/task/solution.py": "x = 1",
        }
        assert plan.earlier == {"doejane_101": ["doejane_101_9001_task.ipynb", "doejane_101_9007_task-1.ipynb"]}
        assert list(plan.unassigned) == ["notes.txt"]
        assert [one.student for one in plan.submissions if one.late] == ["roemax_102", "vandermeeranna_104"]

    def test_no_time_stamps(self, tmp_path):
        """The files have the time of the export, which must not make anybody late; who is marked as late is named."""
        plan, _ = collected(export(tmp_path / "export", self.FILES), tmp_path / "submitted")

        assert not list((tmp_path / "submitted").rglob("timestamp.txt"))
        assert [one.timestamp for one in plan.submissions] == [""] * 4
        assert plan.late == ["roemax_102", "vandermeeranna_104"]
        assert (tmp_path / "submitted/doejane_101/task/task.ipynb").stat().st_mtime == NOON + 120

    def test_a_time_by_hand(self, tmp_path):
        """It stays when a newer attempt is collected, and does not decide which export is newer."""
        submitted = tmp_path / "submitted"
        collected(export(tmp_path / "one", {"doejane_1_4_task.ipynb": ("first", 60)}), submitted)
        stamp = submitted / "doejane_1/task/timestamp.txt"
        stamp.write_text("2026-02-28 10:00:00 UTC", encoding="utf-8")
        older = collected(export(tmp_path / "two", {"doejane_1_3_task.ipynb": ("zeroth", 30)}), submitted)
        newer = collected(export(tmp_path / "three", {"doejane_1_9_task-1.ipynb": ("second", 90)}), submitted)

        assert [plan.submissions[0].status for plan, _ in (older, newer)] == ["older", "newer"]
        assert newer[1] == {"doejane_1/task/task.ipynb": "second"}
        assert stamp.read_text(encoding="utf-8") == "2026-02-28 10:00:00 UTC"

    def test_the_roster_knows_them(self, tmp_path):
        """Who is in the gradebook under Canvas's number keeps the gradebook's id."""
        _, there = collected(export(tmp_path / "export", self.FILES), tmp_path / "submitted", roster={"101": "jdoe"})

        assert there["jdoe/task/task.ipynb"] == "third"

    def test_two_notebooks(self, tmp_path):
        """Both are there, so that grading can take the one with the exercises filled in."""
        files = {"doejane_1_5_task-Copy1.ipynb": ("worked", 9), "doejane_1_4_task.ipynb": "blank"}
        _, there = collected(export(tmp_path / "export", files), tmp_path / "submitted")

        assert there == {"doejane_1/task/task.ipynb": "blank", "doejane_1/task/task-Copy1.ipynb": "worked"}

    def test_numbers_of_their_own(self, tmp_path):
        """A number that may be the student's stays; one that can only be Canvas's goes."""
        names = ["data-1.csv", "data-2.csv", "points.csv", "points-1.csv", "my_helper-1.py", "a-1.ipynb", "a-2.ipynb"]
        files = {f"doejane_1_{number}_{name}": name for number, name in enumerate(names)}
        _, there = collected(export(tmp_path / "export", files), tmp_path / "submitted")

        expected = {**{name: name for name in names}, "my_helper.py": "my_helper-1.py"}
        del expected["my_helper-1.py"]
        assert there == {f"doejane_1/task/{name}": text for name, text in expected.items()}

    def test_attempts_under_another_name(self, tmp_path):
        """A notebook that is there without a number, too, was handed in again."""
        files = {"doejane_1_4_homework.ipynb": ("first", 9), "doejane_1_5_homework-1.ipynb": "second"}
        plan, there = collected(export(tmp_path / "export", files), tmp_path / "submitted")

        assert there == {"doejane_1/task/task.ipynb": "second"}
        assert plan.earlier == {"doejane_1": ["doejane_1_4_homework.ipynb"]}

    def test_numbers_in_the_names_of_an_assignment(self, tmp_path):
        """The assignment's own notebooks remain two."""
        files = {"doejane_1_4_part-1.ipynb": "one", "doejane_1_5_part-2.ipynb": "two", "roemax_2_6_part-2.ipynb": "max"}
        path = export(tmp_path / "export", files)
        _, there = collected(path, tmp_path / "submitted", notebooks=("part-1", "part-2"))

        assert there == {
            "doejane_1/task/part-1.ipynb": "one",
            "doejane_1/task/part-2.ipynb": "two",
            "roemax_2/task/part-2.ipynb": "max",
        }

    def test_canvas_counts_files(self, tmp_path):
        """The later of two attempts is the one with the larger number of the file, whatever it is called."""
        files = {"doejane_1_9_task-1.ipynb": ("first", 9), "doejane_1_12_task.ipynb": "second"}
        _, there = collected(export(tmp_path / "export", files), tmp_path / "submitted")

        assert there == {"doejane_1/task/task.ipynb": "second"}

    def test_ten_attempts(self, tmp_path):
        """Attempt 10 is later than attempt 9."""
        files = {f"doejane_1_{n}_task-{n}.ipynb": str(n) for n in range(1, 11)}
        _, there = collected(export(tmp_path / "export", files), tmp_path / "submitted")

        assert there == {"doejane_1/task/task.ipynb": "10"}


class TestMoodle:
    """`Name_number_assignsubmission_file_`."""

    def test_folders_and_files(self, tmp_path):
        """Names become ids; the number is used where two have the same name, or there is no name."""
        files = {
            "Jane Doe_71_assignsubmission_file_/work.ipynb": "jane",
            "Jane Doe_71_assignsubmission_file_/data/points.csv": "1,2",
            "Zoë Ünal_72_assignsubmission_file_task.ipynb": "zoe",
            "Max Roe_73_assignsubmission_file_/task.ipynb": "max 73",
            "Max Roe_74_assignsubmission_file_/task.ipynb": "max 74",
            "Participant_75_assignsubmission_file_/task.ipynb": "blind",
            "Jane Doe_71_assignsubmission_onlinetext_/onlinetext.html": "hello",
        }
        plan, there = collected(export(tmp_path / "export", files), tmp_path / "submitted")

        assert there == {
            "Jane_Doe/task/task.ipynb": "jane",
            "Jane_Doe/task/data/points.csv": "1,2",
            "Zoë_Ünal/task/task.ipynb": "zoe",
            "Max_Roe_73/task/task.ipynb": "max 73",
            "Max_Roe_74/task/task.ipynb": "max 74",
            "Participant_75/task/task.ipynb": "blind",
        }
        assert list(plan.unassigned.values()) == ["text typed into Moodle is no file"]
        assert not list((tmp_path / "submitted").rglob("timestamp.txt"))

    def test_two_sections(self, tmp_path):
        """Who has the same name in another export does not replace the first, and is told what to do."""
        place, submitted = "Jane Doe_{}_assignsubmission_file_/task.ipynb", tmp_path / "submitted"
        collected(export(tmp_path / "one", {place.format(71): ("first", 0)}), submitted)
        plan, there = collected(export(tmp_path / "two", {place.format(81): ("other", 60)}), submitted)
        again, mine = collected(export(tmp_path / "three", {place.format(71): ("second", 90)}), submitted)

        assert there == {"Jane_Doe/task/task.ipynb": "first"}
        assert (plan.submissions, list(plan.unassigned)) == ([], [place.format(81)])
        why = plan.unassigned[place.format(81)]
        assert all(part in why for part in ("number 71", "number 81", "Jane_Doe/.task.owner", "--pattern"))
        assert (again.submissions[0].status, mine) == ("newer", {"Jane_Doe/task/task.ipynb": "second"})

    def test_names_that_become_one(self, tmp_path):
        """Two names that are the same folder's have the number, too."""
        place = "{}_assignsubmission_file_/task.ipynb"
        files = {place.format("Jane Doe_71"): "71", place.format("Jane  Doe_72"): "72"}
        _, there = collected(export(tmp_path / "export", files), tmp_path / "submitted")

        assert there == {"Jane_Doe_71/task/task.ipynb": "71", "Jane_Doe_72/task/task.ipynb": "72"}


class TestGradescope:
    """`submission_N/` and submission_metadata.yml."""

    FILES = {
        "assignment_5_export/submission_metadata.yml": METADATA,
        "assignment_5_export/submission_11/work.ipynb": "both",
        "assignment_5_export/submission_12/work.ipynb": "nobody",
    }

    def test_a_group(self, tmp_path):
        """Everybody in a group gets it, by sid or else by e-mail, with Gradescope's time, as nbgrader reads it."""
        from nbgrader.utils import parse_utc

        plan, there = collected(zipped(export(tmp_path / "export", self.FILES)), tmp_path / "submitted")

        assert there == {"900/task/task.ipynb": "both", "max/task/task.ipynb": "both"}
        text = (tmp_path / "submitted/900/task/timestamp.txt").read_text(encoding="utf-8")
        assert text == plan.submissions[0].timestamp == "2026-03-01 09:30:00.000000 UTC"
        assert parse_utc(text) == datetime(2026, 3, 1, 9, 30, tzinfo=UTC).replace(tzinfo=None)
        assert list(plan.unassigned) == ["assignment_5_export/submission_12/work.ipynb"]

    def test_two_addresses(self, tmp_path):
        """Who would have the same id has the whole address, in one export; in two, the second is nobody's."""
        entry = "submission_{0}:\n  :submitters:\n  - :email: jane@{0}.edu\n  :created_at: 2026-03-01 09:30:00 Z\n"
        files = {
            "submission_metadata.yml": entry.format("a") + entry.format("b"),
            "submission_a/work.ipynb": "a",
            "submission_b/work.ipynb": "b",
        }
        _, there = collected(export(tmp_path / "both", files), tmp_path / "one")
        assert there == {"jane@a.edu/task/task.ipynb": "a", "jane@b.edu/task/task.ipynb": "b"}

        for name in "ab":
            files = {"submission_metadata.yml": entry.format(name), f"submission_{name}/work.ipynb": name}
            plan, there = collected(export(tmp_path / name, files), tmp_path / "two")
        assert there == {"jane/task/task.ipynb": "a"}
        assert "jane@a.edu" in plan.unassigned["submission_b/work.ipynb"]

    @pytest.mark.parametrize(
        ("files", "expected"),
        [
            (["ada/x.ipynb", "ben/x.ipynb", "ada/submission_metadata.yml"], {"ada", "ben"}),
            (["doejane_1_2_x.ipynb", "submission_metadata.yml"], {"doejane_1"}),
            (["A B_1_assignsubmission_file_/x.ipynb", "A B_1_assignsubmission_file_/submission_metadata.yml"], {"A_B"}),
        ],
    )
    def test_a_student_hands_in_metadata(self, tmp_path, files, expected):
        """The export is taken for what it is."""
        path = export(tmp_path / "export", dict.fromkeys(files, "a: ["))
        plan, _ = collected(path, tmp_path / "submitted")

        assert {one.student for one in plan.submissions} == expected

    @pytest.mark.parametrize("text", ["- 1", "a: [", "!!python/object/apply:os.system ['true']", "a: 2026-13-45"])
    def test_metadata_that_make_no_sense(self, tmp_path, text):
        """An error that names the file."""
        files = {"submission_metadata.yml": text, "submission_11/work.ipynb": ""}
        with pytest.raises(CollectError, match=r"^submission_metadata\.yml .*--pattern") as caught:
            collected(export(tmp_path / "export", files), tmp_path / "submitted")
        assert "\n" not in str(caught.value)


class TestFoldersAndFiles:
    """A folder or a file for each student."""

    def test_folders(self, tmp_path):
        """With and without the assignment's folder in between, inside one more folder or not."""
        files = {
            "class/ada/task/task.ipynb": "ada",
            "class/ada/task/images/a.png": "png",
            "class/ben/task/other.ipynb": "ben",
        }
        expected = {"ada/task/task.ipynb": "ada", "ada/task/images/a.png": "png", "ben/task/task.ipynb": "ben"}

        assert collected(zipped(export(tmp_path / "export", files)), tmp_path / "one")[1] == expected
        assert collected(tmp_path / "export" / "class", tmp_path / "two")[1] == expected

    def test_a_single_student_with_pictures(self, tmp_path):
        """The student's folder is no folder of students."""
        files = {"ada/work.ipynb": "ada", "ada/images/a.png": "png"}
        _, there = collected(zipped(export(tmp_path / "export", files)), tmp_path / "submitted")

        assert there == {"ada/task/task.ipynb": "ada", "ada/task/images/a.png": "png"}

    def test_a_notebook_in_a_folder(self, tmp_path):
        """What lies beside it remains beside it."""
        files = {
            "ada/hw/work.ipynb": "ada",
            "ada/hw/my_helper.py": "beside it",
            "ada/hw/data/points.csv": "1,2",
            "ada/hw/timestamp.txt": "2000-01-01 00:00:00 UTC",
            "ada/my_helper.py": "another",
            "ada/data": "in the way",
            "ada/readme.txt": "?",
            "ben/x.ipynb": "ben",
        }
        plan, there = collected(export(tmp_path / "export", files), tmp_path / "submitted")

        assert there == {
            "ada/task/task.ipynb": "ada",
            "ada/task/my_helper.py": "beside it",
            "ada/task/data/points.csv": "1,2",
            "ada/task/readme.txt": "?",
            "ben/task/task.ipynb": "ben",
        }
        assert plan.beside == {"ada": ["ada/data", "ada/hw/timestamp.txt", "ada/my_helper.py"]}

    def test_files(self, tmp_path):
        """The name without the assignment's; a number at the end is an attempt only beside a file without it."""
        files = {
            "ada_task.ipynb": "ada",
            "task-ben.ipynb": "ben",
            "chandra.py": "x",
            "student-1.ipynb": "1",
            "student-2.ipynb": "2",
            "dario.ipynb": ("old", 0),
            "dario-1.ipynb": ("new", 9),
            "task.ipynb": "whose?",
        }
        plan, there = collected(export(tmp_path / "export", files), tmp_path / "submitted")

        assert there == {
            "ada/task/task.ipynb": "ada",
            "ben/task/task.ipynb": "ben",
            "chandra/task/task.py": "x",
            "student-1/task/task.ipynb": "1",
            "student-2/task/task.ipynb": "2",
            "dario/task/task.ipynb": "new",
        }
        assert plan.earlier == {"dario": ["dario.ipynb"]}
        assert list(plan.unassigned) == ["task.ipynb"]

    def test_what_systems_leave_behind(self, tmp_path):
        """Counted, not collected, and no student."""
        files = {
            "ada/x.ipynb": "ada",
            "ada/.ipynb_checkpoints/x.ipynb": "",
            "__MACOSX/ada/._x.ipynb": "",
            ".DS_Store": "",
        }
        plan, there = collected(export(tmp_path / "export", files), tmp_path / "submitted")

        assert (there, plan.junk) == ({"ada/task/task.ipynb": "ada"}, 3)

    def test_a_time_that_a_student_wrote(self, tmp_path):
        """Does not count, and is named."""
        files = {"ada/x.ipynb": "ada", "ada/timestamp.txt": "2000-01-01 00:00:00 UTC"}
        plan, _ = collected(export(tmp_path / "export", files), tmp_path / "submitted")

        assert plan.submissions[0].timestamp.startswith("2026-03-01 12:00")
        assert plan.beside == {"ada": ["ada/timestamp.txt"]}


class TestPattern:
    """A pattern of one's own."""

    def test_it_says_whose_a_file_is(self, tmp_path):
        """Student, attempt and time from names; what does not fit is listed."""
        files = {
            "s1/v1/2026-01-02T03:04:05+00:00/x.ipynb": "old",
            "s1/v2/2026-01-02T03:04:06+00:00/x.ipynb": "new",
            "readme": "",
        }
        pattern = r"(?P<student>s\d)/v(?P<attempt>\d+)/(?P<timestamp>[^/]+)/"
        plan, there = collected(export(tmp_path / "export", files), tmp_path / "submitted", pattern)

        assert there == {"s1/task/task.ipynb": "new"}
        assert plan.submissions[0].timestamp == "2026-01-02 03:04:06.000000 UTC"
        assert (plan.earlier, list(plan.unassigned)) == (
            {"s1": ["s1/v1/2026-01-02T03:04:05+00:00/x.ipynb"]},
            ["readme"],
        )

    def test_the_attempt_decides(self, tmp_path):
        """All files of the last attempt, and no others, whatever their names and times are."""
        files = {"s1_try2_task.ipynb": ("2", 90), "s1_try2_old.csv": "2", "s1_try10_final.ipynb": ("10", 0)}
        pattern = r"(?P<student>s\d)_try(?P<attempt>\d+)_(?P<file>.+)"
        plan, there = collected(export(tmp_path / "export", files), tmp_path / "submitted", pattern)

        assert there == {"s1/task/task.ipynb": "10"}
        assert not list((tmp_path / "submitted").rglob("timestamp.txt"))
        assert plan.earlier == {"s1": ["s1_try2_old.csv", "s1_try2_task.ipynb"]}

    @pytest.mark.parametrize(("pattern", "words"), [("(", "no regular expression"), ("x", "no group")])
    def test_a_pattern_that_is_none(self, tmp_path, pattern, words):
        """It says so."""
        with pytest.raises(CollectError, match=words):
            collected(export(tmp_path / "export", {"x": ""}), tmp_path / "submitted", pattern)

    def test_nobody_leads_out_of_the_folder(self, tmp_path):
        """A name that a pattern cuts out of a path is a single name, and a file's place stays inside."""
        pattern = r"(?P<student>.+)--(?P<file>.+)"
        _, there = collected(
            export(tmp_path / "export", {"..--..": "x", "a/b--c.py": "y"}), tmp_path / "submitted", pattern
        )

        assert "a_b/task/c.py" in there
        assert all(".." not in Path(name).parts for name in there)


class TestAgain:
    """What is there already."""

    def test_nothing_newer_is_replaced(self, tmp_path):
        """What is there stays if it is newer, is replaced if it is older, and is left alone if it is the same."""
        submitted = tmp_path / "submitted"
        collected(export(tmp_path / "first", {f"{name}/x.ipynb": ("first", 60) for name in "abc"}), submitted)
        (submitted / "a/task/draft.txt").write_text("from the first", encoding="utf-8")
        later = {"a/x.ipynb": ("second", 90), "b/x.ipynb": ("second", 30), "c/x.ipynb": ("first", 90)}
        plan, there = collected(export(tmp_path / "second", later), submitted)

        assert [one.status for one in plan.submissions] == ["newer", "older", "unchanged"]
        assert there == {"a/task/task.ipynb": "second", "b/task/task.ipynb": "first", "c/task/task.ipynb": "first"}
        assert "12:01:00" in (submitted / "c/task/timestamp.txt").read_text(encoding="utf-8")

    def test_without_a_time_stamp(self, tmp_path):
        """The files' own times count."""
        export(tmp_path / "submitted", {"a/task/task.ipynb": ("mine", 60)})
        plan, _ = collected(export(tmp_path / "export", {"a/x.ipynb": ("other", 30)}), tmp_path / "submitted")

        assert plan.submissions[0].status == "older"

    def test_a_plan_writes_nothing(self, tmp_path):
        """A dry run leaves no folder behind."""
        with planned(export(tmp_path / "export", {"a/x.ipynb": ""}), tmp_path / "submitted") as (plan, _):
            assert len(plan.to_write) == 1

        assert not (tmp_path / "submitted").exists()


class TestHarm:
    """Archives that were made to do harm, and other things that are no submission."""

    @pytest.mark.parametrize("name", ["../../evil.ipynb", "/etc/evil", "a/../../evil", "C:/evil", "..\\..\\evil"])
    def test_places_outside(self, tmp_path, name):
        """The whole archive is refused, and nothing is written."""
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            archive.writestr("ada/x.ipynb", "")
            archive.writestr(name, "")
        with pytest.raises(CollectError, match="outside of itself"):
            collected(tmp_path / "x.zip", tmp_path / "submitted")

        assert not (tmp_path / "submitted").exists()

    def test_a_bomb(self, tmp_path):
        """Refused by what it declares."""
        with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("ada/x.ipynb", bytes(20 << 20))
        with pytest.raises(CollectError, match="from almost nothing"):
            collected(tmp_path / "x.zip", tmp_path / "submitted")

    def test_a_member_that_lies_about_its_size(self, tmp_path):
        """No more comes out of it than it declares."""
        with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("ada/x.ipynb", b"x" * 5000)
        data = (tmp_path / "x.zip").read_bytes().replace(struct.pack("<I", 5000), struct.pack("<I", 10))
        (tmp_path / "x.zip").write_bytes(data)
        with pytest.raises(CollectError, match=r"^ada/x\.ipynb "):
            collected(tmp_path / "x.zip", tmp_path / "submitted")

        assert not [path for path in (tmp_path / "submitted").rglob("*") if path.is_file()]

    def test_too_large_or_locked(self, tmp_path, monkeypatch):
        """Such a file is named; the others are collected."""
        monkeypatch.setattr("autograder.lms.export_contents.FILE_BYTES", 10)
        files = {"ada/x.ipynb": "ada", "ben/x.ipynb": "far too much text"}
        plan, there = collected(export(tmp_path / "export", files), tmp_path / "submitted")

        assert list(there) == ["ada/task/task.ipynb"]
        assert list(plan.unassigned) == ["ben/x.ipynb"]

    def test_links(self, tmp_path):
        """A link is not followed, and is named."""
        path = export(tmp_path / "export", {"ada/x.ipynb": "ada"})
        (path / "ben").mkdir()
        (path / "ben/x.ipynb").symlink_to("/etc/passwd")
        (path / "chandra").symlink_to("/etc")
        plan, there = collected(path, tmp_path / "submitted")

        assert list(there) == ["ada/task/task.ipynb"]
        assert set(plan.unassigned) == {"ben/x.ipynb", "chandra"}

    @pytest.mark.parametrize("content", [None, b"not a zip", b"no text"])
    def test_neither_folder_nor_archive(self, tmp_path, content):
        """A sentence that says so."""
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            archive.writestr("ad\u00e4/x.ipynb", "")
        if content is None:
            (tmp_path / "x.zip").unlink()
        elif content == b"no text":
            data = (tmp_path / "x.zip").read_bytes().replace("\u00e4".encode(), b"\xff\xff")
            (tmp_path / "x.zip").write_bytes(data)
        else:
            (tmp_path / "x.zip").write_bytes(content)
        with pytest.raises(CollectError, match=r"x\.zip (does not exist|is neither a folder nor a zip).*[Gg]ive the f"):
            collected(tmp_path / "x.zip", tmp_path / "submitted")

    def test_a_damaged_archive(self, tmp_path):
        """One that says that its files lie before its start, which is the system's error."""
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            archive.writestr("ada/x.ipynb", "hello")
        data = bytearray((tmp_path / "x.zip").read_bytes())
        struct.pack_into("<L", data, data.rfind(b"PK\5\6") + 16, 0xFFFFFFF0)
        (tmp_path / "x.zip").write_bytes(data)
        with pytest.raises(CollectError, match=r"^ada/x\.ipynb cannot be read: .*Export again"):
            collected(tmp_path / "x.zip", tmp_path / "submitted")

    def test_a_damaged_file_in_an_archive(self, tmp_path):
        """It is named, with what to do."""
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            archive.writestr("ada/x.ipynb", "hello")
            archive.writestr("ben/x.ipynb", "world")
        data = (tmp_path / "x.zip").read_bytes().replace(b"world", b"WORLD")
        (tmp_path / "x.zip").write_bytes(data)
        with pytest.raises(CollectError, match=r"^ben/x\.ipynb cannot be read: .*Export again"):
            collected(tmp_path / "x.zip", tmp_path / "submitted")

    def test_a_file_that_is_not_to_be_read(self, tmp_path):
        """It is named, and not the place that it should go to."""
        path = export(tmp_path / "export", {"ada/x.ipynb": "ada"})
        with planned(path, tmp_path / "submitted") as (plan, folders):
            (path / "ada/x.ipynb").unlink()
            with pytest.raises(CollectError, match=r"^ada/x\.ipynb cannot be read: No such file"):
                carry_out(plan, folders)

    @pytest.mark.parametrize("name", [b"Zo\xeb.ipynb", b"a\x1b[2J.ipynb", b"a\nnobody's: b.ipynb"])
    def test_names_that_cannot_be_shown(self, tmp_path, name):
        """Such a file is nobody's, and its name does nothing to the terminal; the others are collected."""
        path = export(tmp_path / "export", {"ada/x.ipynb": "ada"})
        (path / "ada" / os.fsdecode(name)).write_text("?", encoding="utf-8")
        plan, there = collected(path, tmp_path / "submitted")

        assert list(there) == ["ada/task/task.ipynb"]
        (shown,) = plan.unassigned
        assert "\ufffd" in shown
        assert not set("\n\x1b\udceb") & set(shown)
        assert "rename it" in plan.unassigned[shown]

    def test_a_message_can_be_shown(self, tmp_path):
        """Even if the name of the export cannot."""
        with pytest.raises(CollectError, match="Zo\ufffd\\.zip does not exist"):
            collected(tmp_path / os.fsdecode(b"Zo\xeb.zip"), tmp_path / "submitted")

    def test_a_local_time_in_an_archive(self, tmp_path, monkeypatch):
        """An archive that says only local times is read in this machine's zone."""
        monkeypatch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        try:
            with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
                archive.writestr(zipfile.ZipInfo("ada/x.ipynb", (2026, 7, 1, 12, 0, 0)), "")
            plan, _ = collected(tmp_path / "x.zip", tmp_path / "submitted")
        finally:
            monkeypatch.undo()
            time.tzset()

        assert plan.submissions[0].timestamp.startswith("2026-07-01 10:00:00")
