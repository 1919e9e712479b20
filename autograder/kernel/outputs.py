"""Builds and sanitises cell outputs, dictionaries of nbformat 4.

`sanitise` makes valid outputs from data that a hostile process sent; `demote` turns what the
student's process showed during a grade cell into outputs that no scorer looks at. They are collected
by `autograder.kernel.recorder` where a cell runs.
"""

import re
from collections.abc import Iterable
from typing import Any

from autograder.kernel.mime import (
    Bundle,
    clean_bundle,
    clean_metadata,
    clean_text,
    cut,
    json_size,
    size_of,
    whole,
)

Output = dict[str, Any]

CELL_BYTES = 1_000_000
# How the note begins that says that something was left out.
CUT = "[output truncated"
ERROR_BYTES = 60_000
# What an output costs beside its content, so that a million empty ones are too many as well.
OUTPUT_BYTES = 100
MAX_OUTPUTS = 20_000
MAX_COUNT = 2**31

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def stream_output(name: str, text: str) -> Output:
    """A `stream` output."""
    return {"output_type": "stream", "name": name, "text": text}


def display_output(data: Bundle, metadata: Bundle) -> Output:
    """A `display_data` output."""
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def result_output(data: Bundle, metadata: Bundle, count: int | None) -> Output:
    """An `execute_result` output."""
    return {
        "output_type": "execute_result",
        "data": data,
        "metadata": metadata,
        "execution_count": count,
    }


def error_output(ename: str, evalue: str, traceback: Iterable[str]) -> Output:
    """An `error` output whose parts are cut so that it takes no more than `ERROR_BYTES`."""
    room = ERROR_BYTES // 2
    lines = []
    for line in traceback:
        if room <= 0:
            lines.append("[traceback truncated]")
            break
        lines.append(cut(whole(line), room))
        room -= size_of(lines[-1]) + 1
    return {
        "output_type": "error",
        "ename": cut(whole(ename), 1_000),
        "evalue": cut(whole(evalue), ERROR_BYTES // 4),
        "traceback": lines,
    }


def cost_of(output: Output) -> int:
    """Bytes that an output takes in a notebook, by which it is counted."""
    return OUTPUT_BYTES + json_size(output)


def sanitise(raw: object, *, max_bytes: int = 2 * CELL_BYTES, max_outputs: int = MAX_OUTPUTS) -> list[Output]:
    """Valid outputs from data that claims to be a list of them; never raises.

    Whatever is not valid or goes beyond the limits is left out, and a last stdout output says how
    many outputs that were.
    """
    claimed = raw if isinstance(raw, list | tuple) else [raw]
    outputs: list[Output] = []
    for item in claimed[:max_outputs]:
        output = _sanitise_one(item)
        cost = 0 if output is None else cost_of(output)
        if output is not None and cost <= max_bytes:
            max_bytes -= cost
            outputs.append(output)
    dropped = len(claimed) - len(outputs)
    outputs = merged(outputs)
    if dropped:
        add_note(outputs, f"[{dropped} outputs dropped: not valid, or too large]")
    return outputs


def _sanitise_one(raw: object) -> Output | None:
    if not isinstance(raw, dict):
        return None
    kind = raw.get("output_type")
    if not isinstance(kind, str):
        return None
    if kind == "stream":
        return _sanitise_stream(raw)
    if kind == "error":
        return _sanitise_error(raw)
    if kind in {"display_data", "execute_result"}:
        return _sanitise_display(kind, raw)
    return None


def _sanitise_stream(raw: dict[Any, Any]) -> Output | None:
    name, text = raw.get("name"), clean_text(raw.get("text"))
    if not isinstance(name, str) or name not in {"stdout", "stderr"} or text is None:
        return None
    return stream_output(str.__str__(name), text)


def _sanitise_error(raw: dict[Any, Any]) -> Output | None:
    ename, evalue, traceback = (raw.get(key) for key in ("ename", "evalue", "traceback"))
    if not isinstance(ename, str) or not isinstance(evalue, str):
        return None
    lines = traceback if isinstance(traceback, list | tuple) else []
    return error_output(ename, evalue, (line for line in lines if isinstance(line, str)))


def _sanitise_display(kind: str, raw: dict[Any, Any]) -> Output | None:
    data: Bundle | None = clean_bundle(raw.get("data"))
    if data is None:
        return None
    metadata = clean_metadata(raw.get("metadata"))
    if kind == "display_data":
        return display_output(data, metadata)
    count = raw.get("execution_count")
    valid = isinstance(count, int) and not isinstance(count, bool) and 0 <= count < MAX_COUNT
    return result_output(data, metadata, count if valid else None)


def demote(outputs: Iterable[Output]) -> list[Output]:
    """The same content in outputs that count neither for a score nor against it.

    stderr becomes stdout, a result becomes display data, an error becomes text on stdout. nbgrader
    gives 0 marks for anything on stderr, takes a result for partial credit and an error for failure.
    """
    demoted: list[Output] = []
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream":
            demoted.append(stream_output("stdout", output["text"]))
        elif kind == "error":
            text = "\n".join(output["traceback"]) or f"{output['ename']}: {output['evalue']}"
            demoted.append(stream_output("stdout", _ANSI.sub("", text) + "\n"))
        else:
            demoted.append(display_output(output["data"], output["metadata"]))
    return merged(demoted)


def merged(outputs: Iterable[Output]) -> list[Output]:
    """Neighbouring stream outputs of one name as one."""
    result: list[Output] = []
    texts: list[list[str]] = []
    for output in outputs:
        is_stream = output["output_type"] == "stream"
        if is_stream and result and result[-1].get("name") == output["name"]:
            texts[-1].append(output["text"])
        else:
            result.append(output)
            texts.append([output["text"]] if is_stream else [])
    return [
        stream_output(output["name"], "".join(parts)) if parts else output
        for output, parts in zip(result, texts, strict=True)
    ]


def add_note(outputs: list[Output], note: str) -> None:
    """Say something in a last stdout output, on a line of its own."""
    last = outputs[-1] if outputs else None
    if last is None or last.get("name") != "stdout":
        outputs.append(stream_output("stdout", f"{note}\n"))
        return
    separator = "" if not last["text"] or last["text"].endswith("\n") else "\n"
    last["text"] += f"{separator}{note}\n"


def without_stderr(output: Output) -> Output:
    """Return an output of a test as plain text: on stderr it would cost all points in nbgrader, and a warning is no
    failure."""
    return output | {"name": "stdout"} if output.get("name") == "stderr" else output
