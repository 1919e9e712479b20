"""The judge notices what the attacks would do if nothing stopped them: the tests of the tests."""

import os
import subprocess
import sys

import pytest
from attacks.attack import Attack
from attacks.catalogue import ATTACKS
from attacks.host import Host
from attacks.judge import BREACH, judge, run_attack
from attacks.roads import ByEngine, Graded
from attacks.target import FUNCTIONS, MARK

ATTACK = Attack("an attack", "Tries nothing.", "two-processes")
RIGHT = Graded(dict.fromkeys(FUNCTIONS, 1.0) | {"last": 0.0}, ["last(2) should be 18"], [])


@pytest.fixture(scope="module")
def unconfined(target):
    """Grades in this process, and nothing confines what it runs."""
    with ByEngine(target, confine=False) as road:
        yield road


class TestUnconfined:
    """Attacks that do no harm, where nothing is in their way."""

    @pytest.mark.parametrize(
        ("name", "problem"),
        [
            ("reads the course", "the secret of answers came out"),
            ("reads another student's submission", "the secret of submission came out"),
            ("reads home directories", "the secret of home came out"),
            ("reads other processes in /proc", "the secret of process came out"),
            ("imports another assignment's helpers", "the secret of other came out"),
            ("connects to sockets on the machine", "BREACH: connected to"),
            ("opens sockets of every family", "BREACH: a socket of family"),
        ],
    )
    def test_what_they_get_is_noticed(self, name, problem, target, unconfined):
        """Secrets that come out, and doors that open."""
        outcome = run_attack(ATTACKS[name], target, unconfined)

        assert any(found.startswith(problem) for found in outcome.problems), outcome.problems

    def test_a_visitor_is_noticed(self, target, unconfined):
        """The canary writes down who came."""
        outcome = run_attack(ATTACKS["connects to the network"], target, unconfined)

        assert any("visitors was" in found for found in outcome.problems), outcome.problems


class TestResult:
    """What is said of a result."""

    def test_a_result_that_is_right(self, target):
        """Nothing."""
        assert list(judge(ATTACK, RIGHT, target)) == []

    def test_marks_that_were_not_earned(self, target):
        """Too many, and too few."""
        graded = Graded(RIGHT.marks | {"last": 0.5, "keep": 0.0}, RIGHT.said, [])

        assert list(judge(ATTACK, graded, target)) == [
            "keep earned 0 of its marks and deserves 1",
            "last earned 0.5 of its marks and deserves 0",
        ]

    def test_marks_for_something_else(self, target):
        """A test that the assignment does not have."""
        graded = Graded(RIGHT.marks | {"bonus": 1.0}, RIGHT.said, [])

        assert "the result has marks for keep, scale, total, last, bonus" in list(judge(ATTACK, graded, target))

    def test_secrets_and_breaches(self, target):
        """In what is said, and in what is shown."""
        secret = target.secrets["tests"]
        said = Graded(RIGHT.marks, [*RIGHT.said, f"found {secret}"], [])
        shown = Graded(RIGHT.marks, RIGHT.said, [f"one\n{BREACH} out"])

        assert list(judge(ATTACK, said, target)) == ["the secret of tests came out"]
        assert list(judge(ATTACK, shown, target)) == [f"{BREACH} out"]

    def test_silence(self, target):
        """A result that says nothing about the attack."""
        assert "the result says nothing" in next(judge(ATTACK, Graded(RIGHT.marks, [], []), target))


class TestHost:
    """What is said of the host."""

    @pytest.fixture
    def host(self, target, monkeypatch):
        """The host as it is now; nothing is waited for."""
        monkeypatch.setattr("attacks.host.SECONDS_TO_SETTLE", 0)
        return Host(target)

    def test_nothing_happened(self, host):
        """Then nothing is said."""
        assert host.changes() == []

    def test_a_file_of_the_course(self, host, target):
        """Changed, though its content is the same again."""
        path = target.course.root / "helpers.py"
        before = path.stat()
        path.write_bytes(path.read_bytes())
        changes = host.changes()
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

        assert [change.split()[0] for change in changes] == [str(path)]
        assert host.changes() == []

    def test_a_link_to_a_file(self, host, target, tmp_path):
        """A file that has another name now."""
        (tmp_path / "link").hardlink_to(target.known["canary"])
        changes = host.changes()
        (tmp_path / "link").unlink()

        assert [change.split()[0] for change in changes] == [target.known["canary"]]

    def test_a_file_left_behind(self, host, tmp_path, monkeypatch):
        """In a folder for temporary files."""
        monkeypatch.chdir(tmp_path)
        before = Host(host._target)
        (tmp_path / f"{MARK}.txt").touch()

        assert f"what was left in {tmp_path}: nothing gone, ['{MARK}.txt'] new" in before.changes()

    def test_a_process_left_behind(self, host):
        """Also one whose parent has gone."""
        script = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(30)"
        subprocess.run([sys.executable, "-c", script], check=True)
        changes = host.changes()
        now = set(host._processes()["processes"]) - set(host._before["processes"])
        for process in now:
            os.kill(process, 9)
            os.waitpid(process, 0)

        assert changes == [f"processes: nothing gone, {sorted(now)} new"]
        assert len(now) == 1

    def test_a_descriptor_left_open(self, host):
        """Of this process."""
        descriptor = os.open(os.devnull, os.O_RDONLY)
        changes = host.changes()
        os.close(descriptor)

        assert [change.split()[0] for change in changes] == ["own"]
