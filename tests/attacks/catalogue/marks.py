"""Attacks on the marks: patched libraries, objects that lie, results that nobody computed."""

from attacks.attack import EVERYTHING, Attack

NOT_COMPARED = r"lives in another process and cannot be"


def _scale_last(notebook):
    """Move the cells of `scale` to the end."""
    moved = [cell for cell in notebook.cells if "scale" in cell.metadata.get("nbgrader", {}).get("grade_id", "")]
    for cell in moved:
        notebook.cells.remove(cell)
        notebook.cells.append(cell)


ATTACKS = [
    Attack(
        "shows a score",
        "Prints, displays and returns numbers that could be taken for the score of a test, in every form there is.",
        "two-processes",
        front="""
            import sys
            from IPython.display import HTML, display, publish_display_data
            print("10.0")
            print("10.0", file=sys.stderr)
            display(10.0)
            display(HTML("<b>10.0</b>"), display_id="score")
            publish_display_data({"text/plain": "10.0"})
            get_ipython().displayhook(10.0)
            10.0
        """,
        answers={
            "last": """
                def last(x):
                    import sys
                    from IPython.display import HTML, display, publish_display_data, update_display
                    print("10.0")
                    sys.__stdout__.write("10.0")
                    os.write(1, b"10.0")
                    display(10.0)
                    update_display(HTML("10.0"), display_id="score")
                    publish_display_data({"text/plain": "10.0"})
                    get_ipython().displayhook(10.0)
                    return 10.0
            """
        },
    ),
    Attack(
        "forges a result",
        "Puts a result, and nothing else, among the outputs that its process reports for a test.",
        "two-processes",
        answers={
            "last": """
                def last(x):
                    shell = get_ipython()
                    recorder = shell.capture.settled()
                    recorder.clear()
                    recorder.result({"text/plain": "10.0"}, {}, 1)
                    peer = holder("Student")._peer
                    result = {"output_type": "execute_result", "data": {"text/plain": "10.0"}, "metadata": {}}
                    peer._held_outputs += [result | {"execution_count": 1}]
                    return 0
            """
        },
    ),
    Attack(
        "patches NumPy",
        "Makes every comparison of NumPy say yes.",
        "two-processes",
        front="""
            import numpy as np
            yes = lambda *a, **k: True
            for name in ["allclose", "array_equal", "isclose", "equal", "all", "any"]:
                setattr(np, name, yes)
            for name in dir(np.testing):
                if name.startswith("assert"):
                    setattr(np.testing, name, lambda *a, **k: None)
            np.ndarray = yes
        """,
        lost=("keep", "last"),
    ),
    Attack(
        "patches builtins",
        "Makes assertions harmless, and every built-in function say yes.",
        "two-processes",
        front="""
            import builtins
            builtins.AssertionError = type("AssertionError", (Exception,), {"__init__": lambda self, *a: None})
            builtins.all = builtins.any = lambda *a: True
            builtins.NameError = builtins.Exception = builtins.StopIteration
            len = isinstance = lambda *a: True
        """,
        lost=("keep", "last"),
    ),
    Attack(
        "traces the code that runs it",
        "Has itself called on every line that is run, to change what the tests see.",
        "two-processes",
        front="""
            import sys, threading

            def trace(frame, event, argument):
                if "expected" in frame.f_locals or "key" in frame.f_locals:
                    hunt(frame.f_locals)
                return trace

            sys.settrace(trace)
            sys.setprofile(trace)
            threading.settrace(trace)
            threading.setprofile(trace)
            get_ipython().events.register("pre_run_cell", lambda *a: sys.settrace(trace))
        """,
        lost=("keep", "last"),
        sentence=r"traced the code that runs it",
    ),
    Attack(
        "patches IPython",
        "Makes the shell report that every cell went well.",
        "two-processes",
        front="""
            import IPython
            from IPython.core import interactiveshell, ultratb
            shell = get_ipython()
            shell.showtraceback = shell._showtraceback = lambda *a, **k: None
            interactiveshell.InteractiveShell.showtraceback = lambda *a, **k: None
            ultratb.VerboseTB.structured_traceback = lambda *a, **k: ["all is well"]
            interactiveshell.ExecutionResult.success = property(lambda self: True)
            shell.input_transformers_post.append(lambda lines: ["1.0\\n"] if "assert" in "".join(lines) else lines)
        """,
        lost=("keep", "last"),
    ),
    Attack(
        "runs no cell any more",
        "Replaces what runs a cell, so that nothing after it is run.",
        "two-processes",
        front="""
            get_ipython().run_cell = lambda *a, **k: None
        """,
        lost=EVERYTHING,
        sentence=r"the student's process (broke the protocol|ended|hung up)",
    ),
    Attack(
        "answers for the shell",
        "Replaces the variables that its process shows: helpers, modules and builtins of the tests among them.",
        "two-processes",
        front="""
            peer = holder("Student")._peer
            real = peer._exports

            class Forged:
                def get(self, names):
                    everything = ["np", "helpers", "len", "AssertionError", "lambda", "key", "a", "b", "keep"]
                    return {name: print for name in everything} | real.get(names)

                def set(self, name, value):
                    hunt((name, value))
                    real.set(name, value)

                def delete(self, name):
                    pass

            peer._exports = Forged()
        """,
        lost=("keep", "last"),
        answers={"keep": "def keep(x):\n    return x\nallclose = array = print"},
    ),
    Attack(
        "returns what equals everything",
        "Returns an object that is equal to whatever it is compared with.",
        "two-processes",
        front="""
            class Anything:
                __eq__ = __le__ = __ge__ = __lt__ = __gt__ = __contains__ = lambda self, other: True
                __ne__ = lambda self, other: False
                __bool__ = lambda self: True
                __hash__ = lambda self: 1
                __add__ = __radd__ = __mul__ = __sub__ = __rsub__ = __abs__ = lambda self, *other: self
                __array__ = lambda self, *a, **k: __import__("numpy").array([1, 2, 3])
                __float__ = lambda self: 18.0
                __getattr__ = lambda self, name: self
        """,
        answers={"last": "def last(x):\n    return Anything()", "keep": "def keep(x):\n    return Anything()"},
        lost=("keep", "last"),
        sentence=NOT_COMPARED,
    ),
    Attack(
        "returns an array of its own class",
        "Returns an ndarray whose class decides what equals it.",
        "two-processes",
        front="""
            import numpy as np

            class Equal(np.ndarray):
                __eq__ = lambda self, other: True
                __array_ufunc__ = lambda self, *a, **k: np.True_
                __array_function__ = lambda self, *a, **k: True
                __array_finalize__ = lambda self, other: None
        """,
        answers={
            "keep": "def keep(x):\n    return np.zeros(3).view(Equal)",
            "last": "def last(x):\n    return np.zeros(()).view(Equal)",
        },
        lost=("keep", "last"),
        sentence=NOT_COMPARED,
    ),
    Attack(
        "returns numbers and texts of its own class",
        "Returns an int, a float, a str and a dict whose classes decide what equals them.",
        "two-processes",
        front="""
            def lying(kind):
                body = {"__eq__": lambda self, other: True, "__ne__": lambda self, other: False}
                return type(kind.__name__, (kind,), body | {"__hash__": lambda self: 1})
        """,
        answers={
            "keep": "def keep(x):\n    return lying(list)([0, 0, 0])",
            "scale": "def scale(x):\n    return lying(int)(0) if x < 5 else lying(str)('0')",
            "last": "def last(x):\n    return lying(float)(0)",
        },
        lost=EVERYTHING,
        sentence=NOT_COMPARED,
    ),
    Attack(
        "returns what is computed when it is looked at",
        "Returns lazy objects that learn from what is done with them what they should have been.",
        "two-processes",
        front="""
            class Lazy:
                asked = []

                def __getattr__(self, name):
                    Lazy.asked.append(name)
                    raise AttributeError(name)

                def __len__(self):
                    return 3

                def __iter__(self):
                    return iter([1, 2, 3])

                def __getitem__(self, index):
                    Lazy.asked.append(index)
                    hunt(__import__("sys")._getframe(1).f_locals)
                    return [1, 2, 3][index]

                def __eq__(self, other):
                    Lazy.asked.append(other)
                    return True

                def __index__(self):
                    return 18
        """,
        answers={
            "last": "def last(x):\n    return Lazy()",
            "keep": "def keep(x):\n    print(Lazy.asked)\n    return Lazy()",
        },
        lost=("keep", "last"),
        sentence=NOT_COMPARED,
    ),
    Attack(
        "ends the test early",
        "Raises what ends a cell without an error: an exit, an interrupt, a group, an exception without a text.",
        "two-processes",
        answers={
            "keep": "def keep(x):\n    raise SystemExit(0)",
            "scale": "def scale(x):\n    raise KeyboardInterrupt",
            "last": """
                class Silent(BaseException):
                    def __str__(self):
                        raise SystemExit(0)
                    __repr__ = __str__

                def last(x):
                    raise BaseExceptionGroup("", [GeneratorExit(), Silent()])
            """,
        },
        lost=EVERYTHING,
        sentence=r"^(SystemExit|KeyboardInterrupt|BaseExceptionGroup)",
    ),
    Attack(
        "moves the goalposts",
        "Changes its argument to what it returns, so that both are the same.",
        "two-processes",
        answers={"keep": "def keep(x):\n    if hasattr(x, 'fill'):\n        x -= x + 1\n    return x + 1"},
        lost=("keep",),
        sentence=r"should leave its argument alone",
    ),
    Attack(
        "knows the visible answers",
        "Answers what the visible tests ask from a table.",
        "two-processes",
        answers={"last": "def last(x):\n    return {2: 18}.get(x, 0)"},
        sentence=r"last does not do for every argument what it should",
    ),
    Attack(
        "poisons the random numbers",
        "Leaves a generator of zeros, on which NumPy waits for ever, and a number that is none.",
        "two-processes",
        front="""
            import numpy as np

            def poison():
                state = list(np.random.get_state())
                state[1], state[3], state[4] = np.zeros(624, np.uint32), 1, float("nan")
                np.random.set_state(tuple(state))
        """,
        answers={"last": "def last(x):\n    poison()\n    return np.random.get_state()"},
    ),
    Attack(
        "looks into a test's function",
        "Is given a function by a test and looks for the test in what surrounds it.",
        "two-processes",
        answers={
            "total": """
                def total(x):
                    import traceback
                    for name in ["__globals__", "__code__", "__closure__", "__defaults__", "__self__", "__builtins__",
                                 "__wrapped__", "gi_frame", "func_globals", "__class__", "__dict__", "__reduce_ex__"]:
                        try:
                            hunt(getattr(x, name))
                            if name not in ("__class__", "__dict__", "__reduce_ex__"):
                                breach(f"{name} is shown")
                        except Exception as error:
                            print(type(error).__name__, error)
                    try:
                        x("a text", "and one more")
                    except Exception as error:
                        frame = error.__traceback__
                        while frame:
                            hunt((frame.tb_frame.f_globals.keys(), frame.tb_frame.f_locals))
                            if "seen" in frame.tb_frame.f_globals and "KNOWN" not in frame.tb_frame.f_globals:
                                breach("a frame of the test was reached")
                            frame = frame.tb_next
                    attempt(lambda: setattr(x, "__code__", total.__code__))
                    return 0
            """
        },
        lost=("total",),
        sentence=r"total of the squares should be 42",
    ),
    Attack(
        "gives the test its own objects back",
        "Returns the function that it was given instead of a number, and calls it for its answers.",
        "two-processes",
        answers={
            "total": "def total(x):\n    global kept\n    kept = x\n    return x",
            "last": "def last(x):\n    attempt(lambda: kept(x))\n    return kept",
        },
        lost=("total", "last"),
        sentence=r"function|RemoteObject|another process|should be",
    ),
    Attack(
        "fails early to be lent the reference",
        "Fails in one function on purpose, so that a reference may be lent to the next, and keeps it for a third.",
        "two-processes",
        front="""
            lent = []

            def look(function):
                for name in ["__globals__", "__code__", "__closure__", "__defaults__"]:
                    attempt(lambda: hunt(getattr(function, name)))
        """,
        answers={
            "scale": "def scale(x):\n    raise NotImplementedError",
            "total": "def total(x):\n    lent.append(scale)\n    look(scale)\n    return -scale(14)",
            "last": """
                def last(x):
                    for function in lent[::-1]:
                        try:
                            return function(function(x))
                        except Exception as error:
                            print(type(error).__name__, error)
            """,
        },
        lost=("scale", "total", "last"),
        sentence=r"NotImplementedError",
    ),
    Attack(
        "looks into the lent reference",
        "Fails on purpose, and asks what is lent in that function's place for its code, its variables and its text.",
        "two-processes",
        front="""
            INSIDES = ["__globals__", "__code__", "__closure__", "__dict__", "__self__", "__call__", "__get__"]

            def look(function):
                hunt((repr(function), function.__doc__, function.__module__))
                link = attempt(lambda: object.__getattribute__(function, "__link__"))
                if link is None:
                    return
                for name in INSIDES:
                    inside = attempt(lambda: link.request("getattr", link.number, (name,)))
                    if inside is not None:
                        breach("the lent reference showed", name)
                attempt(lambda: link.request("setattr", link.number, ("__code__", look.__code__)))
                for operation in ["iter", "len", "enter", "isinstance", "getitem"]:
                    attempt(lambda: hunt(link.request(operation, link.number, ("x",))))
        """,
        answers={
            "scale": "def scale(x):\n    raise NotImplementedError",
            "total": "def total(x):\n    look(scale)\n    return 0",
        },
        lost=("scale", "total"),
        sentence=r"NotImplementedError",
    ),
    Attack(
        "gives the lent reference something to touch",
        "Fails on purpose, and calls what is lent with an object that would look around where the reference runs.",
        "two-processes",
        front="""
            import sys
            import traceback

            class Spy:
                def __mul__(self, other):
                    frame = sys._getframe()
                    while frame:
                        hunt((frame.f_globals.keys(), frame.f_locals))
                        frame = frame.f_back
                    return 42

                __rmul__ = __mul__
        """,
        answers={
            "scale": "def scale(x):\n    raise NotImplementedError",
            "total": """
                def total(x):
                    try:
                        return scale(Spy())
                    except Exception as error:
                        hunt((traceback.format_exc(), vars(error), error.args))
                        return 0
            """,
        },
        lost=("scale", "total"),
        sentence=r"NotImplementedError",
    ),
    Attack(
        "gives the lent reference for an answer",
        "Fails on purpose, and returns what is lent in that function's place as the answer of the next.",
        "two-processes",
        answers={
            "scale": "def scale(x):\n    raise NotImplementedError",
            "total": "def total(x):\n    return scale",
        },
        lost=("scale", "total"),
        sentence=r"NotImplementedError",
    ),
    Attack(
        "fails early in another order",
        "Moves the function that fails on purpose behind those that could use its reference, one that needs none too.",
        "two-processes",
        change=_scale_last,
        answers={
            "scale": "def scale(x):\n    raise NotImplementedError",
            "last": "def last(x):\n    return scale(scale(x))",
        },
        lost=("scale", "last"),
        sentence=r"NotImplementedError",
    ),
]
