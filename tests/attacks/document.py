"""Run every attack in every setting, and write the table to docs/attacks.md.

    python tests/attacks/document.py

Takes some minutes. Ends with 1 if an attack was not contained.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_TESTS = Path(__file__).resolve().parent.parent
sys.path[:1] = [str(_TESTS), str(_TESTS.parent)]

from attacks.catalogue import ATTACKS  # noqa: E402 (the path had to be set first)
from attacks.one_process import achieved  # noqa: E402
from attacks.settings import SETTINGS, command, unavailable  # noqa: E402

TABLE = Path(__file__).resolve().parent / "table.py"
TARGET = _TESTS.parent / "docs" / "attacks.md"
SHOWN = {
    "root": "root",
    "user": "ordinary user",
    "root-denied": "root, no namespaces",
    "user-denied": "ordinary user, no namespaces",
}


def main() -> int:
    """Run, print what is not contained, and write."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for setting in SETTINGS:
        if setting not in SHOWN:
            continue  # where nothing can be confined, nothing is run
        if reason := unavailable(setting):
            print(f"left out: {reason}")
            continue
        print(f"{len(ATTACKS)} attacks as {SHOWN[setting]} ...", flush=True)
        outcomes = _run(command(setting, str(TABLE), "--json"))
        found[setting] = {outcome["attack"]: outcome for outcome in outcomes}
        for outcome in outcomes:
            for problem in outcome["problems"]:
                print(f"  {outcome['attack']}: {problem}")
    settings = list(found)
    print(f"{len(ATTACKS)} attacks in one process ...", flush=True)
    in_one = _run([sys.executable, str(TABLE), "--json", "--processes", "1"])
    one = {outcome["attack"]: achieved(outcome["problems"]) for outcome in in_one}
    lines = [
        "# The attacks",
        "",
        f"{len(ATTACKS)} attacks, run on {time.strftime('%Y-%m-%d')} by `python tests/attacks/document.py`, each",
        "followed by an honest submission. Contained means: no mark that was not earned, no secret in any output, the",
        "host unchanged, the next submission graded right, and a sentence in the result. The layer is the one that the",
        "attack meets first; after the stroke, the one that stops it where the kernel makes no namespaces. The last",
        "column is for assignments whose tests run in the student's process (`c.Examine.processes`), in the same",
        "sandbox: the student's own marks and the tests are within reach there, as in every other notebook grader, and",
        "nothing else is.",
        "",
        f"| attack | stopped by | {' | '.join(SHOWN[setting] for setting in settings)} | one process |",
        f"|:--|:--|{':--|' * len(settings)}:--|",
    ]
    contained = True
    for name, attack in ATTACKS.items():
        layer = attack.stopped_by + (
            f" / {attack.otherwise}" if attack.otherwise not in (None, attack.stopped_by) else ""
        )
        cells = []
        for setting in settings:
            outcome = found[setting].get(name)
            good = outcome is not None and outcome["contained"]
            contained &= good
            cells.append("contained" if good else "**not contained**" if outcome else "**not run**")
        allowed = {"earns marks", "reads the tests"}
        contained &= set(one.get(name, ["not run"])) <= allowed
        cells.append(", ".join(f"**{what}**" for what in one.get(name, ["not run"])) or "contained")
        lines.append(f"| {name}: {attack.what} | {layer} | {' | '.join(cells)} |")
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"written to {TARGET.relative_to(TARGET.parent.parent)}")
    return 0 if contained else 1


def _run(line: list[str]) -> list[dict[str, Any]]:
    run = subprocess.run(line, capture_output=True, text=True, check=False)
    return [json.loads(found) for found in run.stdout.splitlines()]


if __name__ == "__main__":
    sys.exit(main())
