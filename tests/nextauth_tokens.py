"""Tokens as NextAuth v4 and Auth.js v5 make them, for tests that need claims of their own."""

import json
from collections.abc import Mapping
from typing import Any, Final

from joserfc.jwe import encrypt_compact

from spike_nextauth.keys import CBC, GCM, keys_of

SECRET: Final = "a secret of more than thirty-two characters"
V4, V5 = "next-auth.session-token", "authjs.session-token"


def a_token(claims: Mapping[str, Any] | str, *, cookie: str = V4, secret: str = SECRET, **header: Any) -> str:
    """Return the encrypted claims; NextAuth v4's form under its cookies' names, else Auth.js v5's."""
    v5_cbc, _, v4_gcm = keys_of(secret, cookie=cookie)
    key, encryption = (v4_gcm, GCM) if "next-auth" in cookie else (v5_cbc, CBC)
    protected = {"alg": "dir", "enc": encryption, **({} if encryption == GCM else {"kid": key.id}), **header}
    text = claims if isinstance(claims, str) else json.dumps(claims)
    return encrypt_compact(protected, text, key.key, algorithms=["dir", encryption, "DEF"])
