"""Attacks on processes: killing, stopping, tracing and reading others, and multiplying."""

from attacks.attack import WRONG_ANSWER, Attack

SIGNAL = r"tried to send a signal"
PROCESS = r"tried to start a process"

ATTACKS = [
    Attack(
        "kills its parent",
        "Kills the process that made it, and the one that grades.",
        "pid-namespace",
        "landlock",
        front="""
            import signal
            for number in [os.getppid(), KNOWN.grader]:
                for kind in (signal.SIGTERM, signal.SIGKILL):
                    attempt(lambda: os.kill(number, kind) if number else None)
            call("kill", os.getppid() or KNOWN.grader, 9)
        """,
        sentence=SIGNAL,
        harmful=True,
    ),
    Attack(
        "kills everything",
        "Kills all processes that it may, its group, and every number there is.",
        "pid-namespace",
        "landlock",
        front="""
            import signal
            attempt(lambda: os.kill(KNOWN.pid, signal.SIGKILL))
            for number in range(2, 40_000):
                if number != os.getpid():
                    try:
                        os.kill(number, signal.SIGKILL)
                        breach(f"killed {number}")
                    except OSError:
                        pass
            attempt(lambda: os.kill(-1, signal.SIGKILL))
            attempt(lambda: os.killpg(0, signal.SIGTERM))
        """,
        sentence=SIGNAL,
        harmful=True,
    ),
    Attack(
        "kills process 1",
        "Kills process 1, which takes all others with it, the one that it sees as 1 being perhaps itself.",
        "pid-namespace",
        "landlock",
        front="""
            import signal
            attempt(lambda: os.kill(1, signal.SIGTERM))
            attempt(lambda: os.kill(1, signal.SIGKILL))
        """,
        sentence=SIGNAL,
        harmful=True,
    ),
    Attack(
        "stops and slows down other processes",
        "Stops the others, takes away their time, their processors and their limits.",
        "pid-namespace",
        "seccomp",
        front="""
            import resource, signal
            for number in {os.getppid(), KNOWN.pid, KNOWN.grader} - {0}:
                attempt(lambda: os.kill(number, signal.SIGSTOP))
                attempt(lambda: os.setpriority(os.PRIO_PROCESS, number, 19))
                attempt(lambda: os.sched_setaffinity(number, {0}))
                attempt(lambda: os.sched_setscheduler(number, os.SCHED_IDLE, os.sched_param(0)))
                attempt(lambda: resource.prlimit(number, resource.RLIMIT_CPU, (1, 1)))
                attempt(lambda: resource.prlimit(number, resource.RLIMIT_NOFILE, (3, 3)))
        """,
        sentence=SIGNAL,
        harmful=True,
    ),
    Attack(
        "traces another process",
        "Attaches to other processes as a debugger does, and lets others attach to it.",
        "seccomp",
        front="""
            for number in [os.getppid(), KNOWN.pid, KNOWN.grader]:
                if number and (call("ptrace", 16, number, 0, 0) == 0 or call("ptrace", 0x4206, number, 0, 0) == 0):
                    breach(f"attached to {number}")
                    call("ptrace", 17, number, 0, 0)
            if call("ptrace", 0, 0, 0, 0) == 0:
                breach("somebody may trace this process")
            system_call("kcmp", os.getpid(), KNOWN.pid, 0, 0, 0)
        """,
        sentence=r"called the C function 'ptrace'",
        harmful=True,
    ),
    Attack(
        "reads and writes another process's memory",
        "Reads a secret out of another process, knowing its address, and writes to it.",
        "pid-namespace",
        "seccomp",
        front="""
            class Piece(ctypes.Structure):
                _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]

            room = ctypes.create_string_buffer(KNOWN.length)
            mine, theirs = Piece(ctypes.addressof(room), KNOWN.length), Piece(KNOWN.address, KNOWN.length)
            for name in ["process_vm_readv", "process_vm_writev"]:
                got = call(name, KNOWN.pid, ctypes.byref(mine), ctypes.c_ulong(1), ctypes.byref(theirs),
                           ctypes.c_ulong(1), ctypes.c_ulong(0))
                if got > 0:
                    breach(f"{name}: {got} bytes")
                hunt(room.raw)
        """,
        sentence=r"called the C function 'process_vm_readv'",
        harmful=True,
    ),
    Attack(
        "takes another process's descriptors",
        "Gets hold of another process by a descriptor, and of the files that it has open.",
        "pid-namespace",
        "seccomp",
        front="""
            for number in {KNOWN.pid, KNOWN.grader, os.getppid()} - {0}:
                process = system_call("pidfd_open", number, 0)
                for descriptor in [KNOWN.behind, *range(20)]:
                    got = system_call("pidfd_getfd", process, descriptor, 0) if process >= 0 else -1
                    if got >= 0:
                        breach(f"descriptor {descriptor} of {number}")
                        attempt(lambda: os.pread(got, 100, 0))
        """,
        sentence=r"called the C function 'syscall'",
    ),
    Attack(
        "starts programs",
        "Starts a shell in every way there is, from memory too.",
        "seccomp",
        front="""
            import multiprocessing, pty, shutil, subprocess, sys
            attempt(lambda: subprocess.run(["cat", KNOWN.canary], capture_output=True, timeout=0.3).stdout)
            attempt(lambda: os.system(f"cat {KNOWN.canary}"))
            attempt(lambda: os.popen(f"cat {KNOWN.canary}").read())
            attempt(lambda: os.posix_spawn("/bin/cat", ["cat", KNOWN.canary], {}))
            attempt(lambda: subprocess.run([sys.executable, "-c", "print(1)"], timeout=0.3))
            attempt(lambda: multiprocessing.Process(target=print).start())
            attempt(lambda: pty.fork())
            call("system", f"cat {KNOWN.canary}".encode())

            def from_memory():
                image = os.memfd_create("program")
                os.write(image, open("/bin/cat", "rb").read())
                return subprocess.run([f"/proc/self/fd/{image}", KNOWN.canary], pass_fds=[image], capture_output=True)

            attempt(from_memory)
            attempt(lambda: os.execv("/bin/cat", ["cat", KNOWN.canary]))
        """,
        sentence=PROCESS,
    ),
    Attack(
        "forks without end",
        "Makes copies of itself, and they of themselves, by Python and by C.",
        "seccomp",
        front="""
            import time
            born = 0
            for number in range(2000):
                try:
                    child = os.fork()
                except OSError as error:
                    print(type(error).__name__, error)
                    break
                if child == 0:
                    try:
                        os.fork()
                    finally:
                        time.sleep(20)
                        os._exit(0)
                born += 1
            print("forked", born)
            if born == 2000:
                breach("two thousand processes")
            if call("fork") == 0:
                time.sleep(20)
                os._exit(0)
            if system_call("clone3", None, 0) == 0:
                os._exit(0)
        """,
        sentence=PROCESS,
        harmful=True,
    ),
    Attack(
        "leaves a process behind",
        "Lets go of a child that waits until the attack is over.",
        "pid-namespace",
        "seccomp",
        front="""
            import signal, time

            def stay():
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        for kind in range(1, 32):
                            try:
                                signal.signal(kind, signal.SIG_IGN)
                            except OSError:
                                pass
                        call("prctl", 1, 0, 0, 0, 0)
                        call("prctl", 15, KNOWN.mark[:15].encode(), 0, 0, 0)
                        for wire in wires():
                            os.close(wire)
                        time.sleep(20)
                        open(os.path.join(os.path.dirname(KNOWN.canary), KNOWN.mark), "w")
                    os._exit(0)

            attempt(stay)
            call("prctl", 1, 0, 0, 0, 0)
            call("daemon", 1, 1)
        """,
        sentence=PROCESS,
        harmful=True,
    ),
    Attack(
        "starts threads without end",
        "Starts threads that never stop, until there can be no more.",
        "limits",
        answers={
            "last": """
                def last(x):
                    import threading, time
                    threading.stack_size(1 << 16)
                    for _ in range(20_000):
                        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
                    breach("twenty thousand threads")
            """
        },
        # Where the limit counts all processes of a user, the time may be up before.
        sentence=r"can't start new thread|KeyboardInterrupt",
        harmful=True,
    ),
    Attack(
        "goes on after its cell has ended",
        "Leaves threads and timers that compute, print and write to the wire while other cells are run.",
        "two-processes",
        front="""
            import atexit, signal, threading, time

            def haunt():
                while True:
                    print("10.0")
                    for place in list(globals().values()):
                        if getattr(place, "__name__", "") == "last":
                            place.__code__ = (lambda x: 18).__code__
                    time.sleep(0.01)

            threading.Thread(target=haunt, daemon=True).start()
            signal.signal(signal.SIGALRM, lambda *a: print("10.0"))
            signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
            atexit.register(lambda: say(b"at exit"))
        """,
        sentence=WRONG_ANSWER,
    ),
]
