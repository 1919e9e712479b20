"""How much of the machine one process may use."""

import os
import resource
from pathlib import Path

import pytest
from apart import apart, tried

from autograder.sandbox.resource_limits import MIB, ProcessLimits

KINDS = ("AS", "FSIZE", "CPU", "NPROC", "NOFILE", "CORE")


def held(limits, before=None, **options):
    """The soft and hard limits of a process after applying some, the first set to others before."""

    def inside():
        for kind, value in (before or {}).items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{kind}"), value)
        limits.apply(**options)
        return {kind: resource.getrlimit(getattr(resource, f"RLIMIT_{kind}")) for kind in KINDS}

    return {kind: tuple(value) for kind, value in apart(inside).items()}


def test_none_leaves_them_as_they_are():
    """Except that there are never core files, nor thousands of open ones."""
    now = {kind: resource.getrlimit(getattr(resource, f"RLIMIT_{kind}")) for kind in KINDS}

    assert held(ProcessLimits()) == now | {"NOFILE": (512, 512), "CORE": (0, 0)}


def test_each_is_hard():
    """Processor time has a second more, for the signal that says what it was."""
    limits = held(ProcessLimits(memory=64 * MIB, scratch=MIB, cpu=7, threads=20), alone=True)

    assert limits["AS"][0] == limits["AS"][1] > 64 * MIB
    assert {kind: limits[kind] for kind in ("FSIZE", "CPU", "NPROC")} == {
        "FSIZE": (MIB, MIB),
        "CPU": (7, 8),
        "NPROC": (20, 20),
    }


def test_threads_where_others_count_too():
    """The user's other processes must leave room for these."""
    assert held(ProcessLimits(threads=20))["NPROC"][0] in (4096, resource.getrlimit(resource.RLIMIT_NPROC)[1])


def test_never_above_what_holds_already():
    """An ordinary user could not raise it, and somebody meant it."""
    before = {"FSIZE": (1000, 2000), "CPU": (3, 5), "NOFILE": (100, 200)}
    limits = held(ProcessLimits(scratch=MIB, cpu=60), before)

    assert {kind: limits[kind] for kind in before} == {"FSIZE": (2000, 2000), "CPU": (5, 5), "NOFILE": (200, 200)}


def test_memory_is_beyond_what_the_process_has():
    """Most of it can be had, more cannot."""

    def inside():
        ProcessLimits(memory=128 * MIB).apply()
        most = tried(bytearray, 96 * MIB)
        # Far more: a fork of a process that has run many tests may give some of its own back meanwhile.
        more = tried(bytearray, 512 * MIB)
        return most, more

    assert apart(inside) == [None, "MemoryError"]


def test_a_file_that_grows_too_long(tmp_path):
    """An error and no signal; what fits is there."""

    def inside():
        ProcessLimits(scratch=MIB).apply()
        return tried(Path(tmp_path, "long").write_bytes, bytes(2 * MIB))

    assert apart(inside) == "EFBIG"
    assert os.path.getsize(tmp_path / "long") == MIB


@pytest.mark.skipif(os.geteuid() == 0, reason="root may raise its limits until it has no capabilities")
def test_they_cannot_be_raised():
    """Not by the process itself."""

    def inside():
        ProcessLimits(scratch=MIB).apply()
        return tried(resource.setrlimit, resource.RLIMIT_FSIZE, (MIB, 2 * MIB))

    assert apart(inside) == "ValueError"
