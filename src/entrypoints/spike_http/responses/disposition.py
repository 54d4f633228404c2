"""`Content-Disposition` (RFC 6266): the name under which a browser saves a response."""

import re
from typing import Final
from urllib.parse import quote

_NOT_PLAIN: Final = re.compile(r"[^ !#$&\'()+,.0-9;=@A-Z\[\]^_`a-z{}~-]")  # `%` too: some clients decode it
_ATTR_CHARS: Final = "!#$&+-.^_`|~"  # RFC 8187, section 3.2.1, beside letters and digits


def attachment(name: str) -> str:
    """Return the header's value for a file of this name, which may be in any script.

    >>> print(attachment("früh.jpg"))
    attachment; filename="fr_h.jpg"; filename*=UTF-8''fr%C3%BCh.jpg
    """
    plain = _NOT_PLAIN.sub("_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_ATTR_CHARS)}"
