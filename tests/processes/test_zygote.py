"""`Zygote`, the fork server behind it, and what it makes of a child."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.processes.zygote import Zygote, ZygoteDiedError, ZygoteError
from autograder.rpc.rpc_errors import ChannelClosed
from autograder.sandbox.resource_limits import ProcessLimits

HERE = {"PYTHONPATH": str(Path(__file__).parent)}


def start(directory, prepare="process_entries:prepare", **options):
    """A fork server that finds this directory's modules."""
    return Zygote.start(
        prepare=prepare,
        arguments=options.pop("arguments", {}),
        environment=HERE | options.pop("environment", {}),
        directory=directory,
        **options,
    )


@pytest.fixture(scope="module")
def zygote(tmp_path_factory):
    """One fork server for the tests that leave it as it was."""
    arguments = {"modules": ["numpy.random"], "seen": "once"}
    with start(tmp_path_factory.mktemp("zygote"), arguments=arguments) as zygote:
        yield zygote


@pytest.fixture
def fork(zygote, tmp_path):
    """Forks children that evaluate expressions; they are gone after the test."""
    children = []

    def fork(entry="evaluate", limits=None, directory=tmp_path, **arguments):
        child = zygote.fork(f"process_entries:{entry}", arguments, directory, limits=limits)
        children.append(child)
        return child

    yield fork
    for child in children:
        child.kill()


def ask(child, expression):
    """The value of *expression* in the child."""
    child.channel.send(expression)
    return child.channel.receive(time.monotonic() + 20)


def gone(pid, seconds=5.0):
    """Whether the process of that number goes away in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state in "ZX":
            return True
        time.sleep(0.02)
    return False


def leads_somewhere(pid):
    """What a process's descriptors stand for, but for those that stand for nothing."""
    links = [os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")]
    return [link for link in links if link != "/dev/null"]


def waiting(server, *others):
    """The number of the server's only other child, the one that waits for an order; it is born when there is time."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        children = set(map(int, Path(f"/proc/{server}/task/{server}/children").read_text().split()))
        spare = children - {child.pid for child in others}
        if len(spare) == 1 and len(leads_somewhere(min(spare))) == 1:
            return spare.pop()
        time.sleep(0.01)
    raise AssertionError(f"the server has the children {children}")


class TestStart:
    """`Zygote.start`."""

    def test_prepare_runs_once(self, zygote, fork):
        """The state is made in the server; its report comes to the host, itself to every child."""
        first, second = fork(), fork()

        assert zygote.report == {"seen": "once"}
        assert ask(first, "state.made_by") == ask(second, "state.made_by") == ask(second, "os.getppid()")

    def test_prepare_fails(self, tmp_path):
        """A preparation that raises is an error with its traceback."""
        with pytest.raises(ZygoteError, match=r"in fail(.|\n)*RuntimeError: nothing to prepare"):
            start(tmp_path, "process_entries:fail")

    @pytest.mark.parametrize("name", ["no_such_module:f", "process_entries:nothing", "process_entries"])
    def test_prepare_is_missing(self, tmp_path, name):
        """A preparation that does not exist is an error that names it."""
        with pytest.raises(ZygoteError, match=name.split(":")[-1] if "entries:" in name else name.split(":")[0]):
            start(tmp_path, name)

    def test_prepare_dies(self, tmp_path):
        """A server that dies at once says what it printed last."""
        with pytest.raises(ZygoteDiedError, match=r"gone \(status 3\): last words"):
            start(tmp_path, "process_entries:die")

    def test_prepare_hangs(self, tmp_path):
        """A preparation has a time limit, and nothing of it stays behind."""
        with pytest.raises(ZygoteError, match="did not answer within 0 s"):
            start(tmp_path, "process_entries:hang", timeout=0.4)

    def test_environment(self, tmp_path, monkeypatch):
        """Of the host's variables nothing comes through; those asked for do."""
        monkeypatch.setenv("SECRET", "1")
        monkeypatch.setenv("MPLBACKEND", "agg")
        with (
            start(tmp_path, environment={"COURSE": "7"}) as zygote,
            zygote.fork("process_entries:evaluate", {}, tmp_path) as child,
        ):
            variables = ask(child, "dict(os.environ)")

        assert set(variables) == {
            *("PATH", "HOME", "LANG", "MPLCONFIGDIR", "COURSE", "PYTHONPATH"),
            *("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"),
            *("PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "PYTHONNOUSERSITE"),
        }
        assert Path(variables["HOME"]).parent == tmp_path

    def test_warm_up(self, tmp_path):
        """`warm_up` reports what cannot be imported and leaves a shell as if nothing had run in it."""
        # matplotlib is not asked for here: test_student has a server with it.
        arguments = {"modules": ["no_such", "json"]}
        with (
            start(tmp_path, "autograder.processes.preload:warm_up", arguments=arguments) as zygote,
            zygote.fork("process_entries:evaluate", {}, tmp_path) as child,
        ):
            warm = ask(child, "sorted(state.shell.namespace)")
            count = ask(child, "state.shell.execution_count")
            last_error = ask(child, "hasattr(sys, 'last_value')")
            server_prints_to = ask(child, "os.readlink(f'/proc/{os.getppid()}/fd/2')")
            fresh = ask(
                child,
                "state.shell.close()\nfrom autograder.kernel.shell import Shell\nsorted(Shell().namespace)",
            )

        assert zygote.report == {"no_such": "ModuleNotFoundError: No module named 'no_such'"}
        assert warm == fresh
        assert count == 1
        assert last_error is False
        assert "memfd" not in server_prints_to


class TestFork:
    """`Zygote.fork`."""

    def test_arguments_and_directory(self, fork, tmp_path):
        """Arguments arrive, also large ones, and the child works in its directory."""
        child = fork(number=3, text="x" * 3_000_000)

        assert ask(child, "[arguments['number'], len(arguments['text'])]") == [3, 3_000_000]
        assert ask(child, "os.getcwd()") == str(tmp_path)

    def test_descriptors(self, fork):
        """A child holds its channel and a pipe for notices; the rest, stdin and what was prepared, leads nowhere."""
        fork(), fork()
        child = fork()
        links = ask(
            child,
            "links = {}\n"
            "for n in range(300):\n"
            "    if os.path.lexists(f'/proc/self/fd/{n}'): links[n] = os.readlink(f'/proc/self/fd/{n}')\n"
            "links",
        )
        own = ask(child, "channel.fileno()")

        assert [links.pop(n) for n in (0, 1, 2)] == ["/dev/null"] * 3
        assert links.pop(own).startswith("socket:")
        assert sorted(link.partition(":")[0] for link in links.values()) == ["/dev/null", "pipe"]

    def test_objects_that_hold_descriptors(self, tmp_path):
        """What was prepared closes its number when it goes; whoever has got that number in a child keeps it."""
        with (
            start(tmp_path / "server", "process_entries:prepare_files") as zygote,
            zygote.fork("process_entries:evaluate", {}, tmp_path / "child") as child,
        ):
            assert ask(child, "state.files.clear()\n1 + 1") == 2
            assert ask(child, "1 + 2") == 3

    def test_programs_inherit_nothing(self, fork):
        """A program that a child starts does not get its channel."""
        listing = ask(fork(), "os.system('ls -l /proc/self/fd > listing')\nopen('listing').read()")

        assert "/dev/null" in listing
        assert "socket:" not in listing

    def test_session(self, fork):
        """A child leads a session of its own and ignores interrupts until a cell runs."""
        child = fork()
        me, session, ignored = ask(
            child, "[os.getpid(), os.getsid(0), signal.getsignal(signal.SIGINT) == signal.SIG_IGN]"
        )

        assert child.pid == me == session
        assert ignored is True

    def test_siblings_differ(self, fork):
        """No two children draw the same random numbers or the same names for temporary files."""
        expression = (
            "import numpy\n[random.random(), float(numpy.random.rand()), next(tempfile._get_candidate_names())]"
        )
        first, second = ask(fork(), expression), ask(fork(), expression)

        assert all(a != b for a, b in zip(first, second, strict=True))

    def test_limits(self, fork):
        """The kernel holds a child to the limits given, and a child cannot raise them."""
        child = fork(limits=ProcessLimits(memory=2**30, scratch=10_000, cpu=5, threads=64))
        kinds = ("AS", "CPU", "FSIZE", "NPROC", "CORE")
        held = ask(child, f"[list(resource.getrlimit(getattr(resource, 'RLIMIT_' + k))) for k in {kinds}]")
        child.channel.send("len(bytearray(2**32))")

        # Where a user has other processes, too, a limit on all of them must leave room for these.
        assert held[0][0] == held[0][1] in range(2**30, 2**31)
        assert held[1:] == [[5, 6], [10_000] * 2, [4_096] * 2, [0, 0]]
        assert "MemoryError" in child.channel.receive()[1]["traceback"]

    def test_cpu_limit(self, fork):
        """A child that burns more processor time than it may is ended, and that can be told."""
        child = fork(limits=ProcessLimits(cpu=1))
        child.channel.send("while True: pass\n0")

        assert child.wait(10)
        assert child.how_it_ended() == "ended by signal SIGXCPU (cpu time limit exceeded)"

    def test_entry_returns(self, fork):
        """A child whose entry returns has ended normally."""
        child = fork("stop")

        assert child.wait(5)
        assert child.how_it_ended() == "ended normally"

    def test_entry_raises(self, fork):
        """An entry that raises says so in a last message."""
        child = fork("broken")
        kind, body = child.channel.receive(time.monotonic() + 5)

        assert kind == "crashed"
        assert "RuntimeError: this loop is broken" in body["traceback"]
        assert child.wait(5)
        assert child.how_it_ended() == "could not go on: out of memory, or told something that makes no sense"

    def test_no_such_entry(self, fork):
        """An entry that does not exist is an error, and the server goes on."""
        with pytest.raises(ZygoteError, match="no attribute 'nonsense'"):
            fork("nonsense")

        assert ask(fork(), "1 + 1") == 2

    def test_nothing_leaks(self, zygote, fork, tmp_path):
        """After many children, the server has no zombie and neither side a descriptor more."""

        def held(pid):
            return len(os.listdir(f"/proc/{pid}/fd"))

        child = fork()
        server = ask(child, "os.getppid()")
        waiting(server, child)
        before = held(os.getpid()), held(server)
        for _ in range(10):
            zygote.fork("process_entries:evaluate", {}, tmp_path).kill()
        waiting(server, child)

        assert (held(os.getpid()), held(server)) == before

    def test_born_ahead(self, fork):
        """The next child waits already, in a session of its own, and holds nothing but what its order comes by."""
        child = fork()
        spare = waiting(ask(child, "os.getppid()"), child)

        assert [link.partition(":")[0] for link in leads_somewhere(spare)] == ["socket"]
        assert os.getsid(spare) == spare
        assert fork().pid == spare

    def test_what_waits_is_killed(self, fork):
        """Then another child is born when one is wanted."""
        child = fork()
        spare = waiting(ask(child, "os.getppid()"), child)
        os.kill(spare, signal.SIGKILL)
        assert gone(spare)

        another = fork()

        assert another.pid != spare
        assert ask(another, "1 + 1") == 2

    def test_children_die_in_every_way(self, fork):
        """Whatever a child dies of, the server forks the next one."""
        for death in (
            "os._exit(3)",
            "os.abort()",
            "ctypes.string_at(0)",
            "os.kill(0, 9)",
            "os.killpg(0, 15)",
        ):
            child = fork()
            child.channel.send(death)
            assert child.wait(10)
            with pytest.raises(ChannelClosed):
                child.channel.receive(time.monotonic() + 5)

        assert ask(fork(), "2") == 2


class TestEnd:
    """What happens when one of the three is gone."""

    def test_server_dies(self, tmp_path):
        """When the server is killed its children go too, requests fail clearly, another server works."""
        with start(tmp_path) as zygote:
            child = zygote.fork("process_entries:evaluate", {}, tmp_path)
            server = ask(child, "os.getppid()")
            os.kill(server, signal.SIGKILL)

            assert child.wait(5)
            assert not zygote.alive
            with pytest.raises(ZygoteDiedError, match=r"gone \(status -9\)"):
                zygote.fork("process_entries:evaluate", {}, tmp_path)
            assert child.how_it_ended() == "ended in an unknown way"
            child.kill()
        with start(tmp_path) as another, another.fork("process_entries:evaluate", {}, tmp_path) as child:
            assert ask(child, "1") == 1

    def test_close(self, tmp_path):
        """Closing ends the server and its children, also one that blocks every signal. Twice is fine."""
        zygote = start(tmp_path)
        child = zygote.fork("process_entries:evaluate", {}, tmp_path)
        ask(child, "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))\n0")
        zygote.close()
        zygote.close()

        assert child.wait(5)
        child.kill()
        with pytest.raises(ZygoteDiedError, match="was closed"):
            zygote.fork("process_entries:evaluate", {}, tmp_path)

    def test_host_dies(self, tmp_path):
        """When the host goes without a word, server and children end."""
        script = f"""
import os, sys, time
from pathlib import Path
from autograder.processes.zygote import Zygote
here = Path({str(tmp_path)!r})
zygote = Zygote.start(
    prepare="process_entries:prepare", arguments={{}}, environment={HERE!r}, directory=here
)
child = zygote.fork("process_entries:evaluate", {{}}, here)
child.channel.send("os.getppid()")
print(child.pid, child.channel.receive(), flush=True)
os.kill(os.getpid(), 9)
"""
        host = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        pids = [int(word) for word in host.stdout.split()]

        assert len(pids) == 2
        assert all(gone(pid) for pid in pids)
