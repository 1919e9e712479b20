"""The second fence, put up in a process of its own."""

import os
import socket
from pathlib import Path

import pytest
from apart import apart, tried

from autograder.sandbox import landlock, linux


@pytest.fixture
def folders(tmp_path):
    """A folder to read, one to write, one that no rule names; each with a file."""
    if linux.landlock_version() < landlock.NEEDED:
        pytest.skip(f"this kernel's Landlock has version {linux.landlock_version()}")
    for name in ("readable", "writable", "hidden"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name, encoding="ascii")
    return tmp_path


def confined(folder, /, **attempts):
    """What becomes of each attempt in a process that may read `readable` and write `writable` under a folder."""

    def inside():
        linux.forbid_new_privileges()
        writable = [str(folder / "writable"), "/dev/null"]
        landlock.Ruleset([str(folder / "readable"), "/no/such/place"], writable).restrict()
        os.chdir(folder / "writable")
        return {name: tried(action) for name, action in attempts.items()}

    return apart(inside)


def test_what_is_allowed(folders):
    """Reading and listing the one, everything that makes, changes or removes files in the other."""
    assert set(
        confined(
            folders,
            read=(folders / "readable/file").read_bytes,
            list=lambda: os.listdir(folders / "readable"),
            make=lambda: Path("new").write_text("x", encoding="ascii"),
            append=lambda: Path("file").open("ab").close(),
            cut=lambda: os.truncate("file", 1),
            folder=lambda: os.makedirs("a/b"),
            link=lambda: os.symlink("file", "link"),
            move=lambda: os.rename("file", "a/file"),
            remove=lambda: os.unlink("a/file"),
            remove_folder=lambda: os.rmdir("a/b"),
            pipe=lambda: os.mkfifo("pipe"),
            device=lambda: Path("/dev/null").write_bytes(b"x"),
        ).values()
    ) == {None}


def test_what_is_denied(folders):
    """Changing what is only readable, everything with what no rule names, and running programs."""
    assert confined(
        folders,
        read=(folders / "hidden/file").read_bytes,
        list=lambda: os.listdir(folders / "hidden"),
        passwords=Path("/etc/passwd").read_bytes,
        through_a_link=lambda: (os.symlink(folders / "hidden/file", "link"), Path("link").read_bytes()),
        write=lambda: (folders / "readable/file").write_bytes(b"x"),
        cut=lambda: os.truncate(folders / "readable/file", 0),
        make=(folders / "readable/new").touch,
        remove=lambda: os.unlink(folders / "readable/file"),
        move=lambda: os.rename("file", folders / "hidden/other"),
        run=lambda: os.execv("/bin/true", ["true"]),
        run_own=lambda: (Path("own").write_bytes(b"no program"), os.chmod("own", 0o700), os.execv("own", ["own"])),
        other_device=Path("/dev/zero").read_bytes,
    ) == dict.fromkeys(["read", "list", "passwords", "through_a_link", "write", "cut", "make", "remove"], "EACCES") | {
        "move": "EACCES",
        "run": "EACCES",
        "run_own": "EACCES",
        "other_device": "EACCES",
    }
    assert (folders / "readable/file").read_text(encoding="ascii") == "readable"


def test_ports_and_processes(folders):
    """As far as the kernel's version goes: no TCP, no signals and no abstract sockets outward."""
    version = linux.landlock_version()
    if version < landlock.SIGNALS:
        pytest.skip(f"Landlock's version {version} guards no signals")
    parent = os.getpid()
    name = f"\0autograder-test-{parent}"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(name)
        abstract.listen()
        address = server.getsockname()
        assert confined(
            folders,
            connect=lambda: socket.create_connection(address, 1).close(),
            serve=lambda: socket.create_server(("127.0.0.1", 0)).close(),
            signal=lambda: os.kill(parent, 0),
            itself=lambda: os.kill(os.getpid(), 0),
            abstract=lambda: socket.socket(socket.AF_UNIX).connect(name),
        ) == {"connect": "EACCES", "serve": "EACCES", "signal": "EPERM", "itself": None, "abstract": "EPERM"}


@pytest.mark.parametrize(
    ("version", "words"), [(0, "offers none of Landlock"), (2, "offers version 2 of Landlock, and version 3 is needed")]
)
def test_a_kernel_without_it(monkeypatch, version, words):
    """An error that says so; with an old version, files could be cut short."""
    monkeypatch.setattr(linux, "landlock_version", lambda: version)

    with pytest.raises(OSError, match=words):
        landlock.Ruleset([], [])


def test_descriptors_are_closed(folders):
    """A ruleset leaves nothing open when it has been applied."""

    def inside():
        linux.forbid_new_privileges()
        before = os.listdir("/proc/self/fd")
        landlock.Ruleset(["/proc", str(folders)], []).restrict()
        return before == os.listdir("/proc/self/fd")

    assert apart(inside)
