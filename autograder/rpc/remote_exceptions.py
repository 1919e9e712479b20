"""Encodes and decodes exceptions.

Built-in exceptions, NumPy's and this package's own refusals arrive as themselves. A class that a student
defined arrives as a class of the same name, derived from the built-in classes that it was derived from.

    {"class": name or {"name", "bases"}, "message": str,
     "arguments": [["value", graph] or ["text", repr], ...],
     "notes": [str, ...], "cause": failure or None, "context": failure or None, "suppress": bool,
     "members": [failure, ...] or None, "traceback": [[file, line, function, source], ...]}

Everything about a student's exception may be hostile, its `__str__` above all.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from autograder.kernel.cell_names import is_cell
from autograder.rpc.codec import Codec
from autograder.rpc.rpc_errors import HandleRevoked, MalformedMessage, Refused, TooManyHandles
from autograder.rpc.safe_types import EXCEPTIONS
from autograder.rpc.value_limits import Limits

__all__ = ["FailureCodec"]

_OWN: Mapping[str, type[BaseException]] = MappingProxyType(
    {f"autograder.{kind.__name__}": kind for kind in (Refused, HandleRevoked, TooManyHandles)}
)
_CLASSES: Mapping[str, type[BaseException]] = MappingProxyType(dict(EXCEPTIONS) | dict(_OWN))
_NAMES: Mapping[int, str] = MappingProxyType({id(kind): name for name, kind in _CLASSES.items()})
_FIELDS = frozenset(["class", "message", "arguments", "notes", "cause", "context", "suppress", "members", "traceback"])
_CHAIN = 5  # exceptions behind an exception
_ARGUMENTS = 20
_NOTES = 20
_MEMBERS = 16
_FRAMES = 50
_LINE = 500
_ARGUMENT_LIMITS = {"total_bytes": 100_000, "items": 10_000, "depth": 20, "integer_bytes": 10_000}

Failure = dict[str, Any]


def _bounded(make: Callable[[], object], limit: int) -> str:
    """Return the text that `make` makes, or a word on why it makes none."""
    try:
        text = make()
        return str.__str__(text)[:limit] if isinstance(text, str) else "<no text>"
    except RecursionError:
        return "<nested too deep to print>"
    except Exception:  # a student's `__str__` may raise anything
        return "<cannot be printed>"


class FailureCodec:
    """Turns exceptions into plain data and back.

    Args:
        limits: Bounds on text and on the number of classes that the other side may define.
        tell_all: Send the traceback's lines and the exceptions behind the exception. The grader's side does
            not: they could quote a hidden test.
        is_student_file: Tells by its file name whether a frame is the student's.

    """

    def __init__(
        self,
        limits: Limits,
        tell_all: bool = False,
        is_student_file: Callable[[str], bool] = is_cell,
    ) -> None:
        self._limits = limits
        self._tell_all = tell_all
        self._is_student_file = is_student_file
        bounds = Limits(named_types=limits.named_types, name=limits.name, **_ARGUMENT_LIMITS)
        self._codec = Codec(bounds, trusts_peer=tell_all)
        self._made: dict[tuple[str, tuple[str, ...]], type[BaseException]] = {}

    def pack(self, error: BaseException) -> Failure:
        """Return `error` as plain data, whatever its class does to prevent that."""
        try:
            return self._pack(error, _CHAIN)
        except Exception as problem:
            text = f"an exception that cannot be described ({type(problem).__name__})"
            return self._pack(RuntimeError(text), 0)

    def _pack(self, error: BaseException, chain: int) -> Failure:
        behind = chain > 0 and self._tell_all
        cause, context = error.__cause__, error.__context__
        if cause is not None:
            context = None  # Python shows one of them
        members: list[Failure] | None = None
        if isinstance(error, BaseExceptionGroup):
            members = [self._pack(leaf, -1) for leaf in _leaves(error)]
        arguments = BaseException.__dict__["args"].__get__(error)
        if members is not None:
            arguments = arguments[:1]
        elif isinstance(error, OSError) and len(arguments) == 2 and error.filename is not None:
            arguments = (*arguments, error.filename)  # not among its `args`, but of its text
        return {
            "class": self._describe_class(type(error)),
            "message": _bounded(lambda: str(error), self._limits.text),
            "arguments": [self._pack_argument(argument) for argument in arguments[:_ARGUMENTS]],
            "notes": self._notes(error),
            "cause": self._pack(cause, chain - 1) if behind and cause is not None else None,
            "context": self._pack(context, chain - 1) if behind and context is not None else None,
            "suppress": bool(error.__suppress_context__),
            "members": members,
            "traceback": self._lines(error) if self._tell_all else [],
        }

    def _describe_class(self, kind: type[BaseException]) -> Any:
        name = _NAMES.get(id(kind))
        if name is not None:
            return name
        bases: list[type] = []
        for base in type.__dict__["__mro__"].__get__(kind):
            if id(base) in _NAMES and not any(issubclass(chosen, base) for chosen in bases):
                bases.append(base)
        name = type.__dict__["__name__"].__get__(kind)[: self._limits.name]
        return {"name": name, "bases": [_NAMES[id(base)] for base in bases]}

    def _pack_argument(self, argument: object) -> list[Any]:
        try:
            return ["value", self._codec.encode(argument).graph]
        except Exception:  # not a value, too large, or changed while it was looked at
            return ["text", _bounded(lambda: repr(argument), self._limits.text)]

    def _notes(self, error: BaseException) -> list[str]:
        notes = error.__dict__.get("__notes__")
        if type(notes) is not list:  # a student's `__notes__` may be anything
            return []
        notes = notes[:_NOTES]
        return [str.__str__(note)[: self._limits.text] for note in notes if isinstance(note, str)]

    def _lines(self, error: BaseException) -> list[list[Any]]:
        lines: list[list[Any]] = []
        trace = error.__traceback__
        while trace is not None:
            code, number = trace.tb_frame.f_code, trace.tb_lineno or 0
            if self._is_student_file(code.co_filename):
                source = _bounded(partial(linecache.getline, code.co_filename, number), _LINE).strip()
                lines.append([code.co_filename[:_LINE], number, code.co_name[:_LINE], source])
            trace = trace.tb_next
        return lines[-_FRAMES:]

    def unpack(self, failure: Any) -> BaseException:
        """Return the exception that the hostile `failure` describes; raise `MalformedMessage` if none."""
        try:
            return self._unpack(failure, _CHAIN)
        except MalformedMessage:
            raise
        except Exception as error:  # whatever hostile data leads to, the fault lies with the data
            raise MalformedMessage(f"this is not a failure: {error}") from None

    def _unpack(self, failure: Any, chain: int) -> BaseException:
        if type(failure) is not dict or failure.keys() != _FIELDS or chain < -2:
            raise ValueError("wrong fields")
        message = self._text(failure["message"])
        arguments = self._unpack_arguments(failure["arguments"])
        kind = self._class(failure["class"])
        if issubclass(kind, BaseExceptionGroup):
            error = self._group(kind, arguments, failure["members"], chain - 1)
        else:
            error = _build(kind, arguments, message)
        if "_student_message" in vars(kind):
            error.__dict__["_student_message"] = message
        notes = failure["notes"]
        if type(notes) is not list or len(notes) > _NOTES:
            raise ValueError("wrong notes")
        for note in notes:
            error.add_note(self._text(note))
        if failure["cause"] is not None:
            error.__cause__ = self._unpack(failure["cause"], chain - 1)
        if failure["context"] is not None:
            error.__context__ = self._unpack(failure["context"], chain - 1)
        if type(failure["suppress"]) is not bool:
            raise ValueError("wrong suppression")
        error.__suppress_context__ = failure["suppress"]
        error.student_traceback = _check_lines(failure["traceback"])  # type: ignore[attr-defined]
        return error

    def _text(self, text: Any) -> str:
        if type(text) is not str or len(text) > self._limits.text:
            raise ValueError("wrong text")
        return text

    def _unpack_arguments(self, arguments: Any) -> list[Any]:
        if type(arguments) is not list or len(arguments) > _ARGUMENTS:
            raise ValueError("wrong arguments")
        unpacked: list[Any] = []
        for tag, content in arguments:
            if tag == "value":
                unpacked.append(self._codec.decode(content).value)
            elif tag == "text":
                unpacked.append(self._text(content))
            else:
                raise ValueError("wrong argument")
        return unpacked

    def _class(self, described: Any) -> type[BaseException]:
        if type(described) is str:
            return _CLASSES[described]
        if described.keys() != {"name", "bases"} or type(described["bases"]) is not list:
            raise ValueError("wrong class")
        name, bases = described["name"], tuple(described["bases"])
        if type(name) is not str or not 0 < len(name) <= self._limits.name or not 0 < len(bases) <= 5:
            raise ValueError("wrong class")
        name = "".join(c if c.isalnum() or c == "_" else "?" for c in name)
        kinds = [_CLASSES[base] for base in bases]
        known = self._made.get((name, bases))
        if known is not None:
            return known
        if len(self._made) >= self._limits.named_types:
            return kinds[0]
        namespace = {"__str__": _student_message, "_student_message": "", "__module__": "__main__"}
        try:
            made: type[BaseException] = type(name, tuple(kinds), namespace)
        except TypeError:  # two built-in classes that cannot be combined
            made = type(name, (kinds[0],), namespace)
        self._made[name, bases] = made
        return made

    def _group(
        self, kind: type[BaseExceptionGroup[Any]], arguments: list[Any], members: Any, chain: int
    ) -> BaseException:
        if type(members) is not list or not 0 < len(members) <= _MEMBERS or not arguments:
            raise ValueError("a group without members")
        errors = [self._unpack(member, chain) for member in members]
        text = arguments[0] if type(arguments[0]) is str else "several failures"
        try:
            return kind(text, errors)
        except TypeError:  # an ExceptionGroup of KeyboardInterrupt
            return BaseExceptionGroup(text, errors)


def _leaves(group: BaseExceptionGroup[Any]) -> list[BaseException]:
    """Return the exceptions of a group and of the groups in it, up to a bound on their number and depth."""
    leaves: list[BaseException] = []
    level: list[BaseException] = [group]
    for _ in range(_MEMBERS):
        following: list[BaseException] = []
        for error in level:
            if isinstance(error, BaseExceptionGroup):
                following.extend(BaseExceptionGroup.__dict__["exceptions"].__get__(error)[:_MEMBERS])
            else:
                leaves.append(error)
        level = following[:_MEMBERS]
    return leaves[:_MEMBERS] or [RuntimeError("failures nested too deep")]


def _student_message(self: BaseException) -> str:
    message: str = self.__dict__.get("_student_message", "")
    return message


def _build(kind: type[BaseException], arguments: list[Any], message: str) -> BaseException:
    """Make an exception of exactly this class that can be printed, if need be with other arguments than were given."""
    if issubclass(kind, SyntaxError):
        # It names a file, from which a traceback shows a line: whoever prints it would read that file.
        arguments = [message]
    for attempt in (arguments, [message]):
        try:
            error = kind(*attempt)
            if type(error) is not kind:  # OSError(2, "...") makes a FileNotFoundError
                error = kind.__new__(kind)
                error.args = tuple(attempt)
            str(error)
        except Exception:  # such as a UnicodeDecodeError without five arguments, or an AxisError that has no text
            continue
        return error
    error = kind.__new__(kind)
    error.args = (message,)
    return error


def _check_lines(lines: Any) -> list[tuple[str, int, str, str]]:
    if type(lines) is not list or len(lines) > _FRAMES:
        raise ValueError("wrong traceback")
    checked = []
    for line in lines:
        if type(line) is not list or [type(part) for part in line] != [str, int, str, str]:
            raise ValueError("wrong traceback")
        if any(len(part) > _LINE for part in line if type(part) is str):
            raise ValueError("wrong traceback")
        checked.append((line[0], line[1], line[2], line[3]))
    return checked
