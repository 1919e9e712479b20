"""Calling a student's function, and saying in words how the call failed."""

import ast
import linecache
import sys
from traceback import walk_tb

import numpy as np

__all__ = ["CheckFailed", "attempt", "deep_copy", "function_name", "kind_of", "same"]


class CheckFailed(AssertionError):
    """A check did not pass; the message says why, in words for the student.

    lines -- the sentences of the message, one a line
    """

    def __init__(self, *lines):
        super().__init__("\n".join(lines))

    def _render_traceback_(self):
        """Show the message alone in a notebook: the frames would all be this file's, not the student's."""
        return str(self).split("\n")


def attempt(function, *arguments, returns=None, may_change=(), **keywords):
    """Call a student's function and return its result.

    arguments, keywords -- what the function is called with
    returns -- names of the items that it should return, if it should return several
    may_change -- positions of the arguments that the exercise allows it to modify
    Raises CheckFailed if it stops with an error, modifies another argument or returns too few or many items.
    """
    before = deep_copy(arguments)
    try:
        # A warning about a division by zero belongs in the student's own cells, not in a grade cell,
        # where nbgrader takes any text on stderr for a failure. The result shows it anyway, as inf or nan.
        with np.errstate(all="ignore"):
            result = function(*arguments, **keywords)
    except CheckFailed:
        raise
    except Exception as error:
        raise CheckFailed(*_describe_error(function, error)) from error
    for position, (old, new) in enumerate(zip(before, arguments, strict=True)):
        if position not in may_change and not same(old, new):
            raise CheckFailed(
                f"{function_name(function)} changes its argument number {position + 1} in place.",
                "Compute a new array instead: whoever calls the function still needs the old one.",
            )
    if returns is not None and (not isinstance(result, tuple | list) or len(result) != len(returns)):
        got = f"{len(result)} items" if isinstance(result, tuple | list) else kind_of(result)
        lines = [
            f"{function_name(function)} should return {len(returns)} items ({', '.join(returns)}), but returns {got}."
        ]
        if result is None:
            lines.append("  A function that ends without its return line returns None.")
        raise CheckFailed(*lines)
    return result


def function_name(function):
    """Return how messages call a function."""
    return getattr(function, "__name__", "the function")


def kind_of(value):
    """Return what type a value is of, in words."""
    return "None" if value is None else f"of type {type(value).__name__}"


def deep_copy(value):
    """Return a copy of nested tuples, lists, sets and dictionaries down to their arrays and tables."""
    if isinstance(value, dict):
        return {key: deep_copy(inner) for key, inner in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(deep_copy, value))
    if isinstance(value, tuple | list):
        return type(value)(deep_copy(inner) for inner in value)
    return value.copy() if isinstance(value, np.ndarray | set | bytearray) or _is_table(value) else value


def same(old, new):
    """Tell whether two nested values have the same keys, lengths, shapes and numbers (NaN equals NaN)."""
    if old is new:
        return True
    if isinstance(old, dict):
        return isinstance(new, dict) and old.keys() == new.keys() and all(same(old[k], new[k]) for k in old)
    if isinstance(old, tuple | list):
        return type(old) is type(new) and len(old) == len(new) and all(map(same, old, new))
    if isinstance(old, np.ndarray):
        return isinstance(new, np.ndarray) and np.array_equal(old, new, equal_nan=old.dtype.kind in "fc")
    if _is_table(old):
        return type(old) is type(new) and old.equals(new)
    return old == new


def _is_table(value):
    """Tell whether a value is one of pandas'; only who has imported pandas has such values."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series | pandas.Index)


def _describe_error(function, error):
    """Return the lines that tell a student about an error inside their function."""
    name = function_name(function)
    frame, line = _students_frame(error)
    still_none = (
        "'NoneType' object has no attribute 'shape'",
        "'NoneType' object is not subscriptable",
        "cannot unpack non-iterable NoneType object",
    )
    if isinstance(error, AttributeError | TypeError) and str(error) in still_none:
        inner = frame or name
        calls = f"{name} calls {inner}: " if inner != name else ""
        return (
            f"{calls}{inner} is not filled in yet: it still works with a None.",
            "Replace each None between START CODE HERE and END CODE HERE by your own code.",
        )
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    lines = [f"{name} stops with {what}"]
    if line:
        lines.append(f"  at this line of {frame}: {line}" if frame else f"  at this line: {line}")
    if isinstance(error, AssertionError) and ".shape" in line:
        lines.append("  so an array does not have the shape that this line asks for.")
        lines += _describe_shapes(error, line)
    return lines


def _describe_shapes(error, line):
    """Return a line on what the two sides of a failed `assert x.shape == ...` were, if that can be known."""
    # A grader that runs the student's code in another process has its lines, but no frames.
    frames = [] if hasattr(error, "student_traceback") else [frame for frame, _ in walk_tb(error.__traceback__)]
    try:
        test = ast.parse(line).body[0].test
        is_equality = [type(operator) for operator in test.ops] == [ast.Eq]
        left, right = (ast.get_source_segment(line, side) for side in (test.left, *test.comparators))
    except (SyntaxError, IndexError, AttributeError, ValueError):
        return []
    if not frames or not is_equality or not left.endswith(".shape"):
        return []
    try:
        names = frames[-1].f_globals, frames[-1].f_locals
        got, wanted = eval(left, *names), eval(right, *names)
    except Exception:  # the line is the student's; what has to be shown is that it failed
        return []
    if type(got) is not tuple or type(wanted) is not tuple:
        return []
    meant = right if right == str(wanted) else f"{right} = {wanted}"
    return [f"  {left.removesuffix('.shape')} has the shape {got}; it should be {meant}."]


def _students_frame(error):
    """Return the student's innermost function that the error passed through, and the line it was at."""
    # A grader that runs the student's code in another process hands the lines over with the error.
    frames = list(getattr(error, "student_traceback", []))
    traceback = None if frames else error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename != __file__ and "site-packages" not in code.co_filename:
            line = linecache.getline(code.co_filename, traceback.tb_lineno, traceback.tb_frame.f_globals)
            frames.append((code.co_filename, traceback.tb_lineno, code.co_name, line))
        traceback = traceback.tb_next
    return (frames[-1][2], frames[-1][3].strip()) if frames else ("", "")
