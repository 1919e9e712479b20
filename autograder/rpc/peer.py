"""One side of a conversation: asks the other side to work on its objects, and answers its requests.

    ["request", {"id", "op", "on", "graph", "failure", "random", "dropped", "outputs", "files"}]
    ["reply",   {"id", "graph", "restore", "failure", "dropped", "outputs", "files"}]
    ["lost", why]                       from whoever relays the messages: the other process has gone

A request's graph holds `[arguments, keywords]`, a reply's the result. While one side waits for a reply the
other may ask something back; that is served and the waiting goes on, so that all is strictly nested. Of several
threads that ask one has its turn after the other. A signal handler that raises gives up the request that it comes in
between; it cannot make one itself.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from autograder.kernel.cell_names import is_cell
from autograder.rpc.channel import Channel, Frame, Plain
from autograder.rpc.codec import Codec, Encoded
from autograder.rpc.copy_restore import ArgumentWatch, apply_changes
from autograder.rpc.decoder import Decoded
from autograder.rpc.handles import BorrowedObjects, HandleExchange, LentObjects
from autograder.rpc.operations import OPERATIONS, perform
from autograder.rpc.proxies import is_special
from autograder.rpc.random_state import RandomStateSender, install
from autograder.rpc.remote_exceptions import FailureCodec
from autograder.rpc.rpc_errors import (
    ChannelClosed,
    MalformedMessage,
    MessageTooLarge,
    OutOfTurn,
    Refused,
    WireError,
)
from autograder.rpc.value_limits import Limits
from autograder.rpc.working_folder import SharedFiles

__all__ = ["Peer", "Root"]

_ROOT = 0
_COMMON = frozenset(["id", "graph", "failure", "dropped", "outputs", "files"])
_REQUEST = _COMMON | {"op", "on", "random"}
_REPLY = _COMMON | {"restore"}
_OPERATIONS = frozenset(OPERATIONS) | {"call", "invoke"}
_NO_KEYWORDS: Mapping[str, Any] = MappingProxyType({})


class Root:
    """The other side's root object: its methods can be called, nothing else."""

    def __init__(self, request: Callable[..., Any]) -> None:
        self._request = request

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if is_special(name):
            raise AttributeError(name)

        def invoke(*arguments: object, **keywords: object) -> Any:
            return self._request("invoke", _ROOT, (name, *arguments), keywords)

        return invoke


class Peer:
    """One side of the conversation over a channel.

    Args:
        channel: Where the other side is.
        exports: The root object, whose public methods the other side may call; None for none.
        send_random_state: Send the random generators' state with requests, for the other side to install.
        before_call: Called before a request that is not part of another one. May make requests itself.
        after_call: Called after such a request, however it ended, unless the conversation is broken. As before.
        give_up: Called when nobody waits for the reply to a request any more, to have the other side interrupted.
        drain_outputs: Returns plain data to go with each message.
        on_outputs: Is given what came with a message. Without it, nothing may come.
        files: The files that both sides share. Without it, none may come.
        limits: Bounds on what is sent and accepted.
        trusts_peer: The other side may look into and change every object that it is given, is sent tracebacks
            and sets the random generators. True in the student's process only.
        peer_name: Whose objects the proxies stand for, for `repr`.
        is_student_file: Tells the student's frames in a traceback by their file names.

    Attributes:
        root: The other side's root object.
        classes: The classes whose instances cross as values.
        broken: Why the conversation has ended, or None.
        deadline: A time of `time.monotonic` by which every reply must be there; None to wait for ever.

    """

    def __init__(
        self,
        channel: Channel,
        *,
        exports: object = None,
        send_random_state: bool = False,
        before_call: Callable[[], object] | None = None,
        after_call: Callable[[], object] | None = None,
        give_up: Callable[[], object] | None = None,
        drain_outputs: Callable[[], list[Plain]] | None = None,
        on_outputs: Callable[[list[Plain]], object] | None = None,
        files: SharedFiles | None = None,
        limits: Limits | None = None,
        trusts_peer: bool = False,
        peer_name: str = "student's",
        is_student_file: Callable[[str], bool] = is_cell,
    ) -> None:
        self.limits = limits or Limits()
        self.broken: WireError | None = None
        self.deadline: float | None = None
        self.root = Root(self._request)
        self._channel = channel
        self._exports = exports
        self._random = RandomStateSender() if send_random_state else None
        self._before_call = before_call
        self._after_call = after_call
        self._give_up = give_up or (lambda: None)
        self._drain_outputs = drain_outputs
        self._on_outputs = on_outputs
        self._files = files
        self._guarded = not trusts_peer
        self._peer_name = peer_name
        self._lent = LentObjects(self.limits.handles, self._guarded)
        self._borrowed = BorrowedObjects(self.limits, self._request, peer_name)
        self._exchanges = HandleExchange(self._lent, self._borrowed)
        self._codec = Codec(self.limits, self._exchanges, trusts_peer)
        self.classes = self._codec.classes
        self._failures = FailureCodec(self.limits, trusts_peer, is_student_file)
        self._open = 0  # requests under way here, made or served
        self._serving = 0  # those that are served
        self._synchronising = False
        self._lock = threading.RLock()  # who makes requests
        self._is_over = False  # whether threads that were let make requests no longer may
        self._listening = False  # whether it is the other side's turn
        self._refuses = False  # whether nothing is done for the other side any more
        self._last_id = 0
        self._waiting: list[int] = []
        self._unanswered: set[int] = set()
        self._held_outputs: list[Plain] = []
        self._held_dropped: list[list[int]] = []
        self._held_files: dict[str, Plain] = {}

    @property
    def is_serving(self) -> bool:
        """Whether what runs here now was asked for by the other side."""
        return self._serving > 0

    @contextlib.contextmanager
    def open_to_threads(self) -> Iterator[None]:
        """Let other threads that are started inside make requests, too; in the end nobody waits for a reply."""
        self._is_over = False
        try:
            yield
        finally:
            self._is_over = True
            if not self._lock.acquire(blocking=False):
                self._give_up()
                self._lock.acquire()
            try:
                self._await_late_replies()
            finally:
                self._lock.release()

    def tell_files(self) -> None:
        """Tell the other side now what has changed in the files that both share, if something has."""
        if self._files is not None:
            self._held_files |= dict(self._files.pending())
        if self._held_files:
            self.root.get([])

    def revoke(self, thing: object) -> None:
        """Take back an object of ours: the other side cannot use it any more."""
        number = self._lent.number_of(thing)
        if number is not None:
            self._lent.revoke(number)

    def serve(self, message: Plain) -> None:
        """Answer a request that somebody else read from the channel.

        From a trusted peer it may be a reply that comes too late. Whatever goes wrong in the doing is the answer.
        Raises `WireError` if the conversation is broken, and KeyboardInterrupt for one that comes when the answer is on
        its way.
        """
        self._check_alive()
        try:
            if self._kind(message) == "request":
                self._serve(message[1])
            elif self._guarded:
                raise OutOfTurn("expected a request")
            else:
                self._take_reply(message[1])
        except WireError as error:
            self._break(error)
            raise

    # Asking

    def _request(
        self,
        operation: str,
        number: int,
        arguments: tuple[object, ...] = (),
        keywords: Mapping[str, object] = _NO_KEYWORDS,
        failure: BaseException | None = None,
    ) -> Any:
        with self._lock:
            if self._is_over and threading.current_thread() is not threading.main_thread():
                raise RuntimeError("the cell that started this thread is over")
            if self._listening:
                raise RuntimeError(
                    f"one of the {self._peer_name} functions is running: a signal handler cannot call another one"
                )
            outermost = not self._open and not self._synchronising
            if outermost:
                self._synchronise(self._before_call)
            try:
                return self._ask(operation, number, arguments, keywords, failure)
            finally:
                if outermost and self.broken is None:
                    self._synchronise(self._after_call)

    def _synchronise(self, hook: Callable[[], object] | None) -> None:
        if hook is not None:
            self._synchronising = True
            try:
                hook()
            finally:
                self._synchronising = False

    def _ask(
        self,
        operation: str,
        number: int,
        arguments: tuple[object, ...],
        keywords: Mapping[str, object],
        failure: BaseException | None,
    ) -> Any:
        self._check_alive()
        if self._open >= self.limits.nesting:
            raise RecursionError(f"more than {self.limits.nesting} calls between the processes are open")
        self._open += 1
        try:
            encoded = self._codec.encode([arguments, dict(keywords)])
            reply = self._exchange(operation, number, encoded, failure)
            return self._finish(encoded, reply)
        except WireError as error:
            self._break(error)
            raise
        finally:
            self._open -= 1

    def _exchange(self, operation: str, number: int, encoded: Encoded, failure: BaseException | None) -> dict[str, Any]:
        """Send a request and return the reply, having served what came before it."""
        self._last_id += 1
        identity = self._last_id
        body = {
            "id": identity,
            "op": operation,
            "on": number,
            "graph": encoded.graph,
            "failure": None if failure is None else self._failures.pack(failure),
            "random": None if self._random is None else self._random.pending(),
        }
        try:
            frame = self._prepare("request", body)
        except MessageTooLarge as error:
            self._exchanges.take_back(encoded.lent)
            if self._random is not None:
                self._random.forget()
            raise Refused(f"the arguments cannot be sent: {error}") from None
        self._unanswered.add(identity)
        self._waiting.append(identity)
        try:
            self._listening = True
            self._post(frame)
            return self._wait_for(identity)
        except WireError:
            raise
        except BaseException:
            if self._listening:
                self._give_up()
            raise
        finally:
            self._listening = False
            self._waiting.pop()

    def _wait_for(self, identity: int) -> dict[str, Any]:
        while (reply := self._next_reply())["id"] != identity:
            pass  # to a request that was given up, after an interrupt: it is late and means nothing
        return reply

    def _next_reply(self) -> dict[str, Any]:
        """Serve what is asked until there is a reply: to the last request, or a late one."""
        while True:
            self._listening = True
            message = self._channel.receive(self.deadline)
            self._listening = False
            if self._kind(message) == "request":
                self._serve(message[1])
                continue
            return self._take_reply(message[1])

    def _take_reply(self, body: Any) -> dict[str, Any]:
        reply = self._check_reply(body)
        answered = reply["id"]
        if answered not in self._unanswered or answered in self._waiting[:-1]:
            raise OutOfTurn("a reply that nobody waits for")
        self._unanswered.discard(answered)
        self._note(reply)
        return reply

    def _await_late_replies(self) -> None:
        """Wait until the other side is done with all that was given up; it is refused whatever it asks for that."""
        self._refuses = True
        try:
            while self._unanswered and self.broken is None:
                self._next_reply()
        except WireError as error:
            self._break(error)
        finally:
            self._refuses = self._listening = False

    def _finish(self, encoded: Encoded, reply: dict[str, Any]) -> Any:
        """Apply what the reply changes; return its result or raise its failure."""
        decoded = self._codec.decode(reply["graph"], encoded.objects, reply["restore"])
        tags = [node[0] for node in encoded.graph[1]]
        if reply["failure"] is None:
            apply_changes(encoded.objects, tags, decoded)
            return decoded.value
        failure = self._failures.unpack(reply["failure"])
        apply_changes(encoded.objects, tags, decoded)
        raise failure

    # Answering

    def _serve(self, body: Any) -> None:
        """Do what a request asks and send the reply."""
        request = self._check_request(body)
        asked: Decoded | None = None
        watch: ArgumentWatch | None = None
        result: object = None
        failure: BaseException | None = None
        self._open += 1
        try:
            self._note(request)
            if request["random"] is not None:
                install(request["random"])
            if self._open > self.limits.nesting:
                raise RecursionError(f"more than {self.limits.nesting} calls between the processes are open")
            if self._refuses:
                raise RuntimeError("nobody waits any more for the call that asks this")
            asked = self._codec.decode(request["graph"])
            watch = ArgumentWatch(asked)
            self._serving += 1
            try:
                result = self._do(request, asked)
            finally:
                self._serving -= 1
        except BaseException as error:
            if self._is_fatal(error):
                raise
            failure = error
        finally:
            self._open -= 1
        self._reply(request["id"], result, failure, asked, watch)

    def _do(self, request: dict[str, Any], asked: Decoded) -> object:
        value = asked.value
        if type(value) is not list or len(value) != 2 or type(value[0]) is not tuple:
            raise MalformedMessage("a request without arguments")
        arguments, keywords = value
        if type(keywords) is not dict or not all(type(name) is str for name in keywords):
            raise MalformedMessage("a request without keywords")
        operation, number = request["op"], request["on"]
        if operation in ("exit", "aexit"):
            failed = request["failure"]
            arguments = () if failed is None else (self._failures.unpack(failed),)
        if operation == "invoke":
            return self._invoke(number, arguments, keywords)
        return perform(operation, self._lent.get(number), arguments, keywords, self._guarded)

    def _invoke(self, number: int, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> object:
        if number != _ROOT or self._exports is None or not arguments:
            raise LookupError("there is no root object")
        name, *rest = arguments
        if type(name) is not str or name.startswith("_"):
            raise AttributeError("the root object has public methods only")
        return getattr(self._exports, name)(*rest, **keywords)

    def _reply(
        self,
        identity: int,
        result: object,
        failure: BaseException | None,
        asked: Decoded | None,
        watch: ArgumentWatch | None,
    ) -> None:
        """Send a reply in any case: if the full one cannot be sent, one that says so."""
        arguments = asked.objects if asked is not None else []
        try:
            changed = watch.changed() if watch is not None else []
            encoded = self._codec.encode(result, arguments, changed)
            try:
                frame = self._prepare("reply", self._reply_body(identity, encoded, failure))
            except MessageTooLarge as error:
                self._exchanges.take_back(encoded.lent)
                raise Refused(f"the result cannot be sent: {error}") from None
        except BaseException as error:
            if self._is_fatal(error):
                raise
            body = self._reply_body(identity, self._codec.encode(None), failure or error)
            try:
                frame = self._prepare("reply", body)
            except MessageTooLarge:
                self._held_outputs.clear()
                frame = self._prepare("reply", body)
        self._post(frame)

    def _reply_body(self, identity: int, encoded: Encoded, failure: BaseException | None) -> dict[str, Any]:
        packed = None if failure is None else self._failures.pack(failure)
        return {"id": identity, "graph": encoded.graph, "restore": encoded.restore, "failure": packed}

    # Both

    def _prepare(self, kind: str, body: dict[str, Any]) -> Frame:
        """Return a message ready to go, with what goes along; that is kept if the message is too large."""
        self._held_dropped += self._borrowed.dropped()
        if self._drain_outputs is not None:
            self._held_outputs += self._drain_outputs()
        if self._files is not None and (changes := self._files.pending()):
            self._held_files |= dict(changes)
        files = [[path, self._held_files[path]] for path in sorted(self._held_files)]
        along = {"dropped": self._held_dropped, "outputs": self._held_outputs, "files": files}
        frame = self._channel.prepare([kind, body | along])
        self._held_dropped, self._held_outputs, self._held_files = [], [], {}
        return frame

    def _post(self, frame: Frame) -> None:
        """Send a message whole. An interrupt has to wait until it is: half a message is worthless."""
        try:
            self._channel.post(frame, self.deadline)
        except WireError:
            raise
        except BaseException:
            self._channel.post(frame, self.deadline)
            raise

    def _note(self, body: dict[str, Any]) -> None:
        """Take in what goes with every message."""
        for number, times in body["dropped"]:
            self._lent.give_back(number, times)
        if body["outputs"] and self._on_outputs is not None:
            self._on_outputs(body["outputs"])
        if body["files"] and self._files is not None:
            self._files.apply(body["files"])

    def _kind(self, message: Any) -> str:
        if type(message) is not list or len(message) != 2:
            raise MalformedMessage("not a message of this protocol")
        if message[0] == "lost":
            raise ChannelClosed(f"the other process has gone: {str(message[1])[:200]}")
        if message[0] not in ("request", "reply"):
            raise MalformedMessage("neither a request nor a reply")
        return "request" if message[0] == "request" else "reply"

    def _check_request(self, body: Any) -> dict[str, Any]:
        request = self._check_common(body, _REQUEST)
        if type(request["op"]) is not str or request["op"] not in _OPERATIONS:
            raise MalformedMessage("an unknown operation")
        if type(request["on"]) is not int:
            raise MalformedMessage("an operation on nothing")
        if request["random"] is not None and self._guarded:
            raise MalformedMessage("a random state that nobody asked for")
        return request

    def _check_reply(self, body: Any) -> dict[str, Any]:
        reply = self._check_common(body, _REPLY)
        if type(reply["restore"]) is not list:
            raise MalformedMessage("a reply that restores nothing")
        return reply

    def _check_common(self, body: Any, fields: frozenset[str]) -> dict[str, Any]:
        if type(body) is not dict or body.keys() != fields or type(body["id"]) is not int:
            raise MalformedMessage("a message with other fields")
        dropped, outputs, files = body["dropped"], body["outputs"], body["files"]
        if not type(dropped) is type(outputs) is type(files) is list:
            raise MalformedMessage("a message with other fields")
        for entry in dropped:
            if type(entry) is not list or [type(part) for part in entry] != [int, int] or entry[1] < 0:
                raise MalformedMessage("a wrong handle given back")
        if outputs and self._on_outputs is None:
            raise MalformedMessage("outputs that nobody asked for")
        if files and self._files is None:
            raise MalformedMessage("files that nobody asked for")
        return body

    def _is_fatal(self, error: BaseException) -> bool:
        """Return whether an exception out of served code means that the conversation is broken."""
        return isinstance(error, WireError)

    def _check_alive(self) -> None:
        if self.broken is not None:
            raise ChannelClosed(f"the other process cannot be used any more: {self.broken}")

    def _break(self, error: WireError) -> None:
        if self.broken is None:
            self.broken = error
