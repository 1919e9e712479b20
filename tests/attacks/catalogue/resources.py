"""Attacks on time, memory and room, and the ways in which a process can end."""

from attacks.attack import Attack

TIME = r"time|KeyboardInterrupt|interrupted"

ATTACKS = [
    Attack(
        "spins",
        "Computes without end.",
        "clock",
        answers={"last": "def last(x):\n    while True:\n        pass"},
        sentence=TIME,
        slow=True,
    ),
    Attack(
        "spins and does not let itself be interrupted",
        "Computes without end, and catches the interrupt.",
        "clock",
        answers={
            "last": """
                def last(x):
                    import signal
                    signal.signal(signal.SIGINT, signal.SIG_IGN)
                    while True:
                        try:
                            signal.signal(signal.SIGTERM, signal.SIG_IGN)
                        except BaseException:
                            pass
            """
        },
        sentence=r"did not stop when it was interrupted",
        slow=True,
    ),
    Attack(
        "spins in C with signals blocked",
        "Computes a number of a thousand million digits with every signal blocked.",
        "clock",
        front="""
            import signal
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
            value = 3 ** 10_000_019
            value = 3 ** 2_000_000_011
        """,
        sentence=r"did not stop when it was interrupted|ended by signal",
        slow=True,
    ),
    Attack(
        "sleeps",
        "Waits for an hour, in Python and in C.",
        "clock",
        answers={
            "last": "def last(x):\n    ctypes.CDLL(None).sleep(3600)",
            "keep": "def keep(x):\n    import time\n    time.sleep(3600)",
        },
        lost=("keep", "last"),
        sentence=TIME,
        slow=True,
    ),
    Attack(
        "spins in every cell",
        "Uses up the time of each cell, to make the whole class wait.",
        "clock",
        front="get_ipython().events.register('pre_run_cell', lambda *a: __import__('time').sleep(0.3))",
        answers={"last": "def last(x):\n    while True:\n        pass"},
        sentence=TIME,
        slow=True,
    ),
    Attack(
        "allocates memory without end",
        "Asks for memory until there is no more, and writes to all of it.",
        "limits",
        front="""
            import numpy as np
            hoard = []
            try:
                for _ in range(32):
                    hoard.append(np.ones(1 << 25))
                breach("eight gigabytes")
            except MemoryError as error:
                print(len(hoard), type(error).__name__, error)
                hoard.clear()
                raise
        """,
        sentence=r"MemoryError|should be",
        harmful=True,
    ),
    Attack(
        "allocates memory outside of Python",
        "Asks for memory in maps, in anonymous files and in secret areas, locked where it can be.",
        "limits",
        front="""
            import mmap
            total = 0
            try:
                for number in range(64):
                    file = os.memfd_create(f"hoard{number}")
                    os.ftruncate(file, 1 << 27)
                    area = mmap.mmap(file, 1 << 27)
                    for page in range(0, 1 << 27, 4096):
                        area[page] = 1
                    total += 1 << 27
                    if total > 6 << 30:
                        breach(f"{total >> 30} GiB in anonymous files")
                        break
            except (OSError, ValueError, MemoryError) as error:
                print(total >> 20, type(error).__name__, error)
            call("mlockall", 3)
            system_call("memfd_secret", 0)
        """,
        sentence=r"called the C function 'mlockall'",
        harmful=True,
    ),
    Attack(
        "exhausts the stack",
        "Calls itself without end, with Python's limit taken away.",
        "two-processes",
        answers={
            "last": """
                def last(x):
                    import sys
                    sys.setrecursionlimit(2**31 - 1)

                    class Deep:
                        def __getattr__(self, name):
                            return getattr(self, name + "x")

                    return Deep().x
            """
        },
        sentence=r"ended by signal SIGSEGV|RecursionError|MemoryError|time",
    ),
    Attack(
        "causes a segmentation fault",
        "Reads from an address that is none.",
        "two-processes",
        answers={"last": "def last(x):\n    ctypes.string_at(8)"},
        sentence=r"the student's process ended by signal SIGSEGV",
    ),
    Attack(
        "exits from C",
        "Ends its process at once, with the status of a success.",
        "two-processes",
        front="os._exit(0)",
        answers={"last": "def last(x):\n    os._exit(42)"},
        sentence=r"the student's process (called os\._exit\(42\)|ended normally|hung up)",
    ),
    Attack(
        "aborts",
        "Ends its process by a signal that would leave a picture of its memory.",
        "two-processes",
        front="""
            import resource
            attempt(lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2))
            os.abort()
        """,
        # Process 1 of a namespace is not to be aborted: the C library then has it run into an error of its own.
        sentence=r"the student's process ended by signal SIG(ABRT|SEGV)",
    ),
    Attack(
        "kills itself",
        "Sends itself the signal that the grader would send, to have the grader blamed.",
        "two-processes",
        answers={
            "last": """
                def last(x):
                    import signal
                    os.kill(os.getpid(), signal.SIGKILL)
                    call("raise", 9)
                    ctypes.string_at(0)
            """
        },
        sentence=r"the student's process ended by signal|tried to send a signal",
    ),
    Attack(
        "fills the scratch space",
        "Writes files until there is no more room, one huge and many small.",
        "scratch",
        "limits",
        front="""
            block, written = b"x" * (1 << 24), 0
            try:
                for number in range(128):
                    with open(f"file{number}", "wb", 0) as file:
                        written += file.write(block)
                breach("two gigabytes of files")
            except OSError as error:
                print(written >> 20, "MiB", type(error).__name__, error)
            try:
                for number in range(200_000):
                    open(f"empty{number}", "w").close()
                breach("two hundred thousand files")
            except OSError as error:
                print(number, type(error).__name__, error)
            attempt(lambda: os.truncate("file0", 1 << 50))
            attempt(lambda: os.posix_fallocate(os.open("file0", os.O_RDWR), 0, 1 << 40))
        """,
        sentence=r"No space left|File too large|should be|did not stop",
        harmful=True,
    ),
    Attack(
        "fills the shared memory",
        "Writes to /dev/shm and /tmp until there is no more room for anybody.",
        "scratch",
        "landlock",
        front="""
            for place in ["/dev/shm", "/tmp", "/run", "/var/tmp", os.path.dirname(KNOWN.canary)]:
                written = 0
                try:
                    with open(f"{place}/{KNOWN.mark}", "wb", 0) as file:
                        for _ in range(256):
                            written += file.write(bytes(1 << 23))
                    breach(f"two gigabytes in {place}")
                except OSError as error:
                    print(place, written >> 20, "MiB", type(error).__name__, error)
        """,
        sentence=r"tried to open '.*', which is out of its reach",
        harmful=True,
    ),
    Attack(
        "fills the output",
        "Prints, displays and writes far more than anybody wants to read.",
        "output-limit",
        front="""
            from IPython.display import display
            print("x" * 50_000_000)
            for _ in range(2000):
                display("y" * 1000)
            for _ in range(20):
                attempt(lambda: os.write(1, b"z" * 1_000_000))
        """,
        answers={"last": "def last(x):\n    for _ in range(3_000):\n        print('x' * 1000)\n    return 0"},
        sentence=r"output truncated|outputs dropped",
    ),
    Attack(
        "uses up descriptors",
        "Opens files and memory until there are no more descriptors for whoever comes after it.",
        "limits",
        front="""
            kept = []
            try:
                for _ in range(2_000_000):
                    kept.append(os.open("/dev/null", os.O_RDONLY))
            except OSError as error:
                print(len(kept), type(error).__name__, error)
            if len(kept) > 500_000:
                breach(f"{len(kept)} open files")
        """,
        sentence=r"Too many open files|the student's process|should be",
        harmful=True,
    ),
    Attack(
        "raises an endless exception",
        "Raises an exception whose text never ends, and one with a hundred megabytes of it.",
        "clock",
        answers={
            "keep": "def keep(x):\n    raise ValueError('x' * 10**8)",
            "last": """
                class Endless(Exception):
                    def __str__(self):
                        while True:
                            pass

                def last(x):
                    raise Endless
            """,
        },
        lost=("keep", "last"),
        sentence=r"ValueError|time",
        slow=True,
    ),
]
