"""A confined fork server and its children, in the way that this machine allows."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from autograder.processes.memory_files import Parcel
from autograder.processes.zygote import NotConfinedError, Zygote
from autograder.rpc.rpc_errors import ChannelClosed
from autograder.sandbox.resource_limits import ProcessLimits

HERE = Path(__file__).parent
ENTRIES = [f"confined_entries:{name}" for name in ("evaluate", "find_secrets", "spin")]
KNOWN = "-".join(["SECRET", "known", "0123456789abcdef"])


def start(directory, prepare="prepare", **arguments):
    """A confined fork server that finds this directory's modules."""
    return Zygote.start(
        prepare=f"confined_entries:{prepare}",
        arguments=arguments,
        environment={"PYTHONPATH": str(HERE)},
        directory=directory,
        confine=True,
        entries=ENTRIES,
    )


@contextlib.contextmanager
def passable():
    """A folder that a process without rights can pass through, as the engine makes them; pytest's are root's alone."""
    with tempfile.TemporaryDirectory(prefix="autograder-test-", ignore_cleanup_errors=True) as name:
        os.chmod(name, 0o711)
        yield Path(name)


@pytest.fixture
def folder():
    """Such a folder, for a test."""
    with passable() as folder:
        yield folder


@pytest.fixture(scope="module")
def server_folder():
    """Such a folder, for all tests."""
    with passable() as folder:
        yield folder


@pytest.fixture(scope="module")
def zygote(server_folder):
    """One fork server for the tests that leave it as it was."""
    try:
        zygote = start(server_folder / "server", known=KNOWN)
    except NotConfinedError as error:
        pytest.skip(f"nothing can be confined here: {error}")
    with zygote:
        yield zygote


@pytest.fixture
def fork(zygote, folder):
    """Forks children; they are gone after the test."""
    with contextlib.ExitStack() as stack:
        count = iter(range(100))

        def fork(entry="evaluate", files=None, limits=None, **arguments):
            directory = folder / str(next(count))
            child = zygote.fork(f"confined_entries:{entry}", arguments, directory, files=files, limits=limits)
            return stack.enter_context(child)

        yield fork


def ask(child, expression, seconds=20):
    """The value of *expression* in the child."""
    child.channel.send(expression)
    return child.channel.receive(time.monotonic() + seconds)


def descendants(pid):
    """The numbers of a process and all that it started, and so on."""
    found = [pid]
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            found += descendants(int(child))
    return found


def all_gone(pids, seconds=1.0):
    """Whether processes of these numbers have gone, or are only waited for, in time."""
    deadline = time.monotonic() + seconds
    left = list(pids)
    while left and time.monotonic() < deadline:
        left = [pid for pid in left if _runs(pid)]
        time.sleep(0.01)
    return not left


def _runs(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


class TestFiles:
    """What a child sees."""

    def test_only_its_own(self, fork, folder):
        """The files it was given, in folders as they were named; nothing of the host, nothing of another child."""
        (folder / "host.txt").write_text("host", encoding="ascii")
        with Parcel({"data/a.txt": folder / "host.txt"}) as parcel:
            first, second = fork(files=parcel), fork()
        ask(first, "open('mine.txt', 'w').write('mine')")
        walk = "sorted(os.path.join(p, f)[2:] for p, _, fs in os.walk('.') for f in fs)"

        assert ask(first, walk) == ["data/a.txt", "mine.txt"]
        assert ask(first, "open('data/a.txt').read()") == "host"
        assert ask(second, walk) == []
        for path in (folder / "host.txt", "/etc/passwd", HERE.parent.parent / "nbgrader_config.py"):
            assert ask(second, f"os.access({str(path)!r}, os.R_OK)\ntry: open({str(path)!r})\nexcept OSError: r = 1\nr")

    def test_who_it_is(self, fork, zygote):
        """Nobody of importance, and without rights."""
        assert ask(fork(), "[os.getuid(), os.geteuid(), os.getgid()].count(0)") == 0
        if "own-proc" not in zygote.layers:
            pytest.skip("there is no /proc inside to say more")
        child = fork()
        status = dict(line.split(":\t", 1) for line in ask(child, "open('/proc/self/status').read()").splitlines())

        assert status["NoNewPrivs"] == "1"
        assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
        assert "0" not in status["Uid"].split()
        assert status["Seccomp"] == "2"

    def test_descriptors(self, fork):
        """As few as without confinement."""
        links = "[os.readlink(f'/proc/self/fd/{n}') for n in range(99) if os.path.lexists(f'/proc/self/fd/{n}')]"
        kinds = [link.partition(":")[0] for link in ask(fork(), links)]

        assert kinds[:3] == ["/dev/null"] * 3
        assert sorted(kinds[3:]) == ["pipe", "socket"]


class TestSecrets:
    """What one child is given is no other's to find."""

    def test_nothing_stays_in_the_server(self, fork, folder, zygote):
        """Arguments and files of a child, and what it says, are not in what the next ones are forked from."""
        if "own-proc" not in zygote.layers:
            pytest.skip("there is no /proc inside to look through the memory with")
        names = {kind: "-".join(["SECRET", kind, secrets.token_hex(8)]) for kind in ("argument", "file", "message")}
        (folder / "file").write_text(names["file"] * 100, encoding="ascii")
        with Parcel({"file": folder / "file"}) as parcel:
            first = fork(files=parcel, secret=names["argument"], more=[names["argument"]] * 1000)
        assert ask(first, "open('file').read()") == names["file"] * 100
        assert ask(first, f"{names['message']!r}") == names["message"]

        for _ in range(2):
            found = fork("find_secrets").channel.receive(time.monotonic() + 20)
            assert KNOWN in found  # the search does find what is there
            assert not set(names.values()) & set(found)
            first.kill()


class TestEnd:
    """What is left when something is killed: nothing."""

    def test_a_child_that_blocks_all_signals(self, fork):
        """It is gone at once."""
        child = fork("spin")
        child.channel.receive(time.monotonic() + 20)
        began = time.monotonic()
        child.kill()

        assert time.monotonic() - began < 2
        assert not _runs(child.pid)
        assert child.how_it_ended() == "was killed by the grader"

    def test_the_server_is_killed(self, folder, zygote):
        """So are its children."""
        with start(folder / "server") as other:
            child = other.fork("confined_entries:spin", {}, folder / "child")
            child.channel.receive(time.monotonic() + 20)
            pids = descendants(other._process.pid)
            assert child.pid in pids
            os.kill(other._process.pid, signal.SIGKILL)

            assert all_gone(pids)
            child.kill()
            assert child.how_it_ended() == "ended in an unknown way"

    def test_the_host_is_killed(self, folder, zygote):
        """Server and children end, also one that spins with all signals blocked."""
        script = f"""
import os, sys, time
from pathlib import Path
sys.path[:0] = [{str(HERE)!r}]
from test_confined_zygote import descendants, start
zygote = start(Path({str(folder)!r}, "server"))
here = Path({str(folder)!r})
children = [zygote.fork(f"confined_entries:{{name}}", {{}}, here / name) for name in ("spin", "evaluate")]
children[0].channel.receive()
pids = descendants(zygote._process.pid)
assert all(child.pid in pids for child in children)
print(*pids, flush=True)
os.kill(os.getpid(), 9)
"""
        host = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        pids = [int(word) for word in host.stdout.split()]

        assert len(pids) >= 3, host.stderr
        assert all_gone(pids)

    @pytest.mark.parametrize(
        ("death", "words"),
        [
            ("os._exit(0)", "ended normally"),
            ("os._exit(3)", "called os._exit(3)"),
            ("ctypes.string_at(0)", "ended by signal SIGSEGV (segmentation fault)"),
        ],
    )
    def test_how_it_ended(self, fork, death, words):
        """As without confinement."""
        child = fork()
        child.channel.send(death)

        assert child.wait(10)
        assert child.how_it_ended() == words

    def test_too_much_processor_time(self, fork):
        """The kernel ends it; that it was the time is not always to be known."""
        child = fork(limits=ProcessLimits(cpu=1))
        child.channel.send("while True: pass\n0")

        assert child.wait(10)
        assert child.how_it_ended().startswith(("ended by signal SIGXCPU", "ended by signal SIGKILL"))


class TestCountedFiles:
    """Where no file system can be made, the fork server counts what a process has written."""

    @pytest.fixture
    def zygote(self, folder):
        """A fork server that does nothing else."""
        with start(folder / "server", "counts_files") as zygote:
            yield zygote

    @pytest.mark.parametrize(
        ("doing", "words"),
        [
            ("for n in range(10**6): os.symlink('nowhere', str(n))", "it made more than 20,000 files"),
            ("for n in range(10**6): os.mkdir(str(n))", "it made more than 20,000 files"),
            (
                "for n in range(10**4): open(str(n), 'wb').write(bytes(1 << 20))",
                "its files took more than 8 MiB in all",
            ),
        ],
    )
    def test_too_much(self, fork, doing, words):
        """It is ended, and why is said; it was nobody else who did it."""
        child = fork(limits=ProcessLimits(scratch=8 << 20))
        other = fork(limits=ProcessLimits(scratch=8 << 20))
        child.channel.send(f"{doing}\n0")

        assert child.wait(20)
        assert child.how_it_ended() == f"was ended because {words}"
        child.kill()
        assert not child.killed_by_others
        assert ask(other, "len(os.listdir())") == 0

    def test_what_is_given_does_not_count(self, fork):
        """The submission's own files are beyond its limit."""
        with Parcel({str(number): bytes(2 << 20) for number in range(3)}) as parcel:
            child = fork(files=parcel, limits=ProcessLimits(scratch=2 << 20))
            assert ask(child, "time.sleep(0.2)\nlen(os.listdir())") == 3
            child.channel.send("[open(n, 'wb').write(bytes(2 << 20)) for n in 'abc']\ntime.sleep(20)")
            assert child.wait(10)
        assert child.how_it_ended() == "was ended because its files took more than 8 MiB in all"


class TestRefusal:
    """Nothing runs unconfined."""

    @pytest.mark.parametrize(
        "step", ["drop_capabilities", "forbid_new_privileges", "landlock_restrict", "filter_system_calls"]
    )
    def test_a_layer_fails_after_the_trial(self, folder, zygote, step):
        """The child ends before it runs anything, and says why; the next one, too."""
        if step == "landlock_restrict" and "landlock" not in zygote.layers:
            pytest.skip("there is no Landlock here")
        with start(folder / "server", "breaks_later", step=step) as broken:
            for number in range(2):
                with broken.fork("confined_entries:evaluate", {}, folder / str(number)) as child:
                    with contextlib.suppress(ChannelClosed):
                        child.channel.send("1 + 1")
                    kind, body = child.channel.receive(time.monotonic() + 20)

                    assert kind == "crashed"
                    assert "PermissionError: [Errno 1] Operation not permitted" in body["traceback"]
                    assert child.wait(5)
                    assert (
                        child.how_it_ended() == "could not go on: out of memory, or told something that makes no sense"
                    )

    def test_the_server_cannot_be_confined_after_the_trial(self, folder, zygote):
        """No server."""
        if "user-namespace" not in zygote.layers:
            pytest.skip("there are no namespaces here")
        with pytest.raises(NotConfinedError, match="it held when it was tried, and then not"):
            start(folder / "server", "breaks_later", step="unshare")

    def test_no_way_is_sound(self, folder):
        """Of each way it is said why, and no process is left."""
        with pytest.raises(NotConfinedError) as caught:
            start(folder / "server", "no_way")

        assert [report.way for report in caught.value.reports] == ["namespaces", "landlock and seccomp"]
        assert "namespaces: could not confine the fork server: Operation not permitted" in str(caught.value)
        assert not any(report.sound for report in caught.value.reports)
