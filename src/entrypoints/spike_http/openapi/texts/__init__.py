"""The API reference in words: what each operation does, when it fails, and an example of it, by operation id."""

from collections.abc import Mapping
from typing import Final

from spike_http.openapi.texts.albums import ALBUMS
from spike_http.openapi.texts.anonymous import ANONYMOUS
from spike_http.openapi.texts.enhancements import ENHANCEMENTS
from spike_http.openapi.texts.generations import GENERATIONS
from spike_http.openapi.texts.images import IMAGES
from spike_http.openapi.texts.jobs import JOBS
from spike_http.openapi.texts.operation_text import OperationText
from spike_http.openapi.texts.quotes import QUOTES
from spike_http.openapi.texts.service import SERVICE
from spike_http.openapi.texts.sessions import SESSIONS
from spike_http.openapi.texts.tiers import TIERS
from spike_http.openapi.texts.tokens import TOKENS
from spike_http.openapi.texts.uploads import UPLOADS
from spike_http.openapi.texts.webhooks import WEBHOOKS

TEXTS: Final[Mapping[str, OperationText]] = {
    **UPLOADS,
    **ENHANCEMENTS,
    **IMAGES,
    **JOBS,
    **ALBUMS,
    **GENERATIONS,
    **TOKENS,
    **TIERS,
    **WEBHOOKS,
    **QUOTES,
    **ANONYMOUS,
    **SESSIONS,
    **SERVICE,
}
