"""Run attacks in this process's setting, and say of each whether it was contained.

    python tests/attacks/table.py [--names A,B] [--processes 1] [--json] [--shown]

Prints a line per attack; ends with 1 if one was not contained.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

_TESTS = Path(__file__).parent.parent
sys.path[:1] = [str(_TESTS), str(_TESTS.parent)]

from attacks.catalogue import ATTACKS  # noqa: E402 (the path had to be set first)
from attacks.judge import Outcome, is_confined, run_attack  # noqa: E402
from attacks.roads import ByEngine  # noqa: E402
from attacks.target import target  # noqa: E402


def main() -> int:
    """Run the attacks that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", help="only these, separated by commas")
    parser.add_argument("--processes", type=int, default=2, help="1 to run the tests in the student's process")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--shown", action="store_true", help="also what the attacker's notebook shows")
    arguments = parser.parse_args()
    names = arguments.names.split(",") if arguments.names else list(ATTACKS)
    contained = True
    with target() as attacked, ByEngine(attacked, processes=arguments.processes) as road:
        confined = is_confined(attacked, road)
        for name in names:
            attack = ATTACKS[name]
            if attack.harmful and not confined:
                print(f"{name}: not tried, because nothing would stop it here", file=sys.stderr)
                contained = False
                continue
            outcome = run_attack(attack, attacked, road)
            contained &= outcome.contained
            print(json.dumps(as_plain(outcome)) if arguments.json else as_text(outcome), flush=True)
            if arguments.shown:
                print("\n".join(outcome.shown))
    return 0 if contained else 1


def as_plain(outcome: Outcome) -> dict[str, object]:
    """Return an outcome as it is printed in JSON."""
    return {
        "attack": outcome.attack.name,
        "contained": outcome.contained,
        "problems": outcome.problems,
        "stopped_by": outcome.attack.stopped_by,
        "sentence": outcome.sentence,
        "seconds": round(outcome.seconds, 2),
    }


def as_text(outcome: Outcome) -> str:
    """Return an outcome for people."""
    head = f"{'contained' if outcome.contained else 'NOT CONTAINED'}  {outcome.attack.name}  ({outcome.seconds:.1f} s)"
    return "\n".join([head, *(f"    {problem}" for problem in outcome.problems), f"    {outcome.sentence}"])


if __name__ == "__main__":
    sys.exit(main())
