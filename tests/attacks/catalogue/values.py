"""Attacks by values that are more than they seem, or less."""

from attacks.attack import EVERYTHING, Attack
from attacks.catalogue.marks import NOT_COMPARED
from attacks.catalogue.wire import BROKE

# Sends a graph of its own making in place of the next result.
FORGE = """
    def forge(*nodes):
        peer = holder("Student")._peer
        honest = peer._codec.encode

        def encode(value, arguments=(), changed=()):
            peer._codec.encode = honest
            encoded = honest(None)
            encoded.graph[:] = [[0], list(nodes), []]
            return encoded

        peer._codec.encode = encode
"""

ATTACKS = [
    Attack(
        "returns records that equal everything",
        "Returns instances of dataclasses, enumerations and dates of its own, each with an == that says yes.",
        "two-processes",
        front="""
            import dataclasses, datetime, decimal, enum

            @dataclasses.dataclass
            class Record:
                x: object
                def __eq__(self, other):
                    return True
                def __array__(self, *a, **k):
                    return np.array([1.0, 2.0, 3.0])

            class Member(enum.IntEnum):
                ONE = 1
                def __eq__(self, other):
                    return True
                __hash__ = int.__hash__

            class Day(datetime.date):
                def __eq__(self, other):
                    return True

            class Number(decimal.Decimal):
                def __eq__(self, other):
                    return True
        """,
        answers={
            "keep": "def keep(x):\n    return Record(x)",
            "scale": "def scale(x):\n    return Member.ONE",
            "total": "def total(x):\n    return Day(2020, 1, 1)",
            "last": "def last(x):\n    return Number(7)",
        },
        lost=EVERYTHING,
        sentence=NOT_COMPARED,
    ),
    Attack(
        "claims to be compared by its fields",
        "Makes a class look as if it were a plain dataclass, and lie when it is compared.",
        "two-processes",
        front="""
            import dataclasses, enum

            @dataclasses.dataclass
            class Plain:
                x: object

            class Sly:
                __dataclass_fields__, __dataclass_params__ = Plain.__dataclass_fields__, Plain.__dataclass_params__
                __hash__ = None
                def __init__(self, x):
                    self.x = x

            forged = compile("def __eq__(self, other):\\n    return True", "<string>", "exec")
            exec(forged, space := {})
            Sly.__eq__ = space["__eq__"]
            Sly.__repr__ = Plain.__repr__
        """,
        answers={"keep": "def keep(x):\n    return Sly(x)", "last": "def last(x):\n    return Sly(9 * x)"},
        lost=("keep", "last"),
    ),
    Attack(
        "names classes of the grader's",
        "Sends records and members of classes that only the grader has, to have its code called or its objects made.",
        "two-processes",
        front=FORGE,
        answers={
            "keep": """
                def keep(x):
                    fields = ["registry", "request", "number", "label", "name"]
                    forge(["record", [1, 2, 3, 4, 5], "autograder.rpc.proxies.Link", fields, False])
            """,
            "scale": "def scale(x):\n    forge(['enum', [], 'autograder.rpc.proxies.Ability', None, []])",
            "last": "def last(x):\n    forge(['record', [x], 'Record', ['__class__'], False])",
        },
        lost=("keep", "scale", "last"),
        sentence=BROKE + r"|is not defined where it is wanted|should be|should leave",
    ),
    Attack(
        "sends numbers without an end",
        "Sends a decimal of a thousand million digits, a time zone that is a path, and a pattern that never ends.",
        "two-processes",
        front=FORGE,
        answers={
            "keep": "def keep(x):\n    forge(['value', ['1E+999999999'], 'decimal'])",
            "scale": "def scale(x):\n    forge(['value', ['../../../etc/passwd'], 'zone'])",
            "last": "def last(x):\n    forge(['value', ['(a+)+$', 0], 'pattern'])",
        },
        lost=("keep", "scale", "last"),
        sentence=BROKE,
    ),
    Attack(
        "forges tables",
        "Sends a table of a terabyte that is one array many times, one of codes for nothing, and one that lies.",
        "two-processes",
        front=FORGE
        + """
    try:
        import pandas as pd
    except ImportError:
        pd = None

    class Table(pd.DataFrame if pd else object):
        def __eq__(self, other):
            return True
        def __array__(self, *a, **k):
            return np.array([1.0, 2.0, 3.0])
    """,
        answers={
            "keep": "def keep(x):\n    return Table({'x': [1.0, 2.0, 3.0]})",
            "scale": """
                def scale(x):
                    numbers = ["array", "|b", [1 << 20], "C", True, bytes(1 << 20)]
                    rows = ["index", [[4], None], "pandas.RangeIndex"], ["range", 0, 1 << 20, 1]
                    columns = ["index", [[6], None], "pandas.RangeIndex"], ["range", 0, 100_000, 1]
                    table = ["table", [[5], [3], *[[2]] * 100_000], "pandas.DataFrame"]
                    forge(table, ["list", []], numbers, *rows, *columns)
            """,
            "last": """
                def last(x):
                    index = ["index", [[2], None], "pandas.RangeIndex"], ["range", 0, 1, 1]
                    codes = ["array", "<q", [1], "C", True, b"\\x07" * 8]
                    values = ["value", [[4], [1], True], "pandas.Categorical"], codes
                    forge(["table", [[3], [1], None], "pandas.Series"], *index, *values)
            """,
        },
        lost=("keep", "scale", "last"),
        sentence=BROKE + "|" + NOT_COMPARED,
    ),
    Attack(
        "is true when it is asked",
        "Returns objects with a truth, a length, an order and an `await` of their own, all of which lie.",
        "two-processes",
        front="""
            class Yes:
                turn = 0
                def __bool__(self):
                    Yes.turn += 1
                    return True
                def __len__(self):
                    return 10**6
                def __eq__(self, other):
                    return Yes()
                __ne__ = __lt__ = __gt__ = __le__ = __ge__ = __eq__
                __hash__ = None
                def __await__(self):
                    yield
                    return Yes()
                def __contains__(self, other):
                    return True
        """,
        answers={name: f"def {name}(x):\n    return Yes()" for name in EVERYTHING},
        lost=EVERYTHING,
        sentence=NOT_COMPARED,
    ),
]
