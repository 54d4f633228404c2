"""The session cookies of NextAuth and Auth.js: their names, and what a request sends in them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from attrs import frozen

from spike_core.ports.authenticator import IncomingRequest

COOKIES: Final = (
    "__Secure-authjs.session-token",
    "authjs.session-token",
    "__Secure-next-auth.session-token",
    "next-auth.session-token",
)
TOKENS_MAX: Final = 8  # of one request; each is decrypted
CHUNKS_MAX: Final = 16  # of one cookie; browsers keep some 4 kB in each
TOKEN_CHARS_MAX: Final = 32_768
# a JWE in compact form whose key isn't encrypted, since it is agreed on (RFC 7516, section 7.1)
_TOKEN: Final = re.compile(r"[\w-]{1,1024}\.\.[\w-]{1,64}\.[\w-]+\.[\w-]{1,64}", re.ASCII)


@frozen
class SentToken:
    """An encrypted token, and the name of its cookie without the number of a chunk: the name is part of the key."""

    cookie: str
    text: str


def sent_tokens(request: IncomingRequest) -> Sequence[SentToken]:
    """Return what looks like a token in the cookies, each once, at most `TOKENS_MAX`.

    A browser may send several cookies of a name, of longer paths first. What another strategy keeps in a cookie of
    the same name isn't a token of this kind.
    """
    found = (
        SentToken(name, text)
        for name in COOKIES
        for text in (*request.cookies(name), *_joined(request, name))
        if len(text) <= TOKEN_CHARS_MAX and _TOKEN.fullmatch(text)
    )
    return list(dict.fromkeys(found))[:TOKENS_MAX]


def _joined(request: IncomingRequest, name: str) -> Iterable[str]:
    """Return the texts of chunks `NAME.0`, `NAME.1`, …, joined by number; those of a longer path, which come first."""
    chunks: dict[int, list[str]] = defaultdict(list)
    for number in range(CHUNKS_MAX):
        sent = request.cookies(f"{name}.{number}")
        if not sent:
            break
        chunks[number].extend(sent)
    for path in range(min(TOKENS_MAX, max(map(len, chunks.values()), default=0))):
        yield "".join(sent[path] for _, sent in sorted(chunks.items()) if path < len(sent))
