"""Hand the same dishonest submissions to several notebook graders and see which succeed where.

    python benchmarks/attacks [--peers nbgrader,otter,dlai,ours] [--only NAME,...] [--work DIR]

Each grader gets a throw-away virtual environment and home, the same three exercises in its own format, honest
submissions to show that it grades, and then the attacks. Whether one succeeded is observed, never assumed. Prints a
table in Markdown. Exits with 1 if a grader does not tell right answers from wrong ones, for then nothing was measured.

The attacks can do no harm where they succeed: they read, change, signal and call only what this script puts there for
them (and read /etc/passwd). Everything is below one temporary folder. Needs Linux, and a package index for pip.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
import tempfile
from pathlib import Path

from catalogue import ATTACKS
from exercise import FULL
from host import Prey, adopt_orphans, descendants, kill
from judging import Attack, Bench
from peers import PEERS, Peer


def measure(peer: Peer, attacks: list[Attack]) -> dict[str, str]:
    """Return what came of the honest submissions and the attacks, by name. Without a sound baseline nothing else is."""
    bench = Bench(peer)
    sound = bench.baseline()
    found = {"right": str(bench.right), "wrong": str(bench.wrong)}
    print(f"{peer.name:10}right answers {bench.right}, wrong answers {bench.wrong}", flush=True)
    if not sound:
        return found
    for attack in attacks:
        verdict = bench.attack(attack)
        found[attack.name] = "does not apply" if verdict is None else str(verdict)
        print(f"{peer.name:10}{attack.name:10}{found[attack.name]}", flush=True)
    return found


def table(attacks: list[Attack], columns: dict[str, dict[str, str]]) -> str:
    """Return the table in Markdown."""
    rows = [("right", "honest: right answers"), ("wrong", "honest: wrong answers")]
    rows += [(attack.name, attack.title) for attack in attacks]
    lines = [f"| | {' | '.join(columns)} |", f"|:--|{':--|' * len(columns)}"]
    lines += [f"| {title} | {' | '.join(c.get(name, '?') for c in columns.values())} |" for name, title in rows]
    return "\n".join(lines)


def chosen(text: str, known: list[str]) -> list[str]:
    """Return the names in a list separated by commas. Raises SystemExit if one is unknown."""
    names = text.split(",")
    unknown = ", ".join(name for name in names if name not in known)
    if unknown:
        raise SystemExit(f"unknown: {unknown}; there is: {', '.join(known)}")
    return names


def run(peers: list[str], attacks: list[Attack], work: Path) -> int:
    """Measure, print the table, and return the exit code."""
    adopt_orphans()
    prey = Prey()
    columns, versions = {}, {}
    try:
        for name in peers:
            peer = PEERS[name](work, prey)
            versions[name] = peer.versions()
            print(f"{name:10}{versions[name]}", flush=True)
            columns[name] = measure(peer, attacks)
    finally:
        kill(descendants(os.getpid()))
    print(f"\n{table(attacks, columns)}\n\nMeasured on {datetime.date.today()}, {platform.system()}", end=" ")
    print(f"{platform.release()}, Python {platform.python_version()}, as {'root' if os.geteuid() == 0 else 'a user'}:")
    for name, text in versions.items():
        print(f"- {name}: {text}")
    sound = all(column["right"] == f"{FULL:g} of {FULL:g}" for column in columns.values())
    return 0 if sound and all(column["wrong"].startswith("0 of") for column in columns.values()) else 1


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default=",".join(PEERS), help="which graders, separated by commas")
    parser.add_argument("--only", default=",".join(a.name for a in ATTACKS), help="which attacks, separated by commas")
    parser.add_argument("--work", type=Path, help="keep everything in this folder, and use environments found there")
    options = parser.parse_args()
    peers = chosen(options.peers, list(PEERS))
    names = chosen(options.only, [attack.name for attack in ATTACKS])
    attacks = [attack for attack in ATTACKS if attack.name in names]
    if options.work:
        return run(peers, attacks, options.work.resolve())
    with tempfile.TemporaryDirectory(prefix="attacks-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)  # a grader that gives up root's rights must still find its interpreter
        return run(peers, attacks, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
