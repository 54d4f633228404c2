"""The protocol between parent and child over a socket: small messages, and bytes in pieces.

A frame is one byte for its kind, four for its length, then the payload. A message's payload is a JSON object. Bytes are
any number of pieces followed by an empty piece, so that the length needn't be known in advance and a file isn't held in
memory at once. For a large file a descriptor is sent instead, with a single byte that isn't within a frame.

Nothing is unpickled from a child: its output is data, even if the child is compromised.
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
BUFFER_BYTES: Final = 1024 * 1024  # requested from the kernel, which may grant less
FOREVER: Final = math.inf
_FILE: Final = b"F"
_HEADER: Final = struct.Struct(">BI")


class MalformedMessage(Exception):
    """The data isn't of this protocol, or exceeds a limit."""


class Gone(Exception):
    """The other end has closed the connection."""


class TimeUp(Exception):
    """The other end neither received nor sent anything in time."""


class _Kind(IntEnum):
    MESSAGE = 1
    PIECE = 2


@frozen(eq=False)
class Channel:
    """One end of the socket. `until_s` is on the clock of `time.monotonic`, and covers the whole transfer.

    Every transfer may raise `Gone` or `TimeUp`; after these, or `MalformedMessage`, the channel can't be used any more.
    """

    socket: socket.socket
    _sending: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def send(self, message: Mapping[str, Any], *, until_s: float = FOREVER) -> None:
        """Send a message; thread-safe."""
        payload = json.dumps(message).encode()
        assert len(payload) <= MESSAGE_BYTES_MAX, "messages are small"
        with self._sending:
            self._send_frame(_Kind.MESSAGE, payload, until_s)

    def send_bytes(self, content: BinaryIO, *, until_s: float = FOREVER) -> None:
        """Send the rest of a stream."""
        with self._sending:
            while piece := content.read(PIECE_BYTES_MAX):
                self._send_frame(_Kind.PIECE, piece, until_s)
            self._send_frame(_Kind.PIECE, b"", until_s)

    def has_more(self, *, until_s: float) -> bool:
        """Wait until data can be received, the other end is closed, or time is up; return whether it isn't."""
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        return bool(poll.poll(max(0.0, until_s - time.monotonic()) * 1000))

    def receive(self, *, until_s: float = FOREVER) -> Mapping[str, Any]:
        """Return the next message.

        Raises:
            MalformedMessage: the data isn't a message.
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
            MalformedMessage: the data isn't bytes, or too long.
        """
        content = io.BytesIO()
        while piece := self._receive_frame(_Kind.PIECE, PIECE_BYTES_MAX, until_s):
            if content.tell() + len(piece) > bytes_max:
                raise MalformedMessage(f"more than {bytes_max} bytes")
            content.write(piece)
        return content.getvalue()

    def send_file(self, descriptor: int, *, until_s: float = FOREVER) -> None:
        """Send a file's descriptor."""
        with self._sending, self._deadline(until_s):
            socket.send_fds(self.socket, [_FILE], [descriptor])

    def receive_file(self, *, begin: int, bytes_max: int) -> bytes:
        """Return the content of the next file from `begin`.

        Raises:
            MalformedMessage: there is no file, or it is too long.
        """
        with self._deadline(FOREVER):
            sign, descriptors, _, _ = socket.recv_fds(self.socket, len(_FILE), 1)
        if not sign:
            raise Gone
        if sign != _FILE or len(descriptors) != 1:
            raise MalformedMessage("no file")
        with os.fdopen(descriptors[0], "rb", buffering=0) as file:
            if os.fstat(file.fileno()).st_size - begin > bytes_max:
                raise MalformedMessage(f"more than {bytes_max} bytes")
            file.seek(begin)
            return file.read()  # in one call, which allocates exactly the size

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()

    def _send_frame(self, kind: _Kind, payload: bytes, until_s: float) -> None:
        with self._deadline(until_s):
            self.socket.sendall(_HEADER.pack(kind, len(payload)))
        with self._deadline(until_s):
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
            with self._deadline(until_s):
                received = self.socket.recv_into(view[have:])
            if not received:
                raise Gone
            have += received
        return content

    @contextmanager
    def _deadline(self, until_s: float) -> Iterator[None]:
        """Limit one socket call by the time that is left, and translate its errors."""
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            raise TimeUp
        try:
            self.socket.settimeout(None if until_s == FOREVER else left_s)
            yield
        except TimeoutError as error:
            raise TimeUp from error
        except OSError as error:
            raise Gone from error
