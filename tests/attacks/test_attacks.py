"""Every attack, by every road: no mark that was not earned, no secret out, the host unchanged, the next one right."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from attacks.attack import Attack
from attacks.catalogue import ATTACKS
from attacks.host import Host
from attacks.judge import is_confined, judge, judge_next, run_attack
from attacks.one_process import achieved
from attacks.roads import ByCheck, ByEngine, NotGradedError, by_grade, by_nbgrader, graded_in_class
from attacks.settings import command as in_setting
from attacks.settings import unavailable
from attacks.target import NAME, target

TABLE = Path(__file__).parent / "table.py"
# Where submissions can be confined: as root and as somebody else, with namespaces and without.
SETTINGS = ("root", "user", "root-denied", "user-denied")

# One of each kind, for the roads that take seconds a notebook.
SAMPLE = [
    "reads the course",
    "writes to the course",
    "shows a score",
    "duplicates the tests",
    "kills everything",
    "connects to the network",
]


def _each(attacks: Iterable[Attack], is_slow: Callable[[Attack], bool]) -> pytest.MarkDecorator:
    """Return what runs a test with each attack; those that are slow, in `make test-all` only."""
    marks = {True: [pytest.mark.slow], False: []}
    return pytest.mark.parametrize("attack", [pytest.param(a, id=a.name, marks=marks[is_slow(a)]) for a in attacks])


@pytest.fixture
def _stopped_if_harmful(attack: Attack, confined: bool) -> None:
    if attack.harmful and not confined:
        pytest.skip("nothing would stop it on this machine")


# Every third, of each module of the catalogue, and those of the sample: the others take a minute, in `make test-all`.
QUICK = {attack.name for attack in [*ATTACKS.values()][::3]} | set(SAMPLE)


@pytest.mark.usefixtures("_stopped_if_harmful")
@_each(ATTACKS.values(), lambda attack: attack.slow or attack.name not in QUICK)
def test_by_the_engine(attack, target, by_engine):
    """One engine grades them all, so that each comes after all those before it."""
    outcome = run_attack(attack, target, by_engine)

    assert outcome.problems == [], "\n".join(outcome.shown)


@pytest.mark.usefixtures("_stopped_if_harmful")
@_each(ATTACKS.values(), lambda attack: attack.name not in SAMPLE[:2])
def test_by_check(attack, target, by_engine):
    """`autograder check`, as an instructor calls it, after which an engine that has seen them all goes on."""
    outcome = run_attack(attack, target, ByCheck(target), by_engine)

    assert outcome.problems == [], "\n".join(outcome.problems)


@pytest.mark.parametrize("command", [pytest.param(by_nbgrader, marks=pytest.mark.slow), by_grade])
@pytest.mark.parametrize(
    "names", [pytest.param(SAMPLE, id="sample"), pytest.param(list(ATTACKS), id="all", marks=pytest.mark.slow)]
)
def test_by_class(names, command, confined):
    """`nbgrader autograde` and `autograder grade`: a class in which every other student attacks."""
    attacks = [ATTACKS[name] for name in names if confined or not ATTACKS[name].harmful]
    attackers = {f"{2 * number:03}": attack for number, attack in enumerate(attacks)}
    honest = {f"{int(student) + 1:03}": attack for student, attack in attackers.items()}
    with target() as attacked:
        submitted = attacked.course.root / "submitted"
        for student, attack in attackers.items():
            attacked.hand_in(attacked.attacking(attack), submitted / student / NAME, attack)
        for student in honest:
            attacked.hand_in(attacked.honest(), submitted / student / NAME)
        host = Host(attacked, grading_writes=True)
        said = command(attacked)
        problems = {"the host": host.changes()}
        for student, attack in (attackers | honest).items():
            try:
                graded = graded_in_class(attacked, student, said)
            except NotGradedError as error:
                found = [str(error)]
            else:
                found = list(judge(attack, graded, attacked) if student in attackers else judge_next(graded))
            problems[f"{'' if student in attackers else 'after '}{attack.name}"] = found

    wrong = [f"{name}: {problem}" for name, found in problems.items() for problem in found]

    assert wrong == [], "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS)
def test_in_a_setting(setting):
    """As another user, and where the kernel makes no namespaces."""
    if reason := unavailable(setting):
        pytest.skip(reason)
    result = subprocess.run(in_setting(setting, str(TABLE), "--json"), capture_output=True, text=True, check=False)
    outcomes = {found["attack"]: found["problems"] for found in map(json.loads, result.stdout.splitlines())}

    assert list(outcomes) == list(ATTACKS), result.stderr[-2000:]
    wrong = [f"{name}: {problem}" for name, problems in outcomes.items() for problem in problems]
    assert wrong == [], "\n".join(wrong)


@pytest.fixture(scope="module")
def in_one_process(target):
    """An engine that runs the tests in the student's process."""
    with ByEngine(target, processes=1) as road:
        is_confined(target, road)  # all its processes are there after the first notebook
        yield road


@pytest.mark.usefixtures("_stopped_if_harmful")
@_each(ATTACKS.values(), lambda attack: attack.name not in SAMPLE)
def test_in_one_process(attack, target, in_one_process):
    """An attack reaches its own marks and the tests, and nothing else: neither the host nor the next submission."""
    outcome = run_attack(attack, target, in_one_process)

    assert set(achieved(outcome.problems)) <= {"earns marks", "reads the tests"}, outcome.problems


def test_in_one_process_tests_are_within_reach(target, in_one_process):
    """What the documentation says of one process is so: an object that equals everything earns marks."""
    outcome = run_attack(ATTACKS["returns an array of its own class"], target, in_one_process)

    assert achieved(outcome.problems) == ["earns marks"]


def test_an_honest_notebook(target, by_engine, tmp_path):
    """It earns everything, and the result says nothing that an attack would cause."""
    graded = by_engine.grade(target.hand_in(target.honest(), tmp_path / "honest"))

    assert list(judge_next(graded)) == []
    assert graded.said == []


def test_the_suite_is_complete():
    """There are at least sixty attacks, of every kind that the sandbox has a layer for."""
    stopped_by = {layer for attack in ATTACKS.values() for layer in (attack.stopped_by, attack.otherwise)}

    assert len(ATTACKS) >= 60
    assert not any("," in name for name in ATTACKS)
    assert {"two-processes", "clock", "mount-namespace", "pid-namespace", "seccomp", "landlock"} <= stopped_by
