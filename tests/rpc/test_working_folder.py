"""One working folder in two processes."""

import contextlib
import os
import shutil
import socket
import threading
import time

import pytest
from wire_pair import Namespace

from autograder.rpc.channel import Channel, pack, unpack
from autograder.rpc.peer import Peer
from autograder.rpc.rpc_errors import MalformedMessage, Refused
from autograder.rpc.value_limits import Limits
from autograder.rpc.working_folder import SharedFiles

GIVEN = ["given.csv", "images/cat.png"]


@pytest.fixture
def folders(tmp_path):
    """The student's folder and the one where the tests run, with the assignment's files in both."""
    both = tmp_path / "student", tmp_path / "tests"
    for folder in both:
        for place in GIVEN:
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_text("given")
    (both[0] / "handed_in.txt").write_text("theirs")
    return both


@pytest.fixture
def pair(folders):
    """The same two, as each process sees them."""
    return share(folders)


def share(folders, **limits):
    """Share two folders."""
    theirs, ours = folders
    student = SharedFiles({"work": theirs}, Limits(**limits), guarded=False)
    return student, SharedFiles({"work": ours}, Limits(**limits), guarded=True, protected=GIVEN)


def tell(sender, receiver):
    """Pass on what has changed, as a message does; return the paths."""
    sender.look_again()
    changes = unpack(pack(sender.pending()))
    receiver.apply(changes)
    return [path for path, _ in changes]


def contents(folder):
    """What lies in a folder, by relative paths; None for folders."""
    paths = folder.rglob("*")
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in paths}


class TestChanges:
    """What has changed in one folder is changed in the other."""

    def test_both_ways(self, folders, pair):
        """A file that is made, changed and deleted, on either side."""
        (theirs, ours), (student, tests) = folders, pair
        (theirs / "made.txt").write_text("1")
        assert tell(student, tests) == ["work/made.txt"]
        assert (ours / "made.txt").read_text() == "1"
        (ours / "made.txt").write_text("12")
        assert tell(tests, student) == ["work/made.txt"]
        assert (theirs / "made.txt").read_text() == "12"
        (theirs / "made.txt").unlink()
        assert tell(student, tests) == ["work/made.txt"]
        assert not (ours / "made.txt").exists()
        assert tell(student, tests) == tell(tests, student) == []

    def test_what_was_there_stays_there(self, folders, pair):
        """Neither the assignment's files nor what was handed in are told of before they change."""
        student, tests = pair

        assert tell(student, tests) == tell(tests, student) == []
        assert "handed_in.txt" not in contents(folders[1])

    def test_folders(self, folders, pair):
        """Empty ones, too, and all that is in one that is deleted."""
        (theirs, ours), (student, tests) = folders, pair
        (theirs / "a/b").mkdir(parents=True)
        (theirs / "a/c").write_bytes(bytes(range(256)))
        tell(student, tests)
        assert contents(ours).items() >= {"a": None, "a/b": None, "a/c": bytes(range(256))}.items()
        (ours / "a/b/d").write_text("x")
        tell(tests, student)
        assert (theirs / "a/b/d").read_text() == "x"
        shutil.rmtree(theirs / "a")
        tell(student, tests)
        assert not (ours / "a").exists()

    def test_one_that_becomes_the_other(self, folders, pair):
        """A file that becomes a folder, and a folder that becomes a file."""
        (theirs, ours), (student, tests) = folders, pair
        (theirs / "a").write_text("file")
        (theirs / "b").mkdir()
        (theirs / "b/inner").write_text("x")
        tell(student, tests)
        (theirs / "a").unlink()
        (theirs / "a").mkdir()
        shutil.rmtree(theirs / "b")
        (theirs / "b").write_text("file")
        tell(student, tests)

        assert (ours / "a").is_dir()
        assert (ours / "b").read_text() == "file"

    def test_quick_changes(self, folders, pair):
        """A file that changes again and again, faster than times tell, and never its size."""
        (theirs, ours), (student, tests) = folders, pair
        for letter in "abcdefghij":
            (theirs / "x").write_text(letter)
            os.utime(theirs / "x", ns=(0, time.time_ns() // 10**7 * 10**7))
            tests.apply(student.pending())

            assert (ours / "x").read_text() == letter

    def test_open_files(self, folders, pair):
        """Who has a file open sees what is written into it in the other process."""
        (theirs, ours), (student, tests) = folders, pair
        (ours / "log").write_text("a")
        tell(tests, student)
        with open(ours / "log") as log:
            assert log.read() == "a"
            (theirs / "log").write_text("ab")
            tell(student, tests)
            assert log.read() == "b"

    def test_only_files(self, folders, pair):
        """Links, pipes and sockets stay where they are, and nobody waits for them."""
        (theirs, ours), (student, tests) = folders, pair
        (theirs / "link").symlink_to("/etc/passwd")
        (theirs / "folder").symlink_to("/etc")
        os.mkfifo(theirs / "pipe")
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(os.path.relpath(theirs / "door"))
            before = contents(ours)

            assert tell(student, tests) == []
            assert contents(ours) == before

    def test_order(self, folders, pair):
        """What is told does not depend on the order in which it was made, and holds no time."""
        theirs, student = folders[0], pair[0]
        for name in ("b", "a", "c"):
            (theirs / name).write_text(name)

        assert student.pending() == [["work/a", b"a"], ["work/b", b"b"], ["work/c", b"c"]]

    def test_a_new_process(self, folders, pair, tmp_path):
        """It is told all that has changed since the beginning."""
        tests = pair[1]
        (folders[1] / "made.txt").write_text("1")
        tell(tests, pair[0])
        fresh = tmp_path / "fresh"
        fresh.mkdir()
        tests.tell_again()

        assert tell(tests, SharedFiles({"work": fresh}, Limits(), guarded=False)) == ["work/made.txt"]
        assert contents(fresh) == {"made.txt": b"1"}


class TestNotice:
    """When anybody looks at all."""

    def test_nothing_has_changed(self, folders, pair, monkeypatch):
        """Then no folder is read."""
        student = pair[0]
        time.sleep(0.1)
        student.pending()
        monkeypatch.setattr(os, "scandir", None)

        assert student.pending() == []

    def test_what_python_writes(self, folders, pair):
        """Python tells of it, wherever it is."""
        theirs, student = folders[0], pair[0]
        (theirs / "deep/er").mkdir(parents=True)
        (theirs / "deep/er/x").write_text("1")
        student.watch()
        time.sleep(0.1)
        student.pending()
        (theirs / "images/cat.png").write_text("other")
        assert student.pending() == [["work/images/cat.png", b"other"]]
        os.rename(theirs / "deep/er/x", theirs / "deep/y")
        assert student.pending() == [["work/deep/er/x", None], ["work/deep/y", b"1"]]
        with open(theirs / "given.csv") as file:
            file.read()
        assert not student._dirty

    def test_what_libraries_write(self, folders, pair):
        """What is made past Python is seen by the folder's time, and a change of it by the file's."""
        theirs, student = folders[0], pair[0]
        time.sleep(0.1)
        student.pending()
        os.system(f"echo 1 > {theirs}/x")
        assert student.pending() == [["work/x", b"1\n"]]
        time.sleep(0.1)
        student.pending()
        os.system(f"echo 2 > {theirs}/x")
        assert student.pending() == [["work/x", b"2\n"]]


class TestBounds:
    """What goes with one message."""

    def test_many_files(self, folders):
        """The rest goes with the next message."""
        student, tests = share(folders, files=10)
        for number in range(25):
            (folders[0] / f"{number:02}").write_text("x")
        told = [len(tell(student, tests)) for _ in range(4)]

        assert told == [10, 10, 5, 0]
        assert len(contents(folders[1])) == 25 + 3

    def test_large_files(self, folders):
        """What never fits is left out, and does not hold up the others."""
        student, tests = share(folders, file_bytes=1000)
        for name, size in (("a", 600), ("b", 600), ("huge", 1001), ("c", 1)):
            (folders[0] / name).write_bytes(bytes(size))
        told = [tell(student, tests) for _ in range(3)]

        assert told == [["work/a", "work/c"], ["work/b"], []]

    def test_many_that_are_gone(self, folders):
        """They are bounded as well."""
        student, tests = share(folders, files=10)
        for number in range(15):
            (folders[0] / f"{number:02}").write_text("x")
        tell(student, tests)
        tell(student, tests)
        for number in range(15):
            (folders[0] / f"{number:02}").unlink()
        told = [len(tell(student, tests)) for _ in range(3)]

        assert told == [10, 5, 0]
        assert len(contents(folders[1])) == 3


class TestHostile:
    """What a hostile process tells of its files."""

    @pytest.mark.parametrize(
        "changes",
        [
            *(None, {}, "x", [3], [["x"]], [["x", b"", 1]], [[3, b""]], [["work/x", "text"]], [["work/x", 1]]),
            *([["work/x", False]], [["work/x", [b""]]], [["work/x", b""], ["work/x", None]], [[["work/x"], b""]]),
            [[f"work/{n}", b""] for n in range(1001)],
            [[f"work/{n}", bytes(20 << 20)] for n in range(2)],
        ],
        ids=lambda changes: str(changes)[:40],
    )
    def test_malformed(self, folders, pair, changes):
        """Every wrong form is malformed, and nothing is written."""
        before = contents(folders[1])
        with pytest.raises(MalformedMessage):
            pair[1].apply(changes)
        assert contents(folders[1]) == before

    @pytest.mark.parametrize(
        "path",
        [
            *("", "work", "work/", "/etc/x", "work//x", "work/../x", "work/./x", "other/x", "../x", "work/x/", "x"),
            *("work/a\0b", "work/a\nb", "work/\ud800", "work/" + "x" * 256, "work/" + "x/" * 20 + "x"),
            "work/" + "/".join(["x" * 200] * 10),
        ],
    )
    def test_paths(self, folders, pair, path, tmp_path):
        """A path that leads out of the folder, or is none, leads nowhere."""
        before = contents(tmp_path)
        for content in (b"forged", True, None):
            pair[1].apply([[path, content]])
        assert contents(tmp_path) == before

    @pytest.mark.parametrize("path", [*GIVEN, "images", "given.csv/x"])
    @pytest.mark.parametrize("content", [b"forged", True, None])
    def test_files_of_the_assignment(self, folders, pair, path, content):
        """They are neither replaced nor deleted."""
        before = contents(folders[1])
        pair[1].apply([[f"work/{path}", content]])

        assert contents(folders[1]) == before

    @pytest.mark.parametrize(
        "name",
        [
            *("testCases.py", "numpy/__init__.py", "x.so", "x.cpython-311-x86_64-linux-gnu.so", "x.abi3.so", "x.pyc"),
            *("__pycache__/x.cpython-311.pyc", "X.PY", "site.pth", "matplotlibrc", "MatplotlibRC", "setup.cfg"),
            *("pyproject.toml", ".numpyrc", ".config/x", ".matplotlib", "a/.x", "x.egg", "x.pyd"),
        ],
    )
    def test_what_would_be_imported_or_read(self, folders, pair, name):
        """Modules and settings are not taken over, nor sent by an honest process; a test may give some."""
        (theirs, ours), (student, tests) = folders, pair
        tests.apply([[f"work/{name}", b"forged"]])
        assert name not in contents(ours)
        (theirs / name).parent.mkdir(parents=True, exist_ok=True)
        (theirs / name).write_text("x")
        assert f"work/{name}" not in tell(student, tests)
        (ours / name).parent.mkdir(parents=True, exist_ok=True)
        (ours / name).write_text("from the test")
        tell(tests, student)
        assert (theirs / name).read_text() == "from the test"

    def test_links(self, folders, pair, tmp_path):
        """A link that a test has made leads nowhere out of the folder."""
        ours, tests = folders[1], pair[1]
        (ours / "out").symlink_to(tmp_path)
        (ours / "file").symlink_to(tmp_path / "target")
        os.mkfifo(ours / "pipe")
        for path in ("out/x", "file", "pipe", "out"):
            for content in (b"forged", True, None):
                tests.apply([[f"work/{path}", content]])

        assert not (tmp_path / "x").exists()
        assert not (tmp_path / "target").exists()
        assert (ours / "out").is_symlink()
        assert (ours / "pipe").exists()

    def test_others_own_files(self, folders, pair):
        """A folder with files that the other process knows nothing of stays."""
        ours, tests = folders[1], pair[1]
        (ours / "mine").mkdir()
        (ours / "mine/x").write_text("1")
        tests.apply([["work/mine", None]])

        assert (ours / "mine/x").read_text() == "1"

    def test_no_room(self, folders, pair, monkeypatch):
        """If there is no room, the call has failed and not the conversation."""

        def full(*arguments):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "open", full)
        with pytest.raises(Refused, match="No space left"):
            pair[1].apply([["work/x", b"1"]])


class TestConversation:
    """Files go with whatever is said."""

    def test_with_requests_and_replies(self, folders, pair):
        """Before a call is made, and when it is over; in a callback, too."""
        (theirs, ours), (student, tests) = folders, pair

        def copy(source, target, tell):
            (theirs / target).write_text((theirs / source).read_text())
            tell()
            (theirs / target).write_text("over")

        def serve(channel):
            peer = Peer(channel, exports=Namespace({"copy": copy}), trusts_peer=True, files=student)
            for _ in range(2):
                peer.serve(channel.receive())

        with contextlib.ExitStack() as stack:
            here, there = (stack.enter_context(Channel(end)) for end in socket.socketpair())
            thread = threading.Thread(target=serve, args=(there,))
            thread.start()
            function = Peer(here, files=tests).root.get("copy")
            seen = []
            (ours / "from.txt").write_text("words")
            function("from.txt", "to.txt", lambda: seen.append((ours / "to.txt").read_text()))
            thread.join()

        assert seen == ["words"]
        assert (ours / "to.txt").read_text() == "over"
