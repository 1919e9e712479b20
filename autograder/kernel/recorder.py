"""Records what a cell outputs, in order and within limits."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from autograder.kernel.mime import clean_bundle, clean_metadata, cut, json_size, size_of, whole
from autograder.kernel.outputs import (
    CELL_BYTES,
    CUT,
    ERROR_BYTES,
    OUTPUT_BYTES,
    Output,
    add_note,
    error_output,
    stream_output,
)

# A cell that printed too much still shows its error and its result: they may overdraw by this much.
RESERVE_BYTES = 300_000
# What is left of a display that does not fit, its plain text, is cut to this.
FALLBACK_BYTES = 20_000


@dataclass
class _Entry:
    """One output on its way: a stream's text grows in parts, a display may be updated by its id."""

    output: Output
    cost: int
    display_id: str | None = None
    parts: list[str] = field(default_factory=list)

    def finished(self) -> Output:
        return self.output | {"text": "".join(self.parts)} if self.parts else self.output


class Recorder:
    """Collects a cell's outputs in order, within a limit of bytes, from any thread.

    What does not fit is left out, a display first losing everything but a short plain text, and a
    last stdout output says so. `clear_output` gives the room back.
    """

    def __init__(self, limit: int = CELL_BYTES) -> None:
        self.limit = limit
        # Re-entrant: a destructor may print while this very thread is recording.
        self._lock = threading.RLock()
        self._entries: list[_Entry] = []
        self._spent = 0
        self._truncated = False
        self._streams_full = False
        self._clear_next = False

    def stream(self, name: str, text: str) -> None:
        """Append *text* to the stream *name*, `stdout` or `stderr`."""
        if not text:
            return
        with self._lock:
            self._before_output()
            if self._streams_full:
                return
            last = self._entries[-1] if self._entries else None
            if last is None or last.output.get("name") != name:
                last = self._append(_Entry(stream_output(name, ""), OUTPUT_BYTES))
            text = whole(text)
            size = size_of(text)
            if size > self.limit - self._spent:
                # A gap in the middle of a text would mislead, so nothing is printed after the cut.
                self._streams_full = self._truncated = True
                text = cut(text, self.limit - self._spent)
                size = size_of(text)
            last.parts.append(text)
            self._charge(last, size)

    def display(self, data: object, metadata: object = None, *, display_id: str | None = None) -> None:
        """Record a `display_data` output."""
        with self._lock:
            self._before_output()
            self._admit("display_data", data, metadata, display_id=display_id)

    def update(self, display_id: str, data: object, metadata: object = None) -> None:
        """Replace the content of this cell's displays of that id; without any, do nothing."""
        with self._lock:
            for entry in self._entries:
                if entry.display_id == display_id:
                    self._charge(entry, -entry.cost)
                    content = self._content(data, metadata, self.limit - self._spent)
                    entry.output.update(content or {})
                    self._charge(entry, _cost(entry.output))

    def result(self, data: object, metadata: object, count: int | None) -> None:
        """Record an `execute_result` output."""
        with self._lock:
            self._before_output()
            self._admit("execute_result", data, metadata, count=count)

    def error(self, ename: str, evalue: str, traceback: Iterable[str]) -> None:
        """Record an `error` output."""
        with self._lock:
            self._before_output()
            output = error_output(ename, evalue, traceback)
            if self._spent + ERROR_BYTES <= self.limit + RESERVE_BYTES:
                self._append(_Entry(output, json_size(output)))
            else:
                self._truncated = True

    def clear(self, wait: bool = False) -> None:
        """Drop what was recorded: at once, or when the next output arrives."""
        with self._lock:
            self._clear_next = wait
            if not wait:
                self._forget()

    def take(self) -> list[Output]:
        """Return what was recorded since the last call and start afresh."""
        with self._lock:
            outputs = [entry.finished() for entry in self._entries]
            truncated = self._truncated
            self._forget()
            self._clear_next = False
        if truncated:
            add_note(outputs, f"{CUT}: a cell may record {self.limit:,} bytes]")
        return outputs

    def _forget(self) -> None:
        self._entries = []
        self._spent = 0
        self._truncated = False
        self._streams_full = False

    def _before_output(self) -> None:
        if self._clear_next:
            self._clear_next = False
            self._forget()

    def _append(self, entry: _Entry) -> _Entry:
        self._entries.append(entry)
        self._spent += entry.cost
        return entry

    def _charge(self, entry: _Entry, cost: int) -> None:
        entry.cost += cost
        self._spent += cost

    def _admit(
        self,
        kind: str,
        data: object,
        metadata: object,
        *,
        count: int | None = None,
        display_id: str | None = None,
    ) -> None:
        # Partial credit hangs on a result, so printing a lot before it must not push it out.
        room = self.limit - self._spent + (RESERVE_BYTES if kind == "execute_result" else 0)
        content = self._content(data, metadata, room)
        if content is None:
            return
        output = {"output_type": kind, **content}
        if kind == "execute_result":
            output["execution_count"] = count
        self._append(_Entry(output, _cost(output), display_id))

    def _content(self, data: object, metadata: object, room: int) -> Output | None:
        bundle = clean_bundle(data)
        if bundle is None:
            return None
        content: Output = {"data": bundle, "metadata": clean_metadata(metadata)}
        if _cost(content) <= room:
            return content
        self._truncated = True
        text = cut(str(bundle.get("text/plain", "")), min(FALLBACK_BYTES, room - OUTPUT_BYTES))
        return {"data": {"text/plain": text}, "metadata": {}} if text else None


def _cost(output: Output) -> int:
    return OUTPUT_BYTES + json_size(output["data"]) + json_size(output["metadata"])
