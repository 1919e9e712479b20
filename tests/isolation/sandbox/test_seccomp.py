"""Which system calls the filter lets through, whoever made the program."""

import errno
import os
import resource
import signal

import pytest
from bpf import ALLOW, ERROR, KILL_PROCESS, KILL_THREAD, verdict

from autograder.isolation.sandbox import seccomp
from autograder.isolation.sandbox.syscalls import ARCHITECTURES, NOT_IMPLEMENTED

MACHINE = os.uname().machine
NOT_PERMITTED, NOT_THERE = ERROR | errno.EPERM, ERROR | errno.ENOSYS
SITUATIONS = [(files, processes) for files in (True, False) for processes in (True, False)]
# Numbers at the edges of what conditions compare: halves of a quad word, signs, flags beside the wanted ones.
EDGES = (0, 1, 2, 0x1_0000, 0x7E02_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 32, (1 << 32) + 1, 2**64 - 1)


def libseccomp_here():
    """Why libseccomp cannot be asked, or None."""
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError) as error:
        return f"libseccomp is not installed: {error}"
    return None if pyseccomp.system_arch() else "libseccomp does not know this machine"


def made_by_hand(files=True, processes=True, machine=MACHINE):
    """The program without libseccomp."""
    return seccomp.assemble(seccomp.rules(own_files=files, own_processes=processes), machine)


@pytest.fixture(params=["libseccomp", "by hand"])
def judge(request):
    """Gives the verdict on a call by name, in each situation, of each of the two programs."""
    if request.param == "libseccomp" and (why := libseccomp_here()):
        pytest.skip(why)
    if MACHINE not in ARCHITECTURES:
        pytest.skip(f"no numbers are known for {MACHINE}")
    architecture, numbers = ARCHITECTURES[MACHINE]
    makers = {"libseccomp": seccomp.with_libseccomp, "by hand": lambda wanted: seccomp.assemble(wanted, MACHINE)}
    made = {}

    def judge(call, *arguments, own_files=True, own_processes=True):
        situation = (own_files, own_processes)
        if situation not in made:
            made[situation] = makers[request.param](seccomp.rules(own_files=own_files, own_processes=own_processes))
        number = call if isinstance(call, int) else numbers[call]
        return verdict(made[situation], architecture, number, arguments)

    return judge


def interesting(name, wanted):
    """Arguments that could make a difference: around each condition's value, with its other half, shifted by one."""
    yield ()
    for condition in wanted.conditional.get(name, ()):
        value = condition.value
        near = {value, value + 1, value - 1, value | 1 << 31, value | 1 << 32, value << 1, value | 1 << 63}
        near |= {value | condition.mask >> 1, value & ~1}
        for one in near | set(EDGES):
            for position in {condition.argument, condition.argument ^ 1}:
                yield tuple(one & (2**64 - 1) if at == position else 0 for at in range(6))


@pytest.mark.skipif(MACHINE not in ARCHITECTURES, reason=f"no numbers are known for {MACHINE}")
@pytest.mark.parametrize(("files", "processes"), SITUATIONS)
def test_both_programs_agree(files, processes):
    """For every number up to the youngest call's, and those conditional on arguments with many of these."""
    if why := libseccomp_here():
        pytest.skip(why)
    wanted = seccomp.rules(own_files=files, own_processes=processes)
    theirs, ours = seccomp.with_libseccomp(wanted), seccomp.assemble(wanted, MACHINE)
    architecture, numbers = ARCHITECTURES[MACHINE]
    names = {number: name for name, number in numbers.items()}
    different = [
        (names.get(number, number), arguments)
        for number in range(520)
        for arguments in interesting(names.get(number), wanted)
        if verdict(theirs, architecture, number, arguments) != verdict(ours, architecture, number, arguments)
    ]

    assert different == []


@pytest.mark.parametrize("machine", sorted(ARCHITECTURES))
def test_the_tables_are_libseccomps(machine):
    """Each number is what libseccomp gives; a call that is conditional is in every table."""
    if why := libseccomp_here():
        pytest.skip(why)
    import pyseccomp

    token = {"x86_64": pyseccomp.Arch.X86_64, "aarch64": pyseccomp.Arch.AARCH64}[machine]
    numbers = ARCHITECTURES[machine][1]
    wrong = {}
    for name, number in numbers.items():
        try:
            known = pyseccomp.resolve_syscall(token, name)
        except (OSError, ValueError):
            continue  # younger than the library
        if known >= 0 and known != number:
            wrong[name] = (number, known)

    assert wrong == {}
    assert len(set(numbers.values())) == len(numbers)
    assert seccomp.rules(own_files=True, own_processes=True).conditional.keys() <= numbers.keys()


@pytest.mark.parametrize("machine", sorted(ARCHITECTURES))
def test_by_hand_for_every_architecture(machine):
    """Reading is allowed, forking is not, whichever numbers they have there."""
    architecture, numbers = ARCHITECTURES[machine]
    program = made_by_hand(machine=machine)

    assert verdict(program, architecture, numbers["read"]) == ALLOW
    assert verdict(program, architecture, numbers["clone"], (signal.SIGCHLD,)) == NOT_PERMITTED
    assert len(program) // 8 <= 4096  # the kernel takes no more


def test_an_unknown_machine_is_refused():
    """In a sentence with the remedy, instead of with another machine's numbers."""
    with pytest.raises(OSError, match="no system call numbers are known for s390x; install libseccomp"):
        made_by_hand(machine="s390x")


class TestOtherDoors:
    """Ways to make a call by another number."""

    FOREIGN = {0x4000_0003, 0xC000_00B7, 0xC000_003E, 0x4000_0028, 0} - {ARCHITECTURES.get(MACHINE, (None,))[0]}

    @pytest.mark.parametrize("architecture", sorted(FOREIGN))
    def test_a_foreign_architecture_ends_the_process(self, architecture):
        """32-bit calls have other numbers: `int 0x80` must not get around the filter."""
        programs = [made_by_hand()] if MACHINE in ARCHITECTURES else []
        if not libseccomp_here():
            programs.append(seccomp.with_libseccomp(seccomp.rules(own_files=True, own_processes=True)))
        for program in programs:
            for number in range(500):
                assert verdict(program, architecture, number) in (KILL_PROCESS, KILL_THREAD)

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
        assert {judge(name) for name in NOT_IMPLEMENTED & ARCHITECTURES[MACHINE][1].keys()} == {NOT_THERE}
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
        if name not in ARCHITECTURES[MACHINE][1]:
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
