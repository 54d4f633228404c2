"""What parent and child say to each other over a socket: small messages, and bytes in pieces.

A frame is one byte for its kind, four for its length, then the payload. A message's payload is a JSON object. Bytes are
any number of pieces and one empty piece at their end, so that neither side needs to know how many there are, and a
file goes through without being in memory at once. Where the bytes are a large file's, a descriptor of it is sent
instead, with a single byte that isn't within a frame.

Nothing is ever unpickled from here: what a child says is data, whatever has become of the child.
"""

import io
import json
import math
import os
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from typing import Any, BinaryIO, Final

from attrs import field, frozen

MESSAGE_BYTES_MAX: Final = 256 * 1024
PIECE_BYTES_MAX: Final = 256 * 1024
BUFFER_BYTES: Final = 1024 * 1024  # asked of the kernel, which may give less
FOREVER: Final = math.inf
_FILE: Final = b"F"
_HEADER: Final = struct.Struct(">BI")


class MalformedMessage(Exception):
    """What came isn't of this protocol, or is larger than it may be."""


class Gone(Exception):
    """The other end has hung up."""


class TooSlow(Exception):
    """The other end took, or sent, nothing more until the time was up."""


class _Kind(IntEnum):
    MESSAGE = 1
    PIECE = 2


@frozen(eq=False)
class Channel:
    """One end of the socket. `until_s` is on the clock of `time.monotonic`, and is for the whole of what is sent.

    Whatever sends or receives raises `Gone` and `TooSlow`; after these, or `MalformedMessage`, the wire is of no use.
    """

    socket: socket.socket
    _sending: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def send(self, message: Mapping[str, Any], *, until_s: float = FOREVER) -> None:
        """Send a message; any thread may."""
        payload = json.dumps(message).encode()
        assert len(payload) <= MESSAGE_BYTES_MAX, "messages are small"
        with self._sending:
            self._send_frame(_Kind.MESSAGE, payload, until_s)

    def send_bytes(self, content: BinaryIO, *, until_s: float = FOREVER) -> None:
        """Send all that is left in a stream."""
        with self._sending:
            while piece := content.read(PIECE_BYTES_MAX):
                self._send_frame(_Kind.PIECE, piece, until_s)
            self._send_frame(_Kind.PIECE, b"", until_s)

    def has_more(self, *, until_s: float) -> bool:
        """Wait until there is something to receive, or the other end is gone; not beyond the time."""
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        return bool(poll.poll(max(0.0, until_s - time.monotonic()) * 1000))

    def receive(self, *, until_s: float = FOREVER) -> Mapping[str, Any]:
        """Return the next message.

        Raises:
            Garbled: it is none.
        """
        payload = self._receive_frame(_Kind.MESSAGE, MESSAGE_BYTES_MAX, until_s)
        try:
            message = json.loads(payload)
        except ValueError as error:
            raise MalformedMessage("a message isn't JSON") from error
        if not isinstance(message, dict):
            raise MalformedMessage("a message isn't an object")
        return message

    def receive_bytes(self, *, bytes_max: int, until_s: float = FOREVER) -> bytes:
        """Return the next bytes.

        Raises:
            Garbled: they are none, or too many.
        """
        content = io.BytesIO()
        while piece := self._receive_frame(_Kind.PIECE, PIECE_BYTES_MAX, until_s):
            if content.tell() + len(piece) > bytes_max:
                raise MalformedMessage(f"more than {bytes_max} bytes")
            content.write(piece)
        return content.getvalue()

    def send_file(self, descriptor: int, *, until_s: float = FOREVER) -> None:
        """Hand over a file."""
        with self._sending, self._patience(until_s):
            socket.send_fds(self.socket, [_FILE], [descriptor])

    def receive_file(self, *, begin: int, bytes_max: int) -> bytes:
        """Return what is in the next file from there on.

        Raises:
            Garbled: there is no file, or too much in it.
        """
        with self._patience(FOREVER):
            sign, descriptors, _, _ = socket.recv_fds(self.socket, len(_FILE), 1)
        if not sign:
            raise Gone
        if sign != _FILE or len(descriptors) != 1:
            raise MalformedMessage("no file")
        with os.fdopen(descriptors[0], "rb", buffering=0) as file:
            if os.fstat(file.fileno()).st_size - begin > bytes_max:
                raise MalformedMessage(f"more than {bytes_max} bytes")
            file.seek(begin)
            return file.read()  # once, into as much memory as it takes

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def _send_frame(self, kind: _Kind, payload: bytes, until_s: float) -> None:
        with self._patience(until_s):
            self.socket.sendall(_HEADER.pack(kind, len(payload)))
        with self._patience(until_s):
            self.socket.sendall(payload)

    def _receive_frame(self, wanted: _Kind, bytes_max: int, until_s: float) -> bytearray:
        kind, length = _HEADER.unpack(self._receive_exactly(_HEADER.size, until_s))
        if kind != wanted or length > bytes_max:
            raise MalformedMessage(f"a frame of kind {kind} and {length} bytes")
        return self._receive_exactly(length, until_s)

    def _receive_exactly(self, size: int, until_s: float) -> bytearray:
        content = bytearray(size)
        view, have = memoryview(content), 0
        while have < size:
            with self._patience(until_s):
                received = self.socket.recv_into(view[have:])
            if not received:
                raise Gone
            have += received
        return content

    @contextmanager
    def _patience(self, until_s: float) -> Iterator[None]:
        """Give one call of the socket so much time, and say in our words what becomes of it."""
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            raise TooSlow
        try:
            self.socket.settimeout(None if until_s == FOREVER else left_s)
            yield
        except TimeoutError as error:
            raise TooSlow from error
        except OSError as error:
            raise Gone from error
