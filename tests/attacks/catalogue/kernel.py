"""Attacks on the kernel's other doors: sockets, shared objects, keys, and system calls that few programs need."""

from attacks.attack import Attack

NETWORK = r"tried to use the network"
SYSTEM_CALL = r"called the C function 'syscall'"

ATTACKS = [
    Attack(
        "connects to the network",
        "Sends what it knows to a server, by name, by number, by UDP and through the proxy.",
        "network-namespace",
        "seccomp",
        front="""
            import socket, urllib.request

            def send(family, kind, address):
                with socket.socket(family, kind) as door:
                    door.settimeout(0.1)
                    door.connect(tuple(address))
                    door.send(b"the hidden tests")
                    breach(f"connected to {address}")
                    return door.recv(100) if kind == socket.SOCK_STREAM else None

            attempt(lambda: send(socket.AF_INET, socket.SOCK_STREAM, KNOWN.tcp))
            attempt(lambda: send(socket.AF_INET, socket.SOCK_DGRAM, KNOWN.udp))
            attempt(lambda: send(socket.AF_INET6, socket.SOCK_STREAM, ("::ffff:127.0.0.1", KNOWN.tcp[1])))
            attempt(lambda: socket.create_connection(KNOWN.tcp, 0.1))
            attempt(lambda: socket.getaddrinfo("localhost", 80))
            attempt(lambda: urllib.request.urlopen(f"http://127.0.0.1:{KNOWN.tcp[1]}", timeout=0.1).read())
        """,
        sentence=NETWORK,
    ),
    Attack(
        "waits for connections",
        "Opens ports for an accomplice outside.",
        "network-namespace",
        "seccomp",
        front="""
            import socket

            def wait(family, address):
                door = socket.socket(family, socket.SOCK_STREAM)
                door.bind(address)
                door.listen()
                print(door.getsockname())

            attempt(lambda: wait(socket.AF_INET, ("0.0.0.0", 0)))
            attempt(lambda: wait(socket.AF_INET6, ("::", 0)))
            attempt(lambda: wait(socket.AF_UNIX, "\\0" + KNOWN.mark))
            attempt(lambda: socket.create_server(("127.0.0.1", 0)))
        """,
        sentence=NETWORK,
    ),
    Attack(
        "connects to sockets on the machine",
        "Talks to other programs through Unix sockets, by path and by abstract name.",
        "network-namespace",
        "seccomp",
        front="""
            import glob, socket
            paths = [KNOWN.path, "\\0" + KNOWN.abstract, "/var/run/docker.sock", "/run/systemd/private",
                     "/run/dbus/system_bus_socket", "/tmp/.X11-unix/X0", *glob.glob("/run/*/*sock*")]
            for path in paths:
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    def send():
                        with socket.socket(socket.AF_UNIX, kind) as door:
                            door.settimeout(0.1)
                            door.connect(path)
                            breach(f"connected to {path}")
                            return door.recv(100)
                    attempt(send)
        """,
        sentence=NETWORK,
    ),
    Attack(
        "opens sockets of every family",
        "Opens a socket of each of the kernel's protocols, raw ones and those that reach the kernel itself.",
        "seccomp",
        front="""
            import socket
            for family in range(1, 46):
                for kind in (1, 2, 3, 5):
                    for protocol in (0, 1, 15, 16):
                        try:
                            socket.socket(family, kind, protocol).close()
                            breach(f"a socket of family {family}, kind {kind}")
                        except OSError:
                            pass
            one, other = attempt(socket.socketpair) or (None, None)
        """,
        sentence=NETWORK,
    ),
    Attack(
        "uses System V's shared objects",
        "Attaches shared memory of the host's, and leaves memory, queues and semaphores behind.",
        "ipc-namespace",
        "seccomp",
        front="""
            library = ctypes.CDLL(None, use_errno=True)
            library.shmat.restype = ctypes.c_void_p
            for number in {KNOWN.segment, *range(4)}:
                address = library.shmat(number, None, 0)
                print(number, address, os.strerror(ctypes.get_errno()))
                if address not in (None, ctypes.c_void_p(-1).value):
                    breach(f"segment {number}")
                    hunt(ctypes.string_at(address, 100))
                    ctypes.memset(address, 0, 100)
            call("shmctl", KNOWN.segment, 0, None)
            call("shmget", 0x41414141, 4096, 0o1666)
            call("msgget", 0x41414141, 0o1666)
            call("semget", 0x41414141, 1, 0o1666)
            call("shm_open", KNOWN.mark.encode(), os.O_CREAT | os.O_RDWR, 0o666)
            call("mq_open", b"/" + KNOWN.mark.encode(), os.O_CREAT | os.O_RDWR, 0o666, None)
            call("sem_open", b"/" + KNOWN.mark.encode(), os.O_CREAT, 0o666, 1)
        """,
        sentence=r"called the C function '(shmat|shmget)'",
        harmful=True,
    ),
    Attack(
        "uses keyrings",
        "Leaves a key in the kernel for the next student, and asks for those of others.",
        "seccomp",
        front="""
            name = KNOWN.mark.encode()
            for ring in (-1, -2, -3, -4, -5):
                if system_call("add_key", b"user", name, b"a message", 9, ring) >= 0:
                    breach("a key was left")
                system_call("keyctl", 0, ring, 1)
                system_call("keyctl", 11, ring, None, 0)
            system_call("request_key", b"user", name, None, -4)
        """,
        sentence=SYSTEM_CALL,
        harmful=True,
    ),
    Attack(
        "uses io_uring",
        "Opens files by a queue that no filter of system calls sees.",
        "seccomp",
        front="""
            room = ctypes.create_string_buffer(256)
            if system_call("io_uring_setup", 8, room) >= 0:
                breach("a queue of system calls")
        """,
        sentence=SYSTEM_CALL,
    ),
    Attack(
        "uses userfaultfd",
        "Asks to handle page faults itself, which exploits of the kernel begin with.",
        "seccomp",
        front="""
            for flags in (0, 1, os.O_CLOEXEC | os.O_NONBLOCK | 1):
                if system_call("userfaultfd", flags) >= 0:
                    breach("userfaultfd works")
            attempt(lambda: os.open("/dev/userfaultfd", os.O_RDWR))
        """,
        sentence=SYSTEM_CALL,
    ),
    Attack(
        "nests namespaces",
        "Makes a user namespace of its own, to be root in it.",
        "seccomp",
        front="""
            new = {"user": 0x10000000, "mount": 0x20000, "pid": 0x20000000, "net": 0x40000000, "ipc": 0x8000000}
            for name, flag in new.items():
                if call("unshare", flag) == 0:
                    breach(f"a new {name} namespace")
            if call("unshare", sum(new.values())) == 0:
                breach("new namespaces")
            attempt(lambda: open("/proc/self/uid_map", "w").write("0 0 1"))
            arguments = (ctypes.c_uint64 * 8)(0x10000000, 0, 0, 0, 17)
            child = system_call("clone3", arguments, 64)
            if child == 0:
                os._exit(0)
            if child > 0:
                breach("a process in a new namespace")
        """,
        sentence=r"called the C function '(unshare|syscall)'",
    ),
    Attack(
        "asks the kernel for what only administrators may",
        "Loads programs and modules into the kernel, sets the clock, the host's name, quotas and swap.",
        "seccomp",
        "capabilities",
        front="""
            import time
            room = ctypes.create_string_buffer(256)
            for name, arguments in {
                "bpf": (0, room, 120), "perf_event_open": (room, 0, -1, -1, 0), "finit_module": (0, b"", 0),
                "kexec_load": (0, 0, 0, 0), "fanotify_init": (0, 0), "syslog": (3, room, 256), "reboot": (0, 0, 0, 0),
            }.items():
                if system_call(name, *arguments) >= 0:
                    breach(f"{name} works")
            name = KNOWN.mark.encode()
            call("sethostname", name, len(name))
            call("setdomainname", name, len(name))
            call("acct", b"here")
            call("swapon", b"here", 0)
            call("iopl", 3)
            attempt(lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()) or breach("the clock was set"))
            for path in ["kernel/core_pattern", "kernel/hostname", "vm/drop_caches"]:
                attempt(lambda: open(f"/proc/sys/{path}", "w"))
            attempt(lambda: open("/proc/sysrq-trigger", "w"))
        """,
        sentence=r"called the C function '(syscall|sethostname)'",
        harmful=True,
    ),
    Attack(
        "takes back its powers",
        "Becomes root again, takes capabilities, and asks not to die with its parent.",
        "capabilities",
        "seccomp",
        front="""
            for name, arguments in {"setresuid": (0, 0, 0), "setresgid": (0, 0, 0), "setuid": (0,), "setgid": (0,),
                                    "seteuid": (0,), "setfsuid": (0,), "setgroups": (0, None)}.items():
                call(name, *arguments)
            header = (ctypes.c_uint32 * 2)(0x20080522, 0)
            system_call("capset", header, (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6))
            for option, value in {"death signal": (1, 0), "dumpable": (4, 1), "keep capabilities": (8, 1),
                                  "securebits": (28, 0), "ambient": (47, 2), "bounding": (24, 21)}.values():
                call("prctl", option, value, 0, 0, 0)
            for name in ["status", "uid_map"]:
                attempt(lambda: print(open(f"/proc/self/{name}").read()))
            attempt(lambda: open("/etc/shadow").read())
            attempt(lambda: open(KNOWN.canary).read())
        """,
        sentence=r"called the C function '(setresuid|prctl)'",
    ),
    Attack(
        "raises its limits",
        "Sets the limits of its process to infinity.",
        "limits",
        front="""
            import resource
            for name in ["AS", "FSIZE", "NPROC", "CPU", "MEMLOCK", "MSGQUEUE", "SIGPENDING"]:
                kind = getattr(resource, f"RLIMIT_{name}", None)
                if kind is not None:
                    print(name, resource.getrlimit(kind))
                    attempt(lambda: resource.setrlimit(kind, (resource.RLIM_INFINITY,) * 2))
                    attempt(lambda: resource.prlimit(0, kind, (resource.RLIM_INFINITY,) * 2))
            for kind in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE):
                if resource.getrlimit(kind)[0] == resource.RLIM_INFINITY:
                    breach("there is no limit")
        """,
    ),
    Attack(
        "types into the grader's terminal",
        "Pushes characters into the terminal, as if the instructor had typed them.",
        "two-processes",
        front="""
            import fcntl, termios
            for descriptor in [0, 1, 2, attempt(lambda: os.open("/dev/tty", os.O_RDWR)) or 0]:
                for letter in b"exit\\n":
                    attempt(lambda: fcntl.ioctl(descriptor, termios.TIOCSTI, bytes([letter])))
            attempt(lambda: os.setsid())
        """,
        sentence=r"tried to open '/dev/tty', which is out of its reach|should be",
    ),
]
