"""Cells run by `Shell`: beside a real kernel's, and on their own."""

import json
import os
import re
import subprocess
import sys
import textwrap
from itertools import groupby

import nbformat
import pytest

# Cells of one notebook, by name. Each must come out the same from `Shell` and from a kernel, save for
# what `plain` evens out (colours, file names, times) and what DIFFERENCES lists.
CELLS = {
    "print": "print('a'); print('b', end='')\n'c'",
    "stderr": "import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('out again')",
    "nothing": "x = 3",
    "only a comment": "# nothing here",
    "result": "x + 1",
    "semicolon": "x + 1;",
    "previous results": "_ * 2, Out[5], In[4]",
    "several results": "1\n2\n3",
    "display": "display({'a': 1}, [2])\nprint('between')\ndisplay(display_id='known', obj='first');",
    "update": "h = display('old', display_id=True)\nprint('then')\nh.update('new')",
    "clear": "from IPython.display import clear_output\nprint(1)\nclear_output()\nprint(2)",
    "clear and wait": "print(1)\nclear_output(wait=True)\nprint(2)\nclear_output(wait=True)",
    "rich": ("class R:\n    def _repr_html_(self): return '<b>'\n    def _repr_latex_(self): return '$x$'\nR()"),
    "mimebundle": ("class M:\n    def _repr_mimebundle_(self, **k): return {'application/json': {'a': [1]}}\nM()"),
    "broken repr": "class B:\n    def __repr__(self): raise ValueError('no repr')\nB()",
    "long": "list(range(1005))",
    "array": "import numpy as np\nnp.arange(12.0).reshape(3, 4)",
    "figure": "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]); print('drawn')",
    "figures": "for i in range(2):\n    plt.figure()\n    plt.plot([i, 2])\nplt.show()\nprint('shown')",
    "figure object": "fig, ax = plt.subplots()\nfig",
    "error": "print('before')\n1 / 0\nprint('after')",
    "error in function": "def f(a):\n    b = a\n    return b['k']\ndef g():\n    return f([])\ng()",
    "chained": "try:\n    {}['a']\nexcept KeyError as error:\n    raise ValueError('b') from error",
    "own class": "class MyError(Exception):\n    pass\nraise MyError('m', 3)",
    "own traceback": (
        "class Short(Exception):\n    def _render_traceback_(self): return ['short', str(self)]\nraise Short('s')"
    ),
    "group": "raise ExceptionGroup('many', [ValueError(1), TypeError(2)])",
    "syntax error": "x = = 3",
    "indentation": "if x:\nprint(1)",
    "return outside": "print('runs')\nreturn 3",
    "empty exception": "raise KeyboardInterrupt",
    "unknown name": "undefined_name",
    "warning": "import warnings\nwarnings.warn('careful')\nwarnings.warn('old', DeprecationWarning)",
    "numpy warning": "np.array([1.0]) / 0",
    "logging": "import logging\nlogging.warning('logged')",
    "time": "%%time\ny = 5",
    "timeit": "%timeit -n 1 -r 1 pass",
    "capture": "%%capture captured\nprint('hidden'); display(1)",
    "captured": "captured.stdout, len(captured.outputs)",
    "autoreload": "%load_ext autoreload\n%autoreload 2",
    "command": "!echo one; echo two 1>&2",
    "command to list": "lines = !echo one\nlines",
    "bash": "%%bash\necho in bash",
    "unknown magic": "%nonsense",
    "writefile": "%%writefile helper.py\nvalue = 7\nprint('imported')",
    "import beside": "import helper\nhelper.value",
    "run": "%run helper.py\nvalue",
    "cd": (
        "import os\nhere = os.getcwd()\nos.mkdir('sub')\n%cd -q sub\n"
        "print(os.path.basename(os.getcwd()))\n%cd -q {here}"
    ),
    "help": "print?",
    "input": "input('name? ')",
    "getpass": "import getpass\ngetpass.getpass()",
    "await": "import asyncio\nawait asyncio.sleep(0.01)\n'awaited'",
    "async for": "async def n():\n    for i in range(2):\n        yield i\nprint([i async for i in n()])",
    "await error": "async def bad():\n    raise ValueError('late')\nawait bad()",
    "write to 1": "os.write(1, b'raw\\n')\nimport time; time.sleep(0.3)",
    "subprocess": "import subprocess\nsubprocess.run(['echo', 'child'])\ntime.sleep(0.3)",
    "thread": ("import threading\nt = threading.Thread(target=print, args=('in thread',))\nt.start(); t.join()"),
    "thread error": "t = threading.Thread(target=lambda: 1 / 0)\nt.start(); t.join()\nprint('on')",
    "multiprocessing": (
        "import multiprocessing\n"
        "p = multiprocessing.get_context('fork').Process(target=print, args=('from child',))\n"
        "p.start(); p.join()"
    ),
    "module of a class": "class K: pass\nK.__module__, __name__, sys.modules['__main__'].K is K",
    "pickle": "import pickle\ntype(pickle.loads(pickle.dumps(K()))) is K",
    "getsource": "import inspect\nprint(inspect.getsource(f))",
    "sys.exit": "print('leaving')\nsys.exit(3)\nprint('not reached')",
    "last": "'still alive'",
}

# What is known to come out otherwise, and why. The value is what `Shell` gives, evened out by `plain`.
DIFFERENCES = {
    # The kernel names cells like files, which IPython then looks for in vain, and falls back to a plainer
    # traceback: in a chain, it even marks the wrong line.
    "chained": [
        {
            "output_type": "error",
            "ename": "ValueError",
            "evalue": "b",
            "traceback": [
                "-" * 75,
                "KeyError                                  Traceback (most recent call last)",
                "Cell In[23], line 2\n----> 2 {}['a']",
                "KeyError: 'a'",
                "\nThe above exception was the direct cause of the following exception:\n",
                "ValueError                                Traceback (most recent call last)",
                "Cell In[23], line 4\n----> 4 raise ValueError('b') from error",
                "ValueError: b",
            ],
        }
    ],
}

# Runs in a process of its own: a shell changes the process it is in.
SHELL_RUNNER = """
import dataclasses, json, sys
from autograder.kernel.shell import Shell
cells = json.load(sys.stdin)
shell = Shell()
runs = [dataclasses.asdict(shell.run(source)) for source in cells]
shell.close()
json.dump(runs, open(sys.argv[1], "w"))
"""

KERNEL_RUNNER = """
import json, sys, nbformat
from nbclient import NotebookClient
cells = [nbformat.v4.new_code_cell(source) for source in json.load(sys.stdin)]
notebook = nbformat.v4.new_notebook(cells=cells)
NotebookClient(notebook, allow_errors=True, timeout=60, kernel_name="python3").execute()
json.dump([cell.outputs for cell in cells], open(sys.argv[1], "w"))
"""


def environment(directory):
    """Variables for a child process that keep this machine's settings out."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return kept | {
        "HOME": str(directory),
        "IPYTHONDIR": str(directory / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(directory / "runtime"),
        "OPENBLAS_NUM_THREADS": "1",
    }


class Run:
    """A process that runs cells in a directory of its own."""

    def __init__(self, runner, cells, directory):
        work = directory / "work"
        work.mkdir(parents=True)
        self.answer = directory / "answer.json"
        with (directory / "cells.json").open("w+") as file:
            json.dump(cells, file)
            file.seek(0)
            self.process = subprocess.Popen(
                [sys.executable, "-c", runner, self.answer],
                stdin=file,
                stdout=subprocess.DEVNULL,
                cwd=work,
                env=environment(directory),
            )

    def result(self):
        """What the runner wrote."""
        assert self.process.wait(timeout=120) == 0
        return json.loads(self.answer.read_text())


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The outputs of every cell of CELLS, from `Shell` and from a kernel."""
    place = tmp_path_factory.mktemp("both")
    cells = list(CELLS.values())
    kernel, shell = Run(KERNEL_RUNNER, cells, place / "kernel"), Run(SHELL_RUNNER, cells, place / "shell")
    return dict(zip(CELLS, kernel.result(), strict=True)), dict(zip(CELLS, shell.result(), strict=True))


def plain(outputs):
    """Outputs without what two runs, or a kernel and a shell, never have in common.

    That is the order between stdout and stderr, which ipykernel buffers apart from each other (the shell
    keeps it, see `TestCapture`), and how their text is cut up; colours, the names given to cells, times,
    addresses, the bytes of a picture; in a traceback the lines around the marked one, and the frames outside
    the notebook (`input` is a function of the kernel there, of the shell here).
    """
    text = json.dumps(outputs, ensure_ascii=False)
    text = re.sub(r"\\u001b\[[0-9;]*m", "", text)
    text = re.sub(r"<ipython-input-\d+-[0-9a-f]+>|(/tmp/)?(ipykernel_\d+/)?\d+\.py", "CELL", text)
    text = re.sub(r"(CPU times|Wall time): [^\\]*", r"\1", text)
    text = re.sub(r"[\d.]+ ..?s ± [\d.]+ ..?s", "TIME", text)
    text = re.sub(r"0x[0-9a-f]+|Thread-\d+", "ID", text)
    text = re.sub(r"iVBORw0KGgo[^\"]*", "PNG", text)
    outputs = json.loads(text)
    for output in outputs:
        if "traceback" in output:
            output["traceback"] = [plain_frame(line) for line in output["traceback"]]
    even = [plain_streams(group) if streams else list(group) for streams, group in groupby(outputs, is_stream)]
    return [output for group in even for output in group]


def is_stream(output):
    """Whether it is a stream output."""
    return output["output_type"] == "stream"


def plain_streams(outputs):
    """Neighbouring stream outputs as one for stderr and one for stdout."""
    texts = {}
    for output in outputs:
        texts[output["name"]] = texts.get(output["name"], "") + output["text"]
    return [{"output_type": "stream", "name": name, "text": text} for name, text in sorted(texts.items())]


def plain_frame(frame):
    """A frame of a traceback, where it is one, without the lines around the marked one."""
    first, *rest = frame.split("\n")
    if first.startswith("File "):
        return "ELSEWHERE"
    if first.startswith("Cell ") and "---->" in frame:
        marked = (re.sub(r"(-+> \d+) +", r"\1 ", line) for line in rest if line.startswith("--"))
        return "\n".join([first, *marked])
    return frame


@pytest.mark.parametrize("name", CELLS)
def test_like_a_kernel(both, name):
    """A cell gives what it gives in a kernel, unless DIFFERENCES says what it gives instead."""
    kernel, shell = both
    in_kernel, in_shell = plain(kernel[name]), plain(shell[name]["outputs"])

    if name in DIFFERENCES:
        assert in_shell == DIFFERENCES[name]
        assert in_shell != in_kernel
    else:
        assert in_shell == in_kernel


def test_everything_is_valid(both):
    """What the shell gives for all these cells is a valid notebook."""
    _, shell = both
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS.values()]
    for cell, run in zip(cells, shell.values(), strict=True):
        cell.outputs = [nbformat.from_dict(output) for output in run["outputs"]]

    nbformat.validate(nbformat.v4.new_notebook(cells=cells))


ALONE = """
import json, os, signal, sys, threading, time
from autograder.kernel.shell import Shell
shell = Shell()

def run(source, **options):
    return shell.run(source, **options)

def text(source, **options):
    outputs = run(source, **options).outputs
    return "".join(output["text"] for output in outputs if output["output_type"] == "stream")

def interrupt_after(seconds):
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)).start()
"""

ANSWER = """
with open(sys.argv[1], "w") as file:
    json.dump(answer, file)
"""


@pytest.fixture
def alone(tmp_path):
    """Runs a script beside a `shell` in a process of its own and returns its variable `answer`."""

    def run(script):
        return Run(f"{ALONE}\n{textwrap.dedent(script)}\n{ANSWER}", [], tmp_path / "alone").result()

    return run


class TestRun:
    """`Shell.run`."""

    def test_cell_run(self, alone):
        """A run tells the error that ended the cell, and the time it took."""
        answer = alone(r"""
            good, bad = run("1"), run("import time; time.sleep(0.2); {}['k']")
            usage, shown = run("%nonsense"), run("class B:\n def __repr__(self): 1/0\nB()")
            broken = run("class E(Exception):\n def __str__(self): 1/0\n"
                         " def _render_traceback_(self): return ['own']\nraise E")
            answer = [good.ok, good.ename, bad.ok, bad.ename, bad.evalue, 0.2 <= bad.seconds < 1,
                      usage.ename, shown.ename, shown.evalue, broken.ename, broken.evalue]
        """)

        assert answer == [
            *[True, None, False, "KeyError", "'k'", True],
            *["UsageError", "ZeroDivisionError", "division by zero", "E", "<exception str() failed>"],
        ]

    def test_after_statement(self, alone):
        """The callback hears the first line of each top-level statement that did not fail."""
        answer = alone(r"""
            def lines(source):
                heard = []
                run(source, after_statement=heard.append)
                return heard
            answer = [
                lines("a = 1\nb = (\n  2,\n)\n\n# c\nfor i in range(3):\n    a += i\na"),
                lines("\n\n  \nx = 1\ny = 2"),
                lines("import functools as t\n@t.cache\n@t.wraps(print)\ndef f():\n  'd'\nclass C: pass"),
                lines("x = 1\n1 / 0\ny = 2"),
                lines("x = = 1"),
                lines("'a string'\npass\n%time 1\n\nx = !echo\nawait __import__('asyncio').sleep(0)"),
                lines("x = 1; global y\nget_ipython().run_cell('a = 1\\nb = 2');"),
                lines(""),
                run("1").ok,
            ]
        """)

        assert answer == [[1, 2, 7, 9], [4, 5], [1, 2, 6], [1], [], [1, 2, 3, 5, 6], [1, 1, 2], [], True]

    def test_after_statement_sees_the_namespace(self, alone):
        """At each call, the namespace is as the statement left it, and output goes to the cell."""
        answer = alone(r"""
            seen = []
            def look(line):
                seen.append(shell.namespace.get("a"))
                print("line", line)
            answer = [text("print('cell')\na = 1\na = 2", after_statement=look), seen]
        """)

        assert answer == ["cell\nline 1\nline 2\nline 3\n", [None, 1, 2]]

    def test_after_statement_raises(self, alone):
        """What the callback raises comes out of `run`; the cell ends there and the next one runs."""
        answer = alone(r"""
            def stop(line):
                raise LookupError("stop")
            try:
                run("a = 1\na = 2", after_statement=stop)
            except LookupError as error:
                answer = [str(error), shell.namespace["a"]]
            answer.append(text("print('next')"))
        """)

        assert answer == ["stop", 1, "next\n"]

    def test_store_count(self, alone):
        """A cell that is not counted leaves number, `In` and the next cell's result alone."""
        answer = alone("""
            run("1;")
            hidden = run("2", store_count=False)
            silent = run("2;", store_count=False)
            shown = run("len(In), In[-1]")
            shell.execution_count = 7
            seventh = run("3")
            answer = [shown.outputs[0]["execution_count"], shown.outputs[0]["data"]["text/plain"],
                      hidden.outputs[0]["data"]["text/plain"], seventh.outputs[0]["execution_count"],
                      silent.outputs]
        """)

        assert answer == [2, "(3, 'len(In), In[-1]')", "2", 7, []]

    def test_exit(self, alone):
        """`exit`, `quit` and `sys.exit` end their cell with an error and nothing more (a kernel dies)."""
        answer = alone(r"""
            sources = ("exit()", "quit()", "exit", "exit(True)", "raise SystemExit")
            answer = [run(source).ename for source in sources]
            answer += [text("print(1)\nexit()\nprint(2)"), text("print('alive')")]
        """)

        assert answer[:5] == ["SystemExit"] * 5
        assert answer[5].startswith("1\n")
        assert "2\n" not in answer[5]
        assert answer[6] == "alive\n"

    def test_interactive_figures(self, alone):
        """`%matplotlib notebook`, `widget` and no magic at all give still pictures, too."""
        answer = alone(r"""
            plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"
            magics = "", "%matplotlib notebook\n", "%matplotlib widget\n", "%matplotlib inline\n"
            answer = [[sorted(output["data"]) for output in run(magic + plot).outputs] for magic in magics]
        """)

        assert answer == [[["image/png", "text/plain"]]] * 4

    def test_too_much_output(self, alone):
        """Output is bounded by whichever way it comes, and the shell goes on."""
        answer = alone(r"""
            sources = ["print('x' * 5_000_000)", "for i in range(250_000): print('line')",
                       "import os\nwhile os.write(1, b'x' * 65536): pass",
                       "import subprocess; subprocess.run(['head', '-c', '9000000', '/dev/zero']);"]
            runs = [run(source) for source in sources]
            sizes = [sum(len(output.get("text", "")) for output in run.outputs) for run in runs]
            answer = [sizes, runs[2].ename, text("print(1)")]
        """)

        assert all(900_000 < size < 1_100_000 for size in answer[0])
        assert answer[1:] == ["PermissionError", "1\n"]


class TestInterrupt:
    """SIGINT."""

    def test_interrupt(self, alone):
        """SIGINT ends a cell with KeyboardInterrupt, again and again, whatever the notebook did to it."""
        answer = alone(r"""
            sources = ["while True: pass", "import time; time.sleep(30)",
                       "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)", "while True: pass"]
            answer = []
            for source in sources:
                if "signal" not in source:
                    interrupt_after(0.2)
                answer.append(run(source).ename)
            interrupt_after(0.2)
            answer.append(run("import asyncio\nawait asyncio.sleep(30)").ename)
            answer.append(run("await asyncio.sleep(0); 3").outputs[0]["data"]["text/plain"])
        """)

        assert answer == [*["KeyboardInterrupt"] * 2, None, "KeyboardInterrupt", "CancelledError", "3"]

    def test_outside_a_cell(self, alone):
        """Between cells, SIGINT does what it did before there was a shell."""
        answer = alone("""
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            run("1")
            os.kill(os.getpid(), signal.SIGINT)
            with shell.recording():
                try:
                    interrupt_after(0.1)
                    time.sleep(5)
                except KeyboardInterrupt:
                    answer = "interrupted inside"
            os.kill(os.getpid(), signal.SIGINT)
        """)

        assert answer == "interrupted inside"


class TestCapture:
    """What reaches the outputs, and how."""

    def test_c_level(self, alone):
        """What C code prints is recorded, and raw writes keep their place among prints."""
        answer = alone(r"""
            source = "import os\nprint('a')\nos.write(1, b'b\\n'); os.write(2, b'c\\n')\nprint('d')"
            answer = [text("import ctypes; ctypes.CDLL(None).puts(b'from C');"), run(source + ";").outputs,
                      text("import sys; sys.__stdout__.write('original\\n');"),
                      text("import os; os.write(1, '€'.encode()[:1]); os.write(1, '€'.encode()[1:]);"),
                      text("import os; os.system('echo system');")]
        """)

        assert answer[0] == "from C\n"
        assert [output["text"] for output in answer[1]] == ["a\nb\n", "c\n", "d\n"]
        assert answer[2:] == ["original\n", "€", "system\n"]

    def test_threads_between_cells(self, alone):
        """A thread may print on after its cell; what it prints between cells is nobody's."""
        answer = alone(r"""
            run("import threading, time\ndef work():\n    time.sleep(0.1); print('late')\n"
                "t = threading.Thread(target=work); t.start()")
            shell.namespace["t"].join()
            answer = text("print('own')")
        """)

        assert answer == "own\n"

    def test_recording(self, alone):
        """Outside a cell, `recording` and `drain` give the outputs of a call."""
        answer = alone("""
            run("def f(): print('called'); display(3); return 4")
            with shell.recording():
                value = shell.namespace["f"]()
            answer = [value, shell.drain(), shell.drain()]
        """)

        assert answer == [
            4,
            [
                {"output_type": "stream", "name": "stdout", "text": "called\n"},
                {"output_type": "display_data", "data": {"text/plain": "3"}, "metadata": {}},
            ],
            [],
        ]

    def test_forked_child_ends_with_its_cell(self, alone):
        """A child that the notebook forks prints into the cell and does not go on as a second shell."""
        answer = alone(r"""
            me = os.getpid()
            printed = text("import os\npid = os.fork()\nprint('child' if pid == 0 else 'parent')\n"
                           "if pid: _, status = os.waitpid(pid, 0)")
            assert os.getpid() == me
            answer = ["child" in printed, "parent" in printed, text("print(status)")]
        """)

        assert answer == [True, True, "0\n"]

    def test_hostile_streams(self, alone):
        """A notebook that closes or replaces its streams and descriptors harms only its own output."""
        answer = alone(r"""
            run("import sys, os, io\nsys.stdout = io.StringIO()\nprint('lost')")
            run("sys.stdout = sys.__stdout__\nsys.__stderr__.close()")
            run("os.close(1); os.close(2)")
            answer = [run("1 + 1").outputs[0]["data"]["text/plain"], run("1 / 0").ename]
        """)

        assert answer == ["2", "ZeroDivisionError"]

    def test_release_and_close(self, tmp_path):
        """After `release` prints go where they went before; after `close` the process is as it was."""
        script = r"""
import builtins, getpass, os, sys
def state():
    return sys.stdout, sys.stderr, builtins.input, getpass.getpass, sys.path[:], sys.modules["__main__"]
before = state()
from autograder.kernel.shell import Shell
shell = Shell()
shell.run("print('recorded')")
shell.release()
print("released", flush=True)
os.write(1, b"raw\n")
answer = shell.run("print('again')").outputs[0]["text"]
shell.close()
assert before == state()
print("closed", answer.strip())
again = Shell()
four = again.run("2 + 2").outputs[0]["data"]["text/plain"]
again.close()
print(four)
"""
        answer = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path
        )

        assert answer.stderr == ""
        assert answer.stdout == "released\nraw\nclosed again\n4\n"


def test_imports_nothing_heavy(tmp_path):
    """A course without NumPy or matplotlib does not pay for them, and no file is left behind."""
    script = (
        "import sys; from autograder.kernel.shell import Shell; s = Shell(); s.run('1'); s.release();"
        "sys.exit(str({'numpy', 'matplotlib', 'sqlite3', 'ipykernel'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.stderr == "set()\n"
    assert list(tmp_path.iterdir()) == []
