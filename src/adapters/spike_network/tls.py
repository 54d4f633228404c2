"""The settings of TLS connections, made once."""

import ssl
import threading

import httpcore2
from attrs import define, field


@define
class TlsContext:
    """The settings of TLS, with the system's certificates: made once, since reading these takes a fifth of a second."""

    _made: ssl.SSLContext | None = field(default=None, init=False)
    _making: threading.Lock = field(factory=threading.Lock, init=False)

    def of(self, url: str) -> ssl.SSLContext | None:
        """Return the context; for plain HTTP there is none."""
        if url.startswith("http:"):
            return None
        with self._making:
            self._made = self._made or httpcore2.default_ssl_context()
            return self._made
