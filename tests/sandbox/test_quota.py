"""What a process has in a folder is counted."""

import os
import tempfile

import pytest

from autograder.sandbox.quota import Quota
from autograder.sandbox.resource_limits import MIB

SIZE = "was ended because its files took more than 1 MiB in all"
NUMBER = "was ended because it made more than 10 files"


@pytest.fixture
def exceeded(tmp_path):
    """How this process has used up more than a mebibyte or ten files in its folder."""
    return lambda: Quota(str(tmp_path), MIB, 10).exceeded(os.getpid())


def test_nothing(exceeded):
    """An empty folder."""
    assert exceeded() is None


@pytest.mark.parametrize("make", [os.mkdir, lambda path: path.touch(), lambda path: path.symlink_to("nowhere")])
def test_the_number(exceeded, tmp_path, make):
    """Folders, empty files and links count alike."""
    for number in range(10):
        make(tmp_path / str(number))
    before = exceeded()
    make(tmp_path / "one more")

    assert (before, exceeded()) == (None, NUMBER)


def test_the_size(exceeded, tmp_path):
    """Of all files together, in all folders; what is not on the disk does not count."""
    (tmp_path / "folder" / "folder").mkdir(parents=True)
    with open(tmp_path / "sparse", "wb") as file:
        file.truncate(1 << 40)
    (tmp_path / "folder" / "one").write_bytes(bytes(MIB // 2))
    before = exceeded()
    (tmp_path / "folder" / "folder" / "other").write_bytes(bytes(MIB))

    assert (before, exceeded()) == (None, SIZE)


def test_what_has_been_removed(exceeded, tmp_path):
    """It takes room as long as it is open, and no longer."""
    with tempfile.TemporaryFile(dir=tmp_path) as file:
        file.write(bytes(2 * MIB))
        file.flush()
        opened = exceeded()

    assert (opened, exceeded()) == (SIZE, None)


def test_links_are_not_followed(exceeded, tmp_path):
    """Neither to a large file nor to a folder of many."""
    (tmp_path / "link").symlink_to("/usr")
    (tmp_path / "other").symlink_to("/usr/bin/python3")

    assert exceeded() is None


def test_too_deep(exceeded, tmp_path):
    """A folder whose path is too long to be looked into."""
    before = os.open(".", os.O_RDONLY)
    try:
        os.chdir(tmp_path)
        for _ in range(30):
            os.mkdir("x" * 200)
            os.chdir("x" * 200)
        found = Quota(str(tmp_path), MIB).exceeded(os.getpid())
    finally:
        os.fchdir(before)
        os.close(before)

    assert found == "was ended because its folders cannot be looked into"
