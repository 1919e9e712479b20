"""Measure what the sandbox costs: a fork into it against a bare fork, in turn, in one run.

    python benchmarks/forking.py [ROUNDS]

Both fork servers have NumPy, matplotlib and the shell loaded. Times are from the order to fork to the child's first
byte, from "bye" until the child is gone, and from the order to kill a child that spins until it is gone. Prints a table
and writes build/forking.json.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from autograder.processes.process import Process
from autograder.processes.zygote import Zygote
from autograder.rpc.channel import Channel
from autograder.sandbox.resource_limits import ProcessLimits

HERE = Path(__file__).parent
SPIN_ENTRY = "autograder.processes.student_main:serve"
HELLO_ENTRY = "forking:hello"
LIMITS = ProcessLimits(memory=1 << 30, scratch=64 << 20, cpu=600, threads=128)
SPIN = "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass"


def hello(channel: Channel, _: object) -> None:
    """Be a child that says something at once, and ends when it is told to."""
    channel.send(["hello"])
    channel.receive()


def start(folder: Path, *, confine: bool) -> Zygote:
    """Start a fork server as grading does."""
    folder.chmod(0o711)
    modules = ["numpy", "matplotlib.pyplot"]
    return Zygote.start(
        prepare="autograder.processes.preload:warm_up",
        arguments={"modules": modules},
        directory=folder,
        confine=confine,
        environment={"PYTHONPATH": str(HERE)},
        entries=[HELLO_ENTRY, SPIN_ENTRY],
    )


def once(zygote: Zygote, folder: Path) -> dict[str, float]:
    """Fork a child that speaks and ends; then one that spins and is killed. Return milliseconds."""
    begin = time.perf_counter()
    with zygote.fork(HELLO_ENTRY, {}, folder, limits=LIMITS) as child:
        child.channel.receive(time.monotonic() + 10)
        answered = time.perf_counter()
        child.channel.send(["bye"])
        _wait(child)
        ended = time.perf_counter()
    with zygote.fork(SPIN_ENTRY, {}, folder, limits=LIMITS) as child:
        child.channel.send(["run", {"source": SPIN, "number": 1}])
        time.sleep(0.05)
        killing = time.perf_counter()
        child.kill()
        killed = time.perf_counter()
    times = {
        "order to first byte": answered - begin,
        "bye to gone": ended - answered,
        "kill of a spinning child": killed - killing,
    }
    return {name: seconds * 1000 for name, seconds in times.items()}


def _wait(child: Process) -> None:
    if not child.wait(10):
        raise SystemExit("a child did not end")


def main(rounds: int = 40) -> None:
    """Measure and print."""
    times: dict[str, list[dict[str, float]]] = {"bare": [], "confined": []}
    with (
        tempfile.TemporaryDirectory() as bare,
        tempfile.TemporaryDirectory() as confined,
        start(Path(bare), confine=False) as bare_zygote,
        start(Path(confined), confine=True) as confined_zygote,
    ):
        print(f"confined by: {', '.join(confined_zygote.layers)}")
        for _ in range(rounds):
            times["bare"].append(once(bare_zygote, Path(bare) / "child"))
            times["confined"].append(once(confined_zygote, Path(confined) / "child"))
    rows = {
        what: {name: statistics.median(one[what] for one in all_) for name, all_ in times.items()}
        for what in times["bare"][0]
    }
    print(f"{'milliseconds, medians of ' + str(rounds):32}{'bare':>10}{'confined':>10}{'ratio':>8}")
    for what, row in rows.items():
        print(f"{what:32}{row['bare']:10.2f}{row['confined']:10.2f}{row['confined'] / row['bare']:8.1f}")
    target = HERE.parent / "build"
    target.mkdir(exist_ok=True)
    (target / "forking.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="ascii")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
