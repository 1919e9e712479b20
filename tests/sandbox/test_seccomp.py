"""Which system calls the filter lets through."""

import errno
import itertools
import os
import resource
import sys

import pytest
from bpf import ALLOW, ERROR, KILL_PROCESS, KILL_THREAD, verdict

from autograder.sandbox import seccomp
from autograder.sandbox.syscalls import NOT_IMPLEMENTED

MACHINE = os.uname().machine
NOT_PERMITTED, NOT_THERE = ERROR | errno.EPERM, ERROR | errno.ENOSYS
SITUATIONS = [(files, processes) for files in (True, False) for processes in (True, False)]
# Numbers at the edges of what conditions compare: halves of a quad word, signs, flags beside the wanted ones.
EDGES = (0, 1, 2, 0x1_0000, 0x7E02_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 32, (1 << 32) + 1, 2**64 - 1)


# The constants by which the kernel tells a filter the architecture, `linux/audit.h`.
ARCHITECTURES = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
if MACHINE not in ARCHITECTURES:
    pytest.skip(f"the numbers below are those of {', '.join(ARCHITECTURES)}, not {MACHINE}", allow_module_level=True)
pyseccomp = pytest.importorskip("pyseccomp", reason="libseccomp is not installed", exc_type=(ImportError, RuntimeError))


def program(files=True, processes=True):
    """The filter of a situation."""
    return seccomp.compile_rules(seccomp.rules(own_files=files, own_processes=processes))


def number_of(name):
    """The number of a call, None if this machine, or this libseccomp, has none."""
    try:
        number = pyseccomp.resolve_syscall(pyseccomp.system_arch(), name)
    except (OSError, ValueError):
        return None
    return number if number >= 0 else None


@pytest.fixture(scope="module")
def judge():
    """Gives the verdict on a call by name, in each situation."""
    made = {}

    def judge(call, *arguments, own_files=True, own_processes=True):
        situation = (own_files, own_processes)
        if situation not in made:
            made[situation] = program(*situation)
        number = call if isinstance(call, int) else number_of(call)
        return verdict(made[situation], ARCHITECTURES[MACHINE], number, arguments)

    return judge


def interesting(condition):
    """Arguments that could make a difference: around a condition's value, with its other half, shifted by one."""
    value = condition.value
    near = {value, value + 1, value - 1, value | 1 << 31, value | 1 << 32, value << 1, value | 1 << 63}
    near |= {value | condition.mask >> 1, value & ~1}
    for one in near | set(EDGES):
        for position in {condition.argument, condition.argument ^ 1}:
            yield tuple(one & (2**64 - 1) if at == position else 0 for at in range(6))


@pytest.mark.parametrize(("files", "processes"), SITUATIONS)
def test_the_program_does_what_the_rules_say(files, processes):
    """For every number up to the youngest call's, and those conditional on arguments with many of these."""
    wanted, made = seccomp.rules(own_files=files, own_processes=processes), program(files, processes)
    names = {number_of(name): name for name in {*wanted.allowed, *wanted.conditional, *wanted.not_implemented}}
    for number in range(520):
        name = names.get(number)
        conditions = wanted.conditional.get(name, ())
        for arguments in [(0,) * 6, *itertools.chain(*map(interesting, conditions))]:
            met = any(arguments[one.argument] & one.mask == one.value & one.mask for one in conditions)
            expected = NOT_THERE if name in wanted.not_implemented else NOT_PERMITTED
            expected = ALLOW if name in wanted.allowed or met else expected

            assert verdict(made, ARCHITECTURES[MACHINE], number, arguments) == expected, (name or number, arguments)


def test_without_libseccomp(monkeypatch):
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "pyseccomp", None)

    with pytest.raises(OSError, match=r"libseccomp is needed \(Debian and Ubuntu: apt install libseccomp2; Fedora"):
        program()


class TestOtherDoors:
    """Ways to make a call by another number."""

    FOREIGN = {0x4000_0003, 0xC000_00B7, 0xC000_003E, 0x4000_0028, 0} - {ARCHITECTURES[MACHINE]}

    @pytest.mark.parametrize("architecture", sorted(FOREIGN))
    def test_a_foreign_architecture_ends_the_process(self, architecture):
        """32-bit calls have other numbers: `int 0x80` must not get around the filter."""
        made = program()
        for number in range(500):
            assert verdict(made, architecture, number) in (KILL_PROCESS, KILL_THREAD)

    def test_the_other_abi_of_x86(self, judge):
        """Numbers from 0x4000_0000 on, and negative ones, are not permitted or end the process."""
        for number in (*range(0x4000_0000, 0x4000_0230), 0x8000_0000, -1, -2):
            assert judge(number) != ALLOW
            assert judge(number) != NOT_THERE


class TestVerdicts:
    """What the author of a notebook would notice."""

    def test_threads_but_no_processes(self, judge):
        """As glibc makes them; with a namespace not even a thread."""
        thread = 0x3D0F00
        assert judge("clone", thread) == ALLOW
        assert judge("clone", thread | 0x1000_0000) == NOT_PERMITTED
        assert judge("clone", 0x0120_0011) == NOT_PERMITTED  # os.fork
        assert judge("clone", 0x4111) == NOT_PERMITTED  # vfork and spawn
        assert judge("clone3") == NOT_THERE
        if MACHINE == "x86_64":
            assert judge(57) == judge(58) == judge(59) == judge(322) == NOT_PERMITTED  # fork, vfork, execve, execveat

    def test_no_sockets_to_elsewhere(self, judge):
        """None can be made but a pair, of which both ends are here."""
        socket, connect, bind = {"x86_64": (41, 42, 49), "aarch64": (198, 203, 200)}[MACHINE]
        for family in (1, 2, 10, 16, 17, 38, 40):
            assert judge(socket, family, 1) == judge(connect, family) == judge(bind, family) == NOT_PERMITTED
        assert judge("socketpair", 1, 1) == ALLOW  # asyncio wakes itself up with one
        assert judge("socketpair", 2, 1) == NOT_PERMITTED

    def test_calls_that_seem_not_to_exist(self, judge):
        """Their callers do without."""
        assert {judge(name) for name in NOT_IMPLEMENTED if number_of(name) is not None} == {NOT_THERE}
        assert {"flock", "clone3", "io_uring_setup"} <= NOT_IMPLEMENTED

    def test_what_the_process_may_say_of_itself(self, judge):
        """It may name a thread, and not outlive its parent, dump itself, or get more rights."""
        assert judge("prctl", 15) == judge("prctl", 16) == ALLOW
        for option in (1, 4, 22, 24, 28, 33, 35, 38, 47, 59, 0x59616D61):
            assert judge("prctl", option) == NOT_PERMITTED

    def test_descriptors(self, judge):
        """Duplicates and partial locks; no leases, owners and signals, which tell others something."""
        for command in (0, 1, 2, 3, 4, 5, 6, 7, 1030):
            assert judge("fcntl", 3, command) == ALLOW
        for command in (8, 10, 15, 1024, 1025, 1026, 1031):  # F_SETOWN, F_SETSIG, F_SETOWN_EX, leases, dnotify, pipes
            assert judge("fcntl", 3, command) == NOT_PERMITTED

    def test_no_input_for_a_terminal(self, judge):
        """TIOCSTI would type into the grader's; TIOCLINUX, too."""
        assert judge("ioctl", 0, 0x5401) == judge("ioctl", 0, 0x541B) == ALLOW
        assert judge("ioctl", 0, 0x5412) == judge("ioctl", 0, 0x541C) == NOT_PERMITTED
        assert judge("ioctl", 0, 0x1_0000_5401) == ALLOW  # the kernel looks at 32 bits of it, too

    def test_limits_can_be_read_and_not_set(self, judge):
        """Whichever half of the pointer is not 0."""
        for pointer in (1, 1 << 32, 1 << 63, 0x7FFF_0000_1000):
            assert judge("prlimit64", 0, resource.RLIMIT_AS, pointer, 0) == NOT_PERMITTED
        assert judge("prlimit64", 0, resource.RLIMIT_AS, 0, 0x7FFF_0000_1000) == ALLOW

    @pytest.mark.parametrize("name", ["chmod", "fchmodat", "utimensat", "setxattr", "fchownat", "removexattr"])
    def test_modes_and_times_only_of_its_own_files(self, judge, name):
        """Landlock does not guard them, so without namespaces they are denied."""
        if number_of(name) is None:
            pytest.skip(f"{MACHINE} has no {name}")
        assert judge(name, own_files=True) == ALLOW
        assert judge(name, own_files=False) == NOT_PERMITTED

    @pytest.mark.parametrize("name", ["kill", "tkill", "tgkill"])
    def test_signals_only_where_all_processes_are_its_own(self, judge, name):
        """An old Landlock guards no signals."""
        assert judge(name, own_processes=True) == ALLOW
        assert judge(name, own_processes=False) == NOT_PERMITTED

    def test_nothing_of_the_kernels_doors(self, judge):
        """Tracing, keyrings, mounts, namespaces, modules, BPF, perf, userfaultfd, io_uring, other processes' memory."""
        doors = {
            "x86_64": "101 250 165 272 308 175 321 298 323 426 310 311 312 155 161 169 246 438 434 424",
            "aarch64": "117 219 40 97 268 105 280 241 282 426 270 271 272 41 51 142 104 438 434 424",
        }
        assert {judge(number) for number in map(int, doors[MACHINE].split())} == {NOT_PERMITTED}
        assert {judge(number) for number in range(428, 434)} == {NOT_PERMITTED}  # the new mounts
