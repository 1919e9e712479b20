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
        "Asks for memory until there is no more.",
        "limits",
        answers={
            "last": """
                def last(x):
                    hoard = []
                    for _ in range(16):
                        hoard.append(np.empty(1 << 26))
                    breach("eight gigabytes")
            """
        },
        # What is left may not be enough to say so.
        sentence=r"MemoryError|the student's process",
        harmful=True,
    ),
    Attack(
        "allocates memory outside of Python",
        "Asks for memory in anonymous files, in maps and in secret areas, locked where it can be.",
        "limits",
        answers={
            "last": """
                def last(x):
                    import mmap
                    call("mlockall", 3)
                    system_call("memfd_secret", 0)
                    attempt(lambda: [os.pwrite(os.memfd_create("hoard"), bytes(1 << 20), 0) for _ in range(500)])
                    areas = [mmap.mmap(-1, 1 << 28) for _ in range(32)]
                    breach("eight gigabytes outside of Python")
            """
        },
        sentence=r"OSError: .*Cannot allocate memory",
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
        "Writes one huge file and many small ones until there is no more room.",
        "scratch",
        "limits",
        answers={
            "keep": """
                def keep(x):
                    for number in range(30_000):
                        os.symlink("nowhere", f"link{number}")
                    breach("thirty thousand links")
            """,
            "last": """
                def last(x):
                    attempt(lambda: os.posix_fallocate(os.open("file", os.O_RDWR | os.O_CREAT), 0, 1 << 40))
                    attempt(lambda: os.truncate("file", 1 << 50))
                    for number in range(128):
                        with open(f"file{number}", "wb", 0) as file:
                            for _ in range(16):
                                if file.write(bytes(1 << 20)) < 1 << 20:
                                    raise OSError(28, "No space left")
                    breach("two gigabytes of files")
            """,
        },
        lost=("keep", "last"),
        sentence=r"OSError: .*(No space left|too large)|was ended because (it made more|its files took more)",
        harmful=True,
    ),
    Attack(
        "fills the disk with what is nowhere",
        "Removes each large file that it writes and keeps it open, so that nobody finds it.",
        "scratch",
        "limits",
        answers={
            "last": """
                def last(x):
                    opened = []
                    for number in range(128):
                        opened.append(open(f"file{number}", "wb", 0))
                        os.unlink(f"file{number}")
                        if opened[-1].write(bytes(16 << 20)) < 16 << 20:
                            raise OSError(28, "No space left")
                    breach("two gigabytes of nothing")
            """
        },
        sentence=r"OSError: .*No space left|was ended because its files took more",
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
        sentence=r"output truncated|outputs dropped|printed or showed more than a cell may",
    ),
    Attack(
        "uses up descriptors",
        "Opens files until there are no more descriptors for whoever comes after it.",
        "limits",
        answers={
            "last": """
                def last(x):
                    kept = []
                    for _ in range(100_000):
                        kept.append(os.open("/dev/null", os.O_RDONLY))
                    breach(f"{len(kept)} open files")
            """
        },
        sentence=r"OSError: .*Too many open files",
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
