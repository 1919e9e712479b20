"""nbgrader ships its tests of autograding; they run here with this project's steps configured."""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

# Where grading in two processes behaves otherwise than nbgrader's tests ask, and why that is better.
DIFFERENT = {
    "test_side_effects": "A submission works in a private copy, so it leaves nothing in the course's folders.",
}


@pytest.mark.slow
def test_nbgraders_own_tests_of_autograding(tmp_path):
    """All pass but those that are listed."""
    environment = os.environ | {
        "PATH": os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]]),
        "JUPYTER_CONFIG_PATH": str(Path(__file__).parent / "config"),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-rfEs", "-p", "no:cacheprovider", "-W", "ignore", "-n", "2"]
    command += ["--pyargs", "nbgrader.tests.apps.test_nbgrader_autograde"]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    failed = set(re.findall(r"^(?:FAILED|ERROR) \S*::(\w+)", result.stdout, re.MULTILINE))
    passed = int(re.search(r"(\d+) passed", result.stdout)[1])
    print(f"conformance: {passed} of nbgrader's tests passed, {len(failed)} differ")

    assert failed == DIFFERENT.keys(), result.stdout[-5000:]
    assert passed == 39
