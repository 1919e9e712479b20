"""`autograder doctor`, and what the grader does, where the kernel allows or denies what a sandbox is made of."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from functools import cache
from pathlib import Path

import nbformat
import pytest
from helper import ROOT

sys.path.append(str(Path(__file__).parent.parent / "attacks"))
from settings import ORDINARY_USER, SETTINGS, command, unavailable

from autograder.sandbox import linux
from autograder.sandbox.layers import NAMES

EVERYWHERE = {"unprivileged-user", "limits", "capabilities", "no-new-privileges", "landlock", "seccomp"}
WAYS = {"root": "namespaces", "user": "namespaces"}
WAYS |= {"root-denied": "landlock and seccomp", "user-denied": "landlock and seccomp"}
REFUSAL = "This machine cannot confine a student's code, so none is run ("
REMEDY = (
    'To grade without, code that you trust: --isolation none, or in nbgrader_config.py c.Examine.isolation = "none".'
)


def run(setting: str, code: str, *arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess:
    """Run Python code in a setting, in a folder."""
    if why := unavailable(setting):
        pytest.skip(why)
    environment = os.environ | {"PATH": os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])}
    return subprocess.run(
        command(setting, "-c", f"import os; os.chdir({str(folder)!r})\n{code}", *arguments),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@cache
def doctor(setting: str) -> tuple[int, dict, str]:
    """What `doctor` says in a setting: the exit code, the object, the words; both exit alike."""
    code = (
        "from typer.testing import CliRunner\nfrom autograder.cli.main import app\nimport json\n"
        "runs = [CliRunner().invoke(app, ['doctor', *more]) for more in (['--json'], [])]\n"
        "print(json.dumps([[run.exit_code, run.output] for run in runs]))"
    )
    result = run(setting, code)
    assert result.returncode == 0, result.stderr
    (status, text), (also, words) = json.loads(result.stdout)
    assert status == also
    return status, json.loads(text), words


@pytest.fixture(params=[setting for setting in SETTINGS if setting != "nothing"])
def found(request):
    """What is found where something holds."""
    status, report, words = doctor(request.param)
    if report["way"] is None and (request.param == "user" or linux.landlock_version() < 3):
        pytest.skip(f"{request.param}: this machine's own kernel denies too much")
    return request.param, status, report, words


def test_the_way_in_use(found):
    """Namespaces where they can be had, else Landlock and the filter; exit code 0."""
    setting, status, report, words = found

    assert status == 0
    assert report["way"] == WAYS[setting]
    assert f"with {WAYS[setting]} (in use)" in words
    assert f"A student's code is kept from files and network here, with {WAYS[setting]}." in words


def test_each_layer(found):
    """Named and described, in order; those of namespaces only where there are some."""
    _, _, report, words = found
    used = next(way for way in report["ways"] if way["way"] == report["way"])

    assert set(used["held"]) >= EVERYWHERE
    assert used["held"] == [name for name in NAMES if name in used["held"]]
    assert used["leaks"] == []
    assert ("network-namespace" in used["held"]) == (report["way"] == "namespaces")
    assert all(f"{name} " in words for name in used["held"])


def test_the_other_way_is_reported_too(found):
    """Where it does not hold, the reason is said."""
    _, _, report, words = found

    ways = [way["way"] for way in report["ways"]]

    assert ways == ["namespaces", "landlock and seccomp"]
    if report["way"] != "namespaces":
        assert report["ways"][0]["leaks"] == [
            "could not confine the fork server: make a user namespace: Operation not permitted"
        ]
        assert "Operation not permitted" in words


def test_nothing_holds():
    """Exit code 1, the reason for each way, and what can be done about it."""
    status, report, words = doctor("nothing")

    assert (status, report["way"]) == (1, None)
    assert "Operation not permitted" in report["ways"][0]["leaks"][0]
    assert "the kernel offers none of Landlock" in report["ways"][1]["leaks"][0]
    assert "in use" not in words
    assert "Allow user namespaces" in words
    assert "--isolation none" in words


@cache
def check() -> dict[str, tuple[int, str, str]]:
    """Exit code, output and errors of `check` of the untouched release where nothing holds, by its options."""
    code = (
        "import json, sys\nfrom typer.testing import CliRunner\nfrom autograder.cli.main import app\nfound = {}\n"
        "for more in ['', '--json', '--json --isolation none']:\n"
        "    run = CliRunner().invoke(app, ['check', sys.argv[1], *more.split()])\n"
        "    found[more] = [run.exit_code, run.stdout, run.stderr]\n"
        "print(json.dumps(found))"
    )
    result = run("nothing", code, str(ROOT / "release/step_by_step/step_by_step.ipynb"))
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.slow
def test_check_refuses():
    """One sentence with the remedy and exit code 1; nothing was run."""
    status, output, errors = check()[""]

    assert (status, output) == (1, "")
    assert errors.startswith(REFUSAL)
    assert errors.endswith(f"{REMEDY}\n")
    assert errors.count("\n") == 1


def test_check_refuses_for_programs():
    """The same sentence as the error of the object."""
    status, output, errors = check()["--json"]
    answer = json.loads(output)

    assert (status, errors) == (1, "")
    assert (answer["status"], answer["functions"]) == ("error", [])
    assert answer["error"] == check()[""][2].strip()


def test_check_without_isolation():
    """It grades, and says that nothing confined the code."""
    status, output, _ = check()["--json --isolation none"]
    answer = json.loads(output)

    assert (status, answer["status"], answer["isolation"]) == (0, "graded", [])
    assert (answer["score"], answer["max_score"]) == (0, 100)


@pytest.fixture
def course(built, release):
    """A built course, into which one notebook was handed in, that the ordinary user of the settings may change."""
    folder = built.root / "submitted" / "ada" / "step_by_step"
    folder.mkdir(parents=True)
    nbformat.write(release, folder / "step_by_step.ipynb")
    with tempfile.TemporaryDirectory(prefix="autograder-test-", ignore_cleanup_errors=True) as name:
        shutil.copytree(built.root, name, dirs_exist_ok=True)
        if os.geteuid() == 0:
            for path in (Path(name), *Path(name).rglob("*")):
                os.chown(path, ORDINARY_USER, ORDINARY_USER)
        yield Path(name)


AUTOGRADE = """
import sys
from nbgrader.apps.nbgraderapp import main
sys.argv[1:] = ["autograde", "step_by_step"]
main()
"""


@pytest.mark.slow
def test_nbgrader_autograde_refuses(course):
    """Plain nbgrader leaves the submission ungraded and says the same sentence."""
    refused = run("nothing", AUTOGRADE, folder=course)

    assert refused.returncode == 1
    assert REFUSAL in refused.stderr
    assert REMEDY in refused.stderr
    assert not (course / "autograded/ada/step_by_step/step_by_step.ipynb").exists()


@pytest.mark.slow
def test_nbgrader_autograde_without_isolation(course):
    """It grades where the course says so."""
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write('\nc.Examine.isolation = "none"\n')
    done = run("nothing", AUTOGRADE, folder=course)

    assert done.returncode == 0, done.stderr
    assert (course / "autograded/ada/step_by_step/step_by_step.ipynb").exists()
