"""Attacks on the wire between the student's process and the grader: they write to its descriptor themselves."""

from attacks.attack import EVERYTHING, Attack

BROKE = r"the student's process broke the protocol"

ATTACKS = [
    Attack(
        "writes garbage to the wire",
        "Writes random bytes where messages are expected.",
        "two-processes",
        front="say(os.urandom(10_000))",
        answers={"last": "def last(x):\n    say(b'\\0\\0\\0\\x40' + os.urandom(64))\n    return 0"},
        sentence=BROKE,
    ),
    Attack(
        "announces a message of 1 GB",
        "Writes the length of a message that would fill the grader's memory.",
        "two-processes",
        answers={"last": "def last(x):\n    say(struct.pack('>I', 1 << 30), b'x' * 1000)\n    return 0"},
        sentence=BROKE + r".*(large|long|bytes)",
    ),
    Attack(
        "begins a message and does not end it",
        "Writes the length of a message and then a byte now and then, to keep the grader waiting.",
        "clock",
        answers={
            "last": """
                def last(x):
                    import time
                    say(struct.pack(">I", 1 << 20))
                    while True:
                        try:
                            say(b"x")
                            time.sleep(0.01)
                        except KeyboardInterrupt:
                            pass
            """
        },
        sentence=r"the student's process did not stop when it was interrupted|broke the protocol",
        slow=True,
    ),
    Attack(
        "speaks out of turn",
        "Claims that a test is done, with full marks, when nobody asked.",
        "two-processes",
        front="""
            import msgpack
            result = {"output_type": "execute_result", "data": {"text/plain": "10.0"}, "metadata": {}}
            done = {"outputs": [result], "ename": None, "evalue": None, "seconds": 0.1, "broken": None}
            messages = [["done", done], ["begun", 3], ["ready", {}], ["reply", {}], ["lost", "x"], ["crashed", {}]]
        """,
        answers={"last": "def last(x):\n    say(*(framed(msgpack.packb(m)) for m in messages))\n    return 0"},
        sentence=BROKE,
    ),
    Attack(
        "claims that its own cell is done",
        "Answers for its own cell before it has ended, and for those that follow.",
        "two-processes",
        front="""
            import msgpack
            done = {"outputs": [], "ename": None, "evalue": None, "seconds": 0.0}
            say(framed(msgpack.packb(["done", done])) * 3)
        """,
        lost=EVERYTHING,
        sentence=BROKE,
    ),
    Attack(
        "sends structures without an end",
        "Sends lists in lists in lists, and a list that announces four thousand million elements.",
        "two-processes",
        front="say(framed(b'\\x91' * 1_000_000))",
        answers={"last": "def last(x):\n    say(framed(b'\\xdd\\xff\\xff\\xff\\xff' * 1000))\n    return 0"},
        sentence=BROKE,
    ),
    Attack(
        "returns values without an end",
        "Returns a list that contains itself, a dictionary that does, and lists thousands deep.",
        "two-processes",
        answers={
            "keep": "def keep(x):\n    x = []\n    x.append(x)\n    return x",
            "scale": "def scale(x):\n    x = {}\n    x['x'] = (x, [x])\n    return x",
            "last": "def last(x):\n    for _ in range(20_000):\n        x = [x]\n    return x",
        },
        lost=EVERYTHING,
        sentence=r"nested more than 100 deep",
    ),
    Attack(
        "returns a value of ten gigabytes",
        "Returns an array that takes no room where it is made, and a list of a million lists.",
        "two-processes",
        answers={
            "keep": "def keep(x):\n    return np.broadcast_to(np.float64(1), (10**5, 10**5))",
            "last": "def last(x):\n    one = [[]] * 1000\n    return [one] * 10_000",
        },
        lost=("keep", "last"),
        sentence=r"cannot be sent|too (large|many)|more than|bytes",
    ),
    Attack(
        "uses handles that it was never given",
        "Asks the grader for every object by its number, and for its root.",
        "two-processes",
        answers={
            "total": """
                def total(x):
                    peer = holder("Student")._peer
                    for number in range(100):
                        for name in ["__globals__", "__class__", "__dict__"]:
                            try:
                                peer._request("getattr", number, (name,))
                                breach(f"{name} of object {number}")
                            except Exception as error:
                                print(number, type(error).__name__, error)
                    attempt(lambda: peer.root.get(["key", "a", "b", "keep"]))
                    attempt(lambda: peer._request("invoke", 0, ("get", ["key"])))
                    attempt(lambda: peer._request("call", 2**60, ("key",)))
                    attempt(lambda: peer._request("setattr", 1, ("__code__", None)))
                    return 0
            """
        },
        lost=("total",),
        # On a busy machine three hundred refusals may take as long as a cell may.
        sentence=r"total of the squares should be 42|were up|used up the time of the cell",
    ),
    Attack(
        "asks for what is no operation",
        "Sends requests with operations that do not exist, on numbers that are none, with a random state of its own.",
        "two-processes",
        answers={
            "total": """
                def total(x):
                    import msgpack
                    peer = holder("Student")._peer
                    request = {"id": 7, "op": "eval", "on": 1, "graph": [0, []], "failure": None, "random": None}
                    request |= {"dropped": [[1, 10**9]], "outputs": [], "files": []}
                    peer._channel.send(["request", request])
                    return 0
            """
        },
        lost=("total",),
        sentence=BROKE,
    ),
    Attack(
        "sends a random state with its answer",
        "Sends a request that would have the grader take over a generator of zeros.",
        "two-processes",
        answers={
            "total": """
                def total(x):
                    import numpy as np
                    from types import SimpleNamespace
                    peer = holder("Student")._peer
                    peer._random = SimpleNamespace(pending=lambda: {"numpy": ["MT19937", [0] * 624, 1, 1, 0.0]})
                    return x(1)
            """
        },
        lost=("total",),
        sentence=BROKE,
    ),
    Attack(
        "attaches descriptors to its messages",
        "Sends open descriptors along with bytes, to use up those of the grader.",
        "two-processes",
        answers={
            "last": """
                def last(x):
                    import array, socket
                    for wire in wires():
                        door = socket.socket(fileno=os.dup(wire))
                        descriptors = array.array("i", [os.open("/dev/null", os.O_RDONLY)] * 200)
                        attached = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)]
                        for _ in range(4):
                            attempt(lambda: door.sendmsg([b"\\xff"], attached))
                    return 0
            """
        },
        sentence=BROKE,
    ),
    Attack(
        "floods the wire",
        "Writes requests from a thread as fast as it can, and reads no answer.",
        "two-processes",
        answers={
            "total": """
                def total(x):
                    import threading, time
                    peer = holder("Student")._peer
                    body = peer._codec.encode([(1,), {}])
                    request = {"id": 1, "op": "call", "on": 1, "graph": body.graph, "failure": None, "random": None}
                    request |= {"dropped": [], "outputs": [], "files": []}
                    frame = bytes(peer._channel.prepare(["request", request]).view)
                    threading.Thread(target=lambda: [say(frame * 100) for _ in range(10_000)], daemon=True).start()
                    time.sleep(60)
            """
        },
        lost=("total", "last"),
        sentence=r"test_total: the student's process",
        slow=True,
    ),
    Attack(
        "hangs up",
        "Closes the wire, or puts something else in its place.",
        "two-processes",
        front="""
            for wire in wires():
                os.dup2(os.open("/dev/null", os.O_RDWR), wire)
        """,
        answers={"last": "def last(x):\n    for wire in wires():\n        os.close(wire)\n    return 0"},
        sentence=r"the student's process (hung up|ended|called os\._exit|broke the protocol)",
    ),
    Attack(
        "says everything twice",
        "Sends each of its messages two times, so that its answers come before the questions.",
        "two-processes",
        front="""
            channel = holder("Channel")
            real = channel.post
            channel.post = lambda frame, deadline=None: say(bytes(frame.view) * 2)
        """,
        lost=EVERYTHING,
        sentence=BROKE,
    ),
    Attack(
        "forges the outputs of its answers",
        "Sends outputs of every form, broken ones among them, along with the answer to a test's question.",
        "two-processes",
        answers={
            "last": """
                def last(x):
                    score = {"data": {"text/plain": "10.0"}, "metadata": {}, "execution_count": 1}
                    forged = [score | {"output_type": kind} for kind in ("execute_result", "display_data", "no kind")]
                    forged += [{"output_type": "error", "ename": "", "evalue": "", "traceback": [1]}, None, 7, {}, "x"]
                    forged += [{"output_type": "stream", "name": "stderr", "text": "10.0"}, {1: 2}, [[[]]]]
                    peer = holder("Student")._peer
                    peer._drain_outputs = lambda: forged * 100
                    return 0
            """
        },
    ),
    Attack(
        "plays ping-pong",
        "Calls the test's function for ever, so that the clock of neither process is ever its own.",
        "clock",
        answers={
            "total": """
                def total(x):
                    while True:
                        try:
                            x(1)
                        except BaseException:
                            pass
            """
        },
        lost=("total",),
        sentence=r"the student's process .*time",
        slow=True,
    ),
    Attack(
        "calls in circles",
        "Has the test's function called from within a call from within a call.",
        "two-processes",
        front="""
            class Number(int):
                def __mul__(self, other):
                    return circle(self)
                __rmul__ = __add__ = __radd__ = __mul__

            def circle(x):
                return kept(Number(1))
        """,
        answers={"total": "def total(x):\n    global kept\n    kept = x\n    return circle(x)"},
        lost=("total",),
        sentence=r"lives in another process and cannot be|calls between the processes are open",
    ),
]
