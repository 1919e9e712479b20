"""A grader's peer here and a student's peer in a forked process, with nothing in between."""

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

from autograder.rpc.channel import Channel
from autograder.rpc.peer import Peer
from autograder.rpc.rpc_errors import WireError


class Namespace:
    """The student's names: what the student's process exports."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names

    def get(self, name: str) -> Any:
        """Return what `name` is bound to."""
        return self.names[name]

    def set(self, name: str, value: Any) -> None:
        """Bind `name` to `value`."""
        self.names[name] = value

    def delete(self, name: str) -> None:
        """Unbind `name`."""
        del self.names[name]


@contextlib.contextmanager
def raw_student(behave: Callable[[Channel], None], **options: Any) -> Iterator[Peer]:
    """Yield a grader's peer whose other side is `behave(channel)` in a forked process."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            ours.close()
            behave(Channel(theirs))
        finally:
            os._exit(0)
    theirs.close()
    channel = Channel(ours)
    try:
        peer = Peer(channel, send_random_state=options.pop("send_random_state", True), **options)
        peer.student_pid = pid
        yield peer
    finally:
        channel.close()
        os.waitpid(pid, 0)


@contextlib.contextmanager
def student(names: dict[str, Any], student_options: Any = None, **options: Any) -> Iterator[Peer]:
    """Yield a grader's peer whose other side serves the namespace `names` in a forked process."""

    def behave(channel: Channel) -> None:
        peer = Peer(
            channel,
            exports=Namespace(names),
            trusts_peer=True,
            peer_name="grader's",
            is_student_file=lambda name: os.path.basename(name).startswith("test_"),
            **(student_options or {}),
        )
        while True:
            try:
                peer.serve(channel.receive())
            except KeyboardInterrupt:
                continue
            except WireError:
                return

    with raw_student(behave, **options) as peer:
        yield peer
