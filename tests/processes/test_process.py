"""`Process`: talking to a forked process, interrupting it, ending it, and saying how it ended."""

import time
from pathlib import Path

import pytest

from autograder.processes import process as process_module
from autograder.processes.process import Ending
from autograder.processes.zygote import Zygote

HERE = {"PYTHONPATH": str(Path(__file__).parent)}


@pytest.fixture(scope="module")
def zygote(tmp_path_factory):
    """A fork server with nothing prepared."""
    with Zygote.start(
        prepare="process_entries:prepare",
        arguments={},
        environment=HERE,
        directory=tmp_path_factory.mktemp("zygote"),
    ) as zygote:
        yield zygote


@pytest.fixture
def child(zygote, tmp_path):
    """A child that evaluates expressions."""
    with zygote.fork("process_entries:evaluate", {}, tmp_path) as child:
        yield child


def ask(child, expression):
    """The value of *expression* in the child."""
    child.channel.send(expression)
    return child.channel.receive(time.monotonic() + 20)


def running(pid):
    """Whether the process of that number runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def soon(condition):
    """Whether the condition comes true in a few seconds."""
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


@pytest.mark.parametrize(
    ("death", "sentence"),
    [
        ("os._exit(3)", "called os._exit(3)"),
        ("os._exit(0)", "ended normally"),
        ("ctypes.string_at(0)", "ended by signal SIGSEGV (segmentation fault)"),
        ("os.abort()", "ended by signal SIGABRT (aborted)"),
        ("os.kill(os.getpid(), 9)", "ended by signal SIGKILL (killed)"),
        ("os.kill(os.getpid(), 40)", "ended by signal 40"),
    ],
)
def test_how_it_ended(child, death, sentence):
    """How a process ended is said in words, as often as one asks, also after it was let go of."""
    assert child.how_it_ended() == "still runs"
    child.channel.send(death)

    assert child.wait(10)
    assert child.how_it_ended() == sentence
    assert child.how_it_ended() == sentence
    child.kill()
    assert child.how_it_ended() == sentence


def test_alive_and_kill(child):
    """A killed process is gone when `kill` returns, and killing it again does nothing."""
    assert child.alive
    assert running(child.pid)
    child.kill()

    assert not running(child.pid)
    assert not child.alive
    assert child.how_it_ended() == "was killed by the grader"
    child.kill()
    child.interrupt()


def test_kill_what_resists(child):
    """A process that blocks every signal and never listens is killed all the same, at once."""
    child.channel.send("signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))\nwhile True: pass\n0")
    started = time.monotonic()
    child.kill()

    assert not running(child.pid)
    assert time.monotonic() - started < 2


def test_kill_the_group(child):
    """What the process started goes with it."""
    pid = ask(child, "subprocess.Popen(['sleep', '100']).pid")
    assert running(pid)
    child.kill()

    assert soon(lambda: not running(pid))


def test_kill_the_group_of_a_dead_process(child):
    """What the process left behind when it died by itself goes as well."""
    pid = ask(child, "subprocess.Popen(['sleep', '100']).pid")
    child.channel.send("os._exit(0)")
    assert child.wait(5)
    assert child.how_it_ended() == "ended normally"
    assert running(pid)
    child.kill()

    assert soon(lambda: not running(pid))


def test_interrupt(child):
    """An interrupt reaches what lets itself be interrupted, and nothing else."""
    child.interrupt()
    assert ask(child, "'not interrupted'") == "not interrupted"
    ask(child, "signal.signal(signal.SIGINT, lambda *_: channel.send('interrupted'))\n0")
    child.channel.send("time.sleep(0.3)")
    child.interrupt()

    assert child.channel.receive(time.monotonic() + 5) == "interrupted"


def test_kill_that_takes_too_long(child, monkeypatch):
    """If the kernel does not end it in time, that is an error and not an endless wait."""
    monkeypatch.setattr(process_module, "KILL_SECONDS", 0.0)
    monkeypatch.setattr(child, "wait", lambda seconds: False)

    with pytest.raises(TimeoutError, match="did not end within 0 s"):
        child.kill()


def test_context_manager(zygote, tmp_path):
    """Leaving the block kills, also with an exception."""
    with pytest.raises(LookupError), zygote.fork("process_entries:evaluate", {}, tmp_path) as child:
        raise LookupError

    assert not running(child.pid)


def test_ending_in_words():
    """Every signal has its sentence."""
    assert str(Ending(False, 24)) == "ended by signal SIGXCPU (cpu time limit exceeded)"
    assert str(Ending(True, 70)) == "could not go on: out of memory, or told something that makes no sense"
