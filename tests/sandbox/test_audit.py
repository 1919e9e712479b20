"""What is noticed of a notebook, and what is not."""

import os
import sys
import time

import pytest

from autograder.processes.memory_files import Parcel
from autograder.processes.zygote import NotConfinedError, Zygote
from autograder.sandbox.audit import SENTENCES, read_notices

TRIED = {
    "open('/etc/passwd')": "tried to open '/etc/passwd', which is out of its reach",
    "from pathlib import Path; Path('/usr/lib/new').touch()": "tried to open '/usr/lib/new', which is out of its reach",
    "import os; os.listdir('/root')": "tried to open '/root', which is out of its reach",
    "import os; os.rename('a', '/etc/a')": "tried to open '/etc/a', which is out of its reach",
    "open('../../../../etc/shadow')": "tried to open '/etc/shadow', which is out of its reach",
    "import os; os.fork()": "tried to start a process",
    "import os; os.system('true')": "tried to start a process",
    "x = !true": "tried to start a process",
    "import subprocess; subprocess.run(['true'])": "tried to start a process",
    "import os; os.kill(1 << 22, 0)": "tried to send a signal",
    "import socket; socket.create_connection(('127.0.0.1', 9), 0.1)": "tried to use the network",
    "import urllib.request as u; u.urlopen('http://127.0.0.1:9/', timeout=0.1)": "tried to use the network",
    "import socket; socket.gethostbyname('localhost')": "tried to use the network",
    "import autograder": "tried to import 'autograder'",
    "from autograder.grading import grader": "tried to import 'autograder.grading'",
    "import sys; sys._getframe()": "looked at other code's frames",
    "try: 1 / 0\nexcept Exception as e: e.__traceback__.tb_frame": "looked at other code's frames",
    "import gc; gc.get_objects()[:1]": "looked through the memory of its process",
    "import sys; sys.settrace(None)": "traced the code that runs it",
    "import ctypes; ctypes.CDLL(None).getppid": "called the C function 'getppid'",
    "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))": "tried to change its limits",
    "import fcntl; fcntl.flock(open('lock', 'w'), fcntl.LOCK_EX)": "tried to lock a file",
}
if sys.version_info >= (3, 12):
    TRIED["import sys; m = sys.monitoring; m.use_tool_id(2, 'x'); m.register_callback(2, m.events.LINE, print)"] = (
        "traced the code that runs it"
    )

HONEST = {
    "numpy": "import numpy as np\nnp.save('a.npy', np.linalg.inv(np.eye(50)))\nprint(np.load('a.npy').sum())",
    "figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2], label='$x^2$')\nplt.legend()\nplt.show()",
    "picture": "import matplotlib.image as image\nplt.imshow(image.imread('cat.png')); plt.savefig('out.pdf')",
    "pillow": "from PIL import Image\nImage.open('cat.png').resize((4, 4)).save('small.png')",
    "tempfile": "import tempfile, os\nwith tempfile.TemporaryDirectory() as d: open(os.path.join(d, 'x'), 'w').close()",
    "asyncio": "import asyncio\nasync def two(): return 2\nprint(await two(), await asyncio.sleep(0, 2))",
    "asyncio.run": "import threading\nt = threading.Thread(target=lambda: asyncio.run(two())); t.start(); t.join()",
    "sqlite3": "import sqlite3\nc = sqlite3.connect('d.db')\nc.execute('create table t (x)')\nc.commit(); c.close()",
    "threads": "from concurrent.futures import ThreadPoolExecutor as P\nwith P(4) as p: list(p.map(int, '01'))",
    "import": "import xml.dom.minidom, wave, unittest.mock, turtle_of_nobody",
    "resources": "import importlib.resources as r\n(r.files('numpy') / '__init__.py').read_text()[:5]",
    "modules": "import inspect, logging, warnings, collections, dataclasses, typing, functools, random, json",
    "namedtuple": "T = collections.namedtuple('T', 'a b')\nfrom enum import Enum\nE = Enum('E', 'A B')",
    "warning": "warnings.warn('old')\nlogging.getLogger('x').warning('careful')",
    "error": "def f(): return 1 / 0\nf()",
    "source": "print(inspect.getsource(f))\nf?",
    "magic": "%timeit -n1 -r1 f\n%matplotlib inline",
    "own module": "open('own.py', 'w').write('x = 2')\nimport own\nprint(own.x)",
    "subfolder": "os.makedirs('a/b', exist_ok=True)\nos.listdir('a'); os.rename('a/b', 'a/c'); os.rmdir('a/c')",
    "system": "import platform, multiprocessing\nprint(platform.system(), os.cpu_count(), os.listdir())",
    "random": "np.random.seed(1); np.random.default_rng().normal()\nimport secrets, uuid; uuid.uuid4()",
    "time": "import datetime, zoneinfo, locale\nzoneinfo.ZoneInfo('Asia/Tokyo'), datetime.date.today()",
}


@pytest.fixture(scope="module")
def zygote(tmp_path_factory):
    """A warm fork server, confined."""
    folder = tmp_path_factory.mktemp("watch")
    try:
        zygote = Zygote.start(
            prepare="autograder.processes.preload:warm_up",
            arguments={"modules": ["numpy", "matplotlib", "matplotlib.pyplot"], "draw": False},
            directory=folder,
            confine=True,
            entries=["autograder.processes.student_main:serve"],
        )
    except NotConfinedError as error:
        pytest.skip(f"nothing can be confined here: {error}")
    with zygote:
        yield zygote


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """A small picture."""
    import matplotlib.image

    path = tmp_path_factory.mktemp("picture") / "cat.png"
    matplotlib.image.imsave(path, [[0.0, 1.0], [0.5, 0.2]])
    return path


@pytest.fixture
def notices(zygote, picture, tmp_path):
    """What is noticed of cells, after what they answer."""

    def notices(*cells):
        answers = []
        with (
            Parcel({"cat.png": picture}) as files,
            zygote.fork("autograder.processes.student_main:serve", {}, tmp_path / "work", files=files) as child,
        ):
            for cell in cells:
                child.channel.send(["run", {"source": cell}])
                answers.append(child.channel.receive(time.monotonic() + 30)[1])
        return child.notices, answers

    return notices


@pytest.mark.parametrize("cell", TRIED)
def test_what_is_noticed(notices, cell):
    """In one sentence, once, whatever becomes of it."""
    found, _ = notices(cell, cell)

    assert found.count(TRIED[cell]) == 1


def test_every_kind_is_tried_here():
    """None is forgotten above."""
    beginnings = [sentence.partition("{")[0] for sentence in SENTENCES.values()]

    assert all(any(sentence.startswith(one) for sentence in TRIED.values()) for one in beginnings)


def test_honest_use(notices):
    """Nothing is noticed, and everything works."""
    found, answers = notices(*HONEST.values())
    failed = {name: answer["ename"] for name, answer in zip(HONEST, answers, strict=True) if answer["ename"]}

    assert failed == {"import": "ModuleNotFoundError", "error": "ZeroDivisionError"}
    assert found == []


@pytest.mark.parametrize(
    "cell",
    [
        "import h5py\nwith h5py.File('d.h5', 'w') as f: f['x'] = [1, 2]",
        "import platform; platform.platform()",
        "import ctypes.util; ctypes.util.find_library('m')",
        "import doctest; doctest.testmod()",
        "import traceback; traceback.print_stack()",
        "from matplotlib.font_manager import _load_fontmanager; _load_fontmanager(try_read_cache=False)",
    ],
)
def test_honest_use_that_is_accused(notices, cell):
    """The last is what drawing does where matplotlib was not drawn with before."""
    assert notices(cell)[0] == []


def test_what_libraries_do(notices):
    """Only a notebook's own looking at frames and memory is noticed."""
    found, _ = notices("import collections, ctypes.util, unittest\nT = collections.namedtuple('T', 'a')\nimport pdb")

    assert found == []


def test_odd_arguments(notices):
    """Whatever a cell passes, the call fails as it does without."""
    odd = [
        "open(3.5)",
        "class P:\n    def __fspath__(self): raise ValueError\nopen(P())",
        "open(b'/\\xff\\xfe')",
        "open('\\0')",
    ]
    found, answers = notices(*odd)

    assert [answer["ename"] for answer in answers] == ["TypeError", "ValueError", "FileNotFoundError", "ValueError"]
    assert all("tried to open" in sentence for sentence in found)


def test_there_is_an_end_to_it(notices):
    """A cell that tries a thousand things fills no log, and does not hang."""
    found, answers = notices("for n in range(1000):\n    try: open(f'/etc/{n}' + 'x' * 500)\n    except OSError: pass")

    assert answers[0]["ename"] is None
    assert 10 < len(found) <= 40
    assert max(map(len, found)) < 250


class TestReading:
    """`read_notices`: the bytes may be anybody's."""

    @pytest.fixture
    def read(self):
        """Reads what a process wrote."""

        def read(data, close=True):
            reading, writing = os.pipe()
            os.set_blocking(writing, False)
            try:
                os.write(writing, data)
                if close:
                    os.close(writing)
                return read_notices(reading)
            finally:
                os.close(reading)
                if not close:
                    os.close(writing)

        return read

    def test_nothing(self, read):
        """No notice; also while the other end is open."""
        assert read(b"") == read(b"", close=False) == []

    def test_honest_lines(self, read):
        """Each once, in order."""
        assert read(b"lock ''\nfile '/etc/x'\nlock ''\n", close=False) == [
            "tried to lock a file",
            "tried to open '/etc/x', which is out of its reach",
        ]

    @pytest.mark.parametrize(
        "data",
        [
            b"\n\n\n",
            b"cheat 100\n",
            b"score 10",
            b"FILE x\n",
            b" file x\n",
            b"file\tx\n",
            b"\0" * 500,
            b"{}",
            b"\xff\n",
        ],
    )
    def test_unknown_kinds(self, read, data):
        """They are left out."""
        assert read(data) == []

    def test_control_characters(self, read):
        """None gets to a terminal, a log or a page; nor do formats and line breaks of Unicode."""
        found = read(b"file \x1b[2J\x07\x9b\xe2\x80\xae\xc2\x85 {0} %s\r\x0bfile x\x0c\n\x85native \x1cy\nlock \x08\n")

        assert found
        assert all(sentence.isprintable() for sentence in found)
        assert all(sentence.startswith(tuple(s.partition("{")[0] for s in SENTENCES.values())) for sentence in found)

    def test_half_lines(self, read):
        """As far as they go; a kind without a detail is no error."""
        assert read(b"file") == ["tried to open , which is out of its reach"]
        assert read(b"lock ''\nfil") == ["tried to lock a file"]

    def test_braces(self, read):
        """What was written is text, not a format."""
        assert read(b"native {0.__class__} {x}\n") == ["called the C function {0.__class__} {x}"]

    def test_a_megabyte(self, read):
        """A bounded number of bounded sentences, at once."""
        line = b"file " + b"x" * 1000
        for data in (
            b"lock " + b"y" * (1 << 16),
            b"\n".join([line + b"%d" % n for n in range(60)]),
            b"file a\n" * 9000,
        ):
            found = read(data[: 1 << 16], close=False)
            assert len(found) <= 40
            assert all(len(sentence) < 250 for sentence in found)

    def test_a_writer_that_does_not_stop(self):
        """Reading ends all the same."""
        reading, writing = os.pipe()
        child = os.posix_spawn("/usr/bin/yes", ["yes", "lock"], {}, file_actions=[(os.POSIX_SPAWN_DUP2, writing, 1)])
        try:
            began = time.monotonic()
            assert set(read_notices(reading)) <= {"tried to lock a file"}
            assert time.monotonic() - began < 2
        finally:
            os.close(reading)
            os.close(writing)
            os.kill(child, 9)
            os.waitpid(child, 0)
