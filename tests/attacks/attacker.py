"""What every attack has at hand. The text of this file is the first cell of each attacking notebook.

A variable KNOWN is bound before: it knows where everything is, so that no attack fails because it could not guess.
"""

import ctypes
import os
import platform
import re
import stat
import struct


def attempt(action):
    """Do something, and show what came of it. The attack goes on in any case."""
    try:
        result = action()
    except Exception as error:
        print(f"{type(error).__name__}: {str(error)[:200]}")
        return None
    print("done:", repr(result)[:100])
    hunt(result)
    return result


def hunt(thing):
    """Print the secrets in something that was found."""
    text = thing.decode("latin-1") if isinstance(thing, bytes | bytearray) else str(thing)
    for found in sorted(set(re.findall("SECRET-[a-z]+-[0-9a-f]{12}", text))):
        print("found", found)


def breach(text):
    """Say that something worked that should not."""
    print("BREACH" + ":", text)


def call(name, *arguments):
    """Call a function of the C library, show what came of it, and return its result."""
    library = ctypes.CDLL(None, use_errno=True)
    try:
        function = getattr(library, name)
    except AttributeError:
        print(f"there is no {name}")
        return -1
    ctypes.set_errno(0)
    result = function(*arguments)
    print(f"{name}: {result} {os.strerror(ctypes.get_errno())}")
    return result


# What the C library has no function for: the numbers on x86_64 and on aarch64.
SYSTEM_CALLS = {
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "ptrace": (101, 117),
    "kcmp": (312, 272),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "fanotify_init": (300, 262),
    "pivot_root": (155, 41),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "io_uring_setup": (425, 425),
    "pidfd_open": (434, 434),
    "clone3": (435, 435),
    "pidfd_getfd": (438, 438),
    "mount_setattr": (442, 442),
    "capset": (126, 91),
    "syslog": (103, 116),
    "memfd_secret": (447, 447),
}


def system_call(name, *arguments):
    """Make a system call by its number, show what came of it, and return its result."""
    number = SYSTEM_CALLS[name][platform.machine() == "aarch64"]
    library = ctypes.CDLL(None, use_errno=True)
    ctypes.set_errno(0)
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    library.syscall.restype = ctypes.c_long
    result = library.syscall(ctypes.c_long(number), *wide)
    print(f"{name}: {result} {os.strerror(ctypes.get_errno())}")
    return result


def wires():
    """Return the descriptors of this process that are sockets: what it talks to the grader through."""
    found = []
    for descriptor in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                found.append(descriptor)
        except OSError:
            pass
    return found


def say(*messages):
    """Write bytes to the wire."""
    for descriptor in wires():
        for message in messages:
            os.write(descriptor, message)


def framed(body):
    """Return a message's body with its length before it, as the wire has it."""
    return struct.pack(">I", len(body)) + body


def holder(kind):
    """Return an object of this process by the name of its class, the grader's side of it included."""
    import gc

    return [thing for thing in gc.get_objects() if type(thing).__name__ == kind][-1]
