"""What is handed to a new process in memory files."""

import os

import pytest

from autograder.processes.memory_files import Parcel, arguments_file, read_arguments, unpack_files


def packed(folder, contents):
    """Write files to a folder and return them by name, as a parcel takes them."""
    files = {}
    for number, (name, content) in enumerate(contents.items()):
        files[name] = folder / f"source-{number}"
        files[name].write_bytes(content)
    return files


def unpacked(folder):
    """The files below a folder with their contents."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_come_out_as_they_went_in(tmp_path):
    """Folders, empty files, names that are long or not ASCII, bytes of every kind; any number of times."""
    contents = {
        "a.txt": b"text\n",
        "data/deep/er/b.bin": bytes(range(256)) * 300,
        "empty": b"",
        "data/empty": b"",
        "Übung 1/größe — ü.csv": b"1,2",
        "n" * 200: b"long",
        "/".join(["folder"] * 40) + "/file": b"deep",
        "-rf": b"no option",
    }
    with Parcel(packed(tmp_path, contents)) as parcel:
        assert parcel.size == sum(map(len, contents.values()))
        for number in range(2):
            target = tmp_path / f"target-{number}"
            unpack_files(parcel.descriptor, str(target))
            assert unpacked(target) == contents


def test_an_empty_parcel(tmp_path):
    """Nothing in it, nothing out of it."""
    with Parcel({}) as parcel:
        unpack_files(parcel.descriptor, str(tmp_path))

        assert parcel.size == 0
    assert list(tmp_path.iterdir()) == []


def test_rights_and_owners_do_not_travel(tmp_path):
    """A program or a set-user-id file arrives as plain data of whoever unpacks it."""
    files = packed(tmp_path, {"run": b"#!/bin/sh"})
    files["run"].chmod(0o4777)
    with Parcel(files) as parcel:
        unpack_files(parcel.descriptor, str(tmp_path / "target"))
    mode = (tmp_path / "target/run").stat().st_mode

    assert mode & 0o7111 == 0


def test_nobody_can_change_it(tmp_path):
    """It is shared by all processes that get it: not written, not cut, not made longer."""
    with Parcel(packed(tmp_path, {"a": b"same for all"})) as parcel:
        before = os.pread(parcel.descriptor, 1 << 20, 0)
        for change in (
            lambda: os.pwrite(parcel.descriptor, b"x", 0),
            lambda: os.ftruncate(parcel.descriptor, 1),
            lambda: os.ftruncate(parcel.descriptor, 1 << 20),
        ):
            with pytest.raises(PermissionError):
                change()

        assert os.pread(parcel.descriptor, 1 << 20, 0) == before


def test_closing_lets_go_of_it(tmp_path):
    """No descriptor stays open, also when a file is missing."""
    before = len(os.listdir("/proc/self/fd"))
    with Parcel(packed(tmp_path, {"a": b"x"})):
        pass

    assert len(os.listdir("/proc/self/fd")) == before


def test_a_missing_file(tmp_path):
    """An error, as of reading it; not a parcel without it."""
    with pytest.raises(FileNotFoundError):
        Parcel({"a": tmp_path / "missing"})


def test_arguments():
    """Plain data of any size; they can be read again."""
    arguments = {"text": "ü" * 3_000_000, "numbers": [1, 2.5, None, True], "nested": {"a": [b"\0"]}}
    descriptor = arguments_file(arguments)
    try:
        assert read_arguments(descriptor) == read_arguments(descriptor) == arguments
        assert not os.get_inheritable(descriptor)
    finally:
        os.close(descriptor)
