"""A file system of one's own, built in a process of its own."""

import os
from pathlib import Path

import pytest
from apart import apart, tried

from autograder.sandbox import linux, rootfs
from autograder.sandbox.bind_mounts import needed
from autograder.sandbox.confinement import PACKAGE
from autograder.sandbox.credentials import enter_user_namespace

MIB = 1 << 20


@pytest.fixture
def built(tmp_path):
    """What becomes of attempts, given by name, in a process with a new root that shows one folder of the test's."""
    shown = tmp_path / "shown"
    (shown / "mounted").mkdir(parents=True)
    (shown / "file").write_text("shown", encoding="ascii")
    (tmp_path / "hidden").write_text("hidden", encoding="ascii")
    if why := apart(tried, _own_mounts):
        pytest.skip(f"this machine lets nobody mount here: {why}")
    if any(place.startswith("/tmp/") for place in needed(PACKAGE)):
        pytest.skip("Python lies under /tmp")

    def run(before=lambda: None, places=(str(shown),), **attempts):
        def inside():
            _own_mounts()
            # What is mounted within the folder comes along and must not be writable either.
            linux.mount("inner", str(shown / "mounted"), "tmpfs")
            Path(shown, "mounted", "inner").touch()
            rootfs.build(tmp_path / "root", [*needed(PACKAGE), *places])
            before()
            found = {}
            for name, action in attempts.items():
                try:
                    found[name] = action()
                except OSError as error:
                    found[name] = error.strerror
            return found

        return apart(inside)

    return run


def _own_mounts():
    if os.geteuid() != 0:
        enter_user_namespace()
    linux.unshare(linux.CLONE_NEWNS, "a mount namespace")


def test_what_is_there(built, tmp_path):
    """The place that was named, harmless devices, and of all the rest nothing; nothing is mounted twice."""
    found = built(
        read=lambda: (tmp_path / "shown/file").read_text("ascii"),
        inner=lambda: os.listdir(tmp_path / "shown/mounted"),
        hidden=(tmp_path / "hidden").exists,
        folder=lambda: os.listdir(tmp_path),
        host=lambda: [
            path for path in ("/root", "/etc/passwd", "/sys", "/var", "/bin", "/run") if os.path.exists(path)
        ],
        package=PACKAGE.exists,
        devices=lambda: sorted(os.listdir("/dev")),
        here=os.getcwd,
        above=lambda: os.listdir("..") == os.listdir("/"),
    )

    assert found.pop("devices") == ["full", "null", "random", "shm", "urandom", "zero"]
    # Where Python lies in somebody's home, the way there can be seen.
    assert set(found.pop("host")) <= {"/" + place.split("/")[1] for place in needed(PACKAGE)}
    assert found == {
        "read": "shown",
        "inner": ["inner"],
        "hidden": False,
        "folder": ["shown"],
        "package": False,
        "here": "/",
        "above": True,
    }


def test_nothing_can_be_changed(built, tmp_path):
    """Not the root, not a place in it, not what is mounted within that."""
    found = built(
        root=lambda: Path("/new").touch(),
        place=lambda: (tmp_path / "shown/file").write_text("x", "ascii"),
        inner=lambda: (tmp_path / "shown/mounted/inner").write_text("x", "ascii"),
        library=lambda: Path("/usr/lib/new").touch(),
        device=lambda: os.unlink("/dev/null"),
        mode=lambda: os.chmod("/", 0o777),
    )

    assert set(found.values()) == {"Read-only file system"} or found.pop("device") == "Device or resource busy"
    assert set(found.values()) == {"Read-only file system"}


def test_devices_work(built):
    """As they do elsewhere."""

    def first_bytes(path):
        with open(path, "rb") as file:
            return file.read(5)

    assert built(
        null=lambda: Path("/dev/null").write_bytes(b"x"),
        zero=lambda: len(first_bytes("/dev/zero")),
        random=lambda: len(first_bytes("/dev/urandom")),
        full=lambda: Path("/dev/full").write_bytes(b"x"),
    ) == {"null": 1, "zero": 5, "random": 5, "full": "No space left on device"}


def test_scratch(built):
    """As many bytes and files as are allowed, at all the places where programs look for room."""

    def many():
        for number in range(25_000):
            Path(f"/tmp/{number}").touch()

    found = built(
        before=lambda: rootfs.mount_scratch(MIB),
        places=(),  # the tests' own folder may lie under /tmp, which is then no link into the scratch folder
        folders=lambda: sorted(os.listdir(rootfs.SCRATCH)),
        temporary=lambda: Path("/tmp/file").write_bytes(b"x"),
        shared=lambda: Path("/dev/shm/file").write_bytes(b"x"),
        size=lambda: Path(rootfs.WORK, "large").write_bytes(bytes(2 * MIB)),
        remove=lambda: os.unlink(f"{rootfs.WORK}/large"),
        number=many,
        read=lambda: Path(rootfs.SCRATCH, "tmp/file").read_text("ascii"),
    )

    assert found.pop("folders") == sorted(rootfs.FOLDERS)
    assert found == {
        "temporary": 1,
        "shared": 1,
        "size": "No space left on device",
        "remove": None,
        "number": "No space left on device",
        "read": "x",
    }


def test_no_proc(built):
    """Where the kernel gives none of one's own, nothing is to be seen."""
    assert built(before=rootfs.hide_proc, proc=lambda: os.listdir("/proc")) == {"proc": []}
