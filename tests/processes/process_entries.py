"""Functions that the tests let fork servers and their children call."""

import itertools
import os
import sys
import tempfile
import time
from types import SimpleNamespace


def prepare(modules=(), **report):
    """A state without a shell, quickly made; its report says what it was given."""
    for module in modules:
        __import__(module)
    # What children must not have in common: a descriptor below all others, and a sequence of file names.
    os.open(os.devnull, os.O_RDONLY)
    tempfile._name_sequence = itertools.repeat("same")
    return SimpleNamespace(report=report, made_by=os.getpid())


def prepare_files():
    """A state that holds open files, with something that is not written yet."""
    files = [open(os.devnull, "w") for _ in range(20)]  # noqa: SIM115
    for file in files:
        file.write("not written yet")
    return SimpleNamespace(files=files)


def fail():
    """A preparation that fails."""
    raise RuntimeError("nothing to prepare")


def hang():
    """A preparation that takes too long."""
    time.sleep(60)


def die():
    """A preparation that ends the process, with a word about it."""
    print("last words", file=sys.stderr, flush=True)
    os._exit(3)


def evaluate(channel, state, **arguments):
    """Answer each message with the value of the expression that it is, after the statements before it."""
    modules = ("ctypes", "os", "random", "resource", "signal", "subprocess", "sys", "tempfile", "time")
    names = {name: __import__(name) for name in modules}
    names |= {"state": state, "arguments": arguments, "channel": channel}
    while True:
        *statements, expression = channel.receive().strip().splitlines()
        exec("\n".join(statements), names)
        channel.send(eval(expression, names))


def stop(channel, state):
    """Return at once."""


def broken(channel, state):
    """Raise at once."""
    raise RuntimeError("this loop is broken")
