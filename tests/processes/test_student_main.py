"""The student process's loop, talked to as the host and the grader do."""

import time
from pathlib import Path

import nbformat
import numpy as np
import pytest

from autograder.processes.zygote import Zygote
from autograder.rpc.peer import Peer

HERE = {"PYTHONPATH": str(Path(__file__).parent)}


@pytest.fixture(scope="module")
def zygote(tmp_path_factory):
    """A fork server with everything that a notebook of the course imports."""
    with Zygote.start(
        prepare="autograder.processes.preload:warm_up",
        arguments={"modules": ["numpy", "matplotlib.pyplot", "h5py"]},
        environment=HERE,
        directory=tmp_path_factory.mktemp("zygote"),
    ) as zygote:
        yield zygote


@pytest.fixture
def student(zygote, tmp_path):
    """A student process in a directory of its own."""
    with zygote.fork("autograder.processes.student_main:serve", {}, tmp_path) as process:
        yield process


@pytest.fixture
def printed():
    """Outputs that came beside the answers."""
    return []


@pytest.fixture
def peer(student, printed):
    """The grader's side of the conversation."""
    peer = Peer(student.channel, on_outputs=printed.extend)
    peer.deadline = time.monotonic() + 20
    return peer


def run(process, source, **more):
    """What comes of running a cell in the process."""
    process.channel.send(["run", {"source": source, **more}])
    kind, done = process.channel.receive(time.monotonic() + 20)

    assert kind == "done"
    return done


def text(done):
    """What a run printed."""
    return "".join(output["text"] for output in done["outputs"] if output["output_type"] == "stream")


class TestCells:
    """`["run", ...]`."""

    def test_run(self, student):
        """A cell's outputs, error and time come back; names live on."""
        first, second = run(student, "a = 2\nprint('hello')"), run(student, "a + 1")
        third = run(student, "1 / 0")

        assert text(first) == "hello\n"
        assert (first["ename"], first["evalue"]) == (None, None)
        assert 0 < first["seconds"] < 5
        assert second["outputs"][0]["data"] == {"text/plain": "3"}
        assert second["outputs"][0]["execution_count"] == 2
        assert (third["ename"], third["evalue"]) == ("ZeroDivisionError", "division by zero")
        assert third["outputs"][0]["output_type"] == "error"

    def test_traces(self, student):
        """A cell sees little of how its process came to be."""
        done = run(student, "import sys\nprint(sys.argv, sys.path[0] == '', __name__, '__file__' in globals())")

        assert text(done) == "[''] True __main__ False\n"

    def test_number(self, student):
        """The host may say which number a cell has."""
        done = run(student, "5", number=7)

        assert done["outputs"][0]["execution_count"] == 7

    def test_figure(self, student):
        """A figure is there, a warm one is quick, and all is valid."""
        source = "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.title('t');"
        done = run(student, source)
        (output,) = done["outputs"]
        cell = nbformat.v4.new_code_cell(source, outputs=[nbformat.from_dict(output)])

        assert output["data"]["image/png"].startswith("iVBORw0KGgo")
        nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))

    def test_files_beside_it(self, student, tmp_path):
        """A cell imports and reads the files in its directory."""
        (tmp_path / "given.py").write_text("value = 7")

        assert text(run(student, "from given import value\nprint(value, open('given.py').read())")) == "7 value = 7\n"

    def test_interrupt(self, student):
        """An interrupt ends a cell, not the process."""
        student.channel.send(["run", {"source": "import time\nprint('waiting')\ntime.sleep(30)"}])
        time.sleep(0.5)
        student.interrupt()
        _, done = student.channel.receive(time.monotonic() + 10)

        assert done["ename"] == "KeyboardInterrupt"
        assert text(done) == "waiting\n"
        student.interrupt()
        assert text(run(student, "print('on')")) == "on\n"

    def test_fork_in_a_cell(self, student):
        """A child that a cell forks does not answer in its parent's place."""
        run(student, "import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)")

        assert text(run(student, "print('one')")) == "one\n"
        assert text(run(student, "print('two')")) == "two\n"

    def test_death(self, student):
        """How a cell ended the process can be told."""
        student.channel.send(["run", {"source": "import os; os._exit(9)"}])

        assert student.wait(10)
        assert student.how_it_ended() == "called os._exit(9)"

    def test_siblings(self, zygote, student, tmp_path):
        """Nothing of one student's process is in the next."""
        run(student, "import numpy as np\nnp.allclose = lambda *a: True\nnp.random.seed(1)\nleft = 1")
        with zygote.fork("autograder.processes.student_main:serve", {}, tmp_path) as other:
            done = run(other, "import numpy as np\n'left' in globals(), bool(np.allclose(1, 2))")

        assert done["outputs"][0]["data"]["text/plain"] == "(False, False)"

    @pytest.mark.parametrize("message", [["bye"], ["nonsense", {}]])
    def test_end(self, student, message):
        """A goodbye ends the process normally; what it does not know ends it, too."""
        student.channel.send(message)

        assert student.wait(5)
        assert student.how_it_ended() == (
            "ended normally"
            if message == ["bye"]
            else "could not go on: out of memory, or told something that makes no sense"
        )


class TestRequests:
    """`["request", ...]`, the grader's questions."""

    def test_get(self, student, peer):
        """Names that are bound come with their values, others do not come."""
        run(student, "import numpy as np\na, b = 3, np.arange(3.0)")
        found = peer.root.get(["a", "b", "missing"])

        assert set(found) == {"a", "b"}
        assert found["a"] == 3
        np.testing.assert_array_equal(found["b"], [0, 1, 2])

    def test_set_and_delete(self, student, peer):
        """The grader binds and unbinds names; unbinding what is not bound does nothing."""
        peer.root.set("a", [1, 2])
        peer.root.set("b", 3)
        peer.root.delete("b")
        peer.root.delete("b")

        assert text(run(student, "print(a, 'b' in globals())")) == "[1, 2] False\n"

    def test_call(self, student, peer, printed):
        """A function of the student's is called; what it prints comes beside the answer, in no cell."""
        run(student, "def f(x):\n    print('in f')\n    display(x)\n    return x + 1")
        f = peer.root.get(["f"])["f"]

        assert f(1) == 2
        assert printed == [
            {"output_type": "stream", "name": "stdout", "text": "in f\n"},
            {"output_type": "display_data", "data": {"text/plain": "1"}, "metadata": {}},
        ]
        assert run(student, "None")["outputs"] == []

    def test_error(self, student, peer):
        """An error in a call is raised to the grader, and the conversation goes on."""
        run(student, "def f(x): return 1 / x")
        f = peer.root.get(["f"])["f"]

        with pytest.raises(ZeroDivisionError):
            f(0)
        assert f(2) == 0.5

    def test_exit_in_a_call(self, student, peer):
        """A call that asks to exit does not end the process."""
        run(student, "def f(): exit()\ndef g(): return input()")
        functions = peer.root.get(["f", "g"])

        with pytest.raises(SystemExit):
            functions["f"]()
        with pytest.raises(Exception, match="does not support input requests"):
            functions["g"]()
        assert text(run(student, "print('alive')")) == "alive\n"

    def test_interrupt(self, zygote, student, peer):
        """An interrupt ends a call, and the answer says so."""
        run(
            student,
            "import threading, os, signal\ndef f():\n"
            "    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
            "    while True: pass",
        )
        f = peer.root.get(["f"])["f"]

        with pytest.raises(KeyboardInterrupt):
            f()
        assert text(run(student, "print('on')")) == "on\n"

    def test_a_cell_calls_the_grader(self, student, peer):
        """A cell that calls an object of the grader's keeps its output together."""
        peer.root.set("double", lambda x: 2 * x)
        student.channel.send(["run", {"source": "print('before')\ny = double(4)\nprint(y)"}])
        request = student.channel.receive(time.monotonic() + 10)

        assert request[0] == "request"
        peer.serve(request)
        _, done = student.channel.receive(time.monotonic() + 10)
        assert text(done) == "before\n8\n"
