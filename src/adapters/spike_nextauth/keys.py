"""The keys that NextAuth v4 and Auth.js v5 derive from their secret (HKDF, RFC 5869)."""

import base64
import hashlib
import json
from typing import Final

from attrs import field, frozen
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc.jwk import OctKey

GCM: Final = "A256GCM"
CBC: Final = "A256CBC-HS512"
_V4_INFO: Final = "NextAuth.js Generated Encryption Key"
_V5_INFO: Final = "Auth.js Generated Encryption Key"
_KEY_BYTES: Final = {GCM: 32, CBC: 64}


@frozen(kw_only=True)
class TokenKey:
    """A key, the content encryption that it is for, and the id by which tokens may name it."""

    encryption: str
    key: OctKey = field(repr=False)
    id: str


def keys_of(secret: str, *, cookie: str) -> list[TokenKey]:
    """Return the keys that encrypt the tokens in a cookie: Auth.js v5's by the cookie's name, and NextAuth v4's."""
    v5 = f"{_V5_INFO} ({cookie})"
    return [
        _derived(secret, encryption=CBC, salt=cookie, info=v5),
        _derived(secret, encryption=GCM, salt=cookie, info=v5),
        _derived(secret, encryption=GCM, salt="", info=_V4_INFO),
    ]


def _derived(secret: str, *, encryption: str, salt: str, info: str) -> TokenKey:
    derivation = HKDF(algorithm=SHA256(), length=_KEY_BYTES[encryption], salt=salt.encode(), info=info.encode())
    key = derivation.derive(secret.encode())
    return TokenKey(encryption=encryption, key=OctKey.import_key(key), id=_thumbprint(key))


def _thumbprint(key: bytes) -> str:
    """Return the thumbprint of a key (RFC 7638) by SHA-512, as Auth.js has it."""
    canonical = json.dumps({"k": _base64url(key), "kty": "oct"}, separators=(",", ":"), sort_keys=True)
    return _base64url(hashlib.sha512(canonical.encode()).digest())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
