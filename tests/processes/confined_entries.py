"""Functions that the tests of confined processes let fork servers and their children call."""

import os
import re
import signal
import sys
from types import SimpleNamespace

from process_entries import evaluate

from autograder.sandbox import landlock, linux, probe
from autograder.sandbox.confinement import Confinement, Fences
from autograder.sandbox.layers import Report

__all__ = ["evaluate"]

# Does not match itself.
SECRET = re.compile(rb"SECRE[T]-[a-z]+-[0-9a-f]{16}")


def prepare(**known):
    """A state that holds what is known to everybody."""
    return SimpleNamespace(known=known)


def breaks_later(step):
    """A fork server on which a system call that worked in the trial is denied from then on."""
    server = sys.modules["__main__"]
    original = server.try_all

    def denied(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    def try_all(folder):
        found = original(folder)
        setattr(linux, step, denied)
        return found

    server.try_all = try_all
    return SimpleNamespace()


def no_way():
    """A fork server on a machine where nothing holds."""

    def denied(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    linux.unshare = denied
    landlock.linux.landlock_version = lambda: 0
    assert probe.WAYS
    return SimpleNamespace()


class Counted(Confinement):
    """Nothing but the bound that a fork server looks after where no file system bounds its children."""

    quota = Fences.quota


def counts_files():
    """A fork server that looks after nothing but its children's files."""
    server = sys.modules["__main__"]
    server.try_all = lambda folder: (Counted(folder), [Report("counting", [], {}, [])])
    return SimpleNamespace()


def find_secrets(channel, state):
    """Say what secrets are anywhere in this process's memory."""
    found = set()
    with open("/proc/self/maps", encoding="ascii") as maps, open("/proc/self/mem", "rb", buffering=0) as memory:
        for line in maps.read().splitlines():
            area, rights, *_ = line.split(maxsplit=5)
            if not rights.startswith("r") or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            start, end = (int(part, 16) for part in area.split("-"))
            memory.seek(start)
            found.update(SECRET.findall(memory.read(end - start)))
    channel.send(sorted(secret.decode() for secret in found))


def spin(channel, state):
    """Block every signal that can be, and never end."""
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
    channel.send([os.getpid(), os.getppid()])
    while True:
        pass
