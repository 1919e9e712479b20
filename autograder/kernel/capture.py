"""Captures everything that a process prints, through `sys.stdout` and descriptors 1 and 2, for a `Recorder`.

Python's own prints go straight to the recorder. What C code, `os.write` or a child process writes to
the descriptors lands in two memory files that are read before each Python print and at a cell's end,
so that the order is kept as far as the writer flushed. The files are sealed at their size: a write
beyond it fails, so that nothing can fill the memory this way.
"""

import codecs
import contextlib
import ctypes
import fcntl
import io
import os
import sys
import threading

from autograder.kernel.recorder import Recorder

_NAMES = {1: "stdout", 2: "stderr"}


class CellStream(io.TextIOBase):
    """Stands in for `sys.stdout` or `sys.stderr` while a notebook runs."""

    encoding = "UTF-8"
    errors = "replace"

    def __init__(self, capture: "Capture", descriptor: int) -> None:
        self._capture = capture
        self._descriptor = descriptor
        self.name = f"<{_NAMES[descriptor]}>"

    def write(self, text: str) -> int:
        """Record *text*."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if os.getpid() == self._capture.owner:
            self._capture.settled().stream(_NAMES[self._descriptor], text)
        else:
            # A forked child (multiprocessing) has a recorder that nobody reads, but shares the files.
            os.write(self._descriptor, text.encode("utf-8", "replace"))
        return len(text)

    def writable(self) -> bool:
        """Return true."""
        return True

    def isatty(self) -> bool:
        """Return false: progress bars should not count on a terminal."""
        return False

    def fileno(self) -> int:
        """Return the captured descriptor, for `subprocess` and the like."""
        return self._descriptor


class _MemoryFile:
    """A file in memory, of limited size, in place of one of the process's descriptors."""

    def __init__(self, descriptor: int, limit: int) -> None:
        self.name = _NAMES[descriptor]
        self._target = descriptor
        self._saved = os.dup(descriptor)
        self._file = os.memfd_create(self.name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self._file, limit)
        seals = fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        fcntl.fcntl(self._file, fcntl.F_ADD_SEALS, seals)
        # Whoever writes shares this one offset, which thereby says how much was written.
        os.dup2(self._file, descriptor)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def size(self) -> int:
        """Return how many bytes were written since the last `read`."""
        try:
            return os.lseek(self._file, 0, os.SEEK_CUR)
        except OSError:
            # The code that runs here may have closed the file.
            return 0

    def read(self) -> str:
        """Return what was written since the last call."""
        try:
            data = os.pread(self._file, self.size(), 0)
            os.lseek(self._file, 0, os.SEEK_SET)
        except OSError:
            return ""
        return self._decoder.decode(data)

    def close(self) -> None:
        """Put the descriptor back as it was."""
        with contextlib.suppress(OSError):
            os.dup2(self._saved, self._target)
        for descriptor in (self._saved, self._file):
            with contextlib.suppress(OSError):
                os.close(descriptor)


class Capture:
    """Sends what this process prints to *recorder*, from `install` to `remove`."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        # The process that records; a forked child finds its own number different.
        self.owner: int | None = None
        self._streams = (CellStream(self, 1), CellStream(self, 2))
        self._before = (sys.stdout, sys.stderr)
        self._files: list[_MemoryFile] = []
        # Re-entrant: a destructor may print while this very thread is reading the files.
        self._lock = threading.RLock()
        self._libc = ctypes.CDLL(None)

    def install(self) -> None:
        """Take over the streams and descriptors, unless this process has done so already."""
        if self.owner == os.getpid():
            return
        self._before = (sys.stdout, sys.stderr)
        self.flush()
        self._files = [_MemoryFile(descriptor, self.recorder.limit) for descriptor in _NAMES]
        self.owner = os.getpid()
        sys.stdout, sys.stderr = self._streams

    def remove(self) -> None:
        """Give streams and descriptors back; what was printed stays in the recorder."""
        if self.owner != os.getpid():
            return
        self.finish()
        self.owner = None
        for file in self._files:
            file.close()
        self._files = []
        sys.stdout, sys.stderr = self._before

    def settled(self) -> Recorder:
        """Return the recorder, with all that reached the descriptors so far recorded before."""
        for file in self._files:
            # Once per print: the usual case, nothing there, takes one system call and no lock.
            if file.size():
                with self._lock:
                    self.recorder.stream(file.name, file.read())
        return self.recorder

    def finish(self) -> Recorder:
        """Like `settled`, with Python's and C's own buffers emptied first."""
        self.flush()
        return self.settled()

    def flush(self) -> None:
        """Empty Python's and C's buffers into the descriptors."""
        for stream in (sys.__stdout__, sys.__stderr__):
            # OSError: the memory file is full. ValueError: the stream was closed.
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()  # type: ignore[union-attr]
        self._libc.fflush(None)
