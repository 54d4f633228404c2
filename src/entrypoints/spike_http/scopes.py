"""The scope that a credential needs for each operation. A session may do everything."""

from collections.abc import Mapping
from typing import Final

from spike_core.domain.accounts import ExternalIdentity, Session
from spike_core.domain.api_keys import ALL_SCOPES, Scope
from spike_core.domain.errors import InsufficientScope, SessionRequired
from spike_core.ports.authenticator import Identity

SESSION_ONLY: Final = None  # no other credential may
SIGN_IN: Final = "POST /api/session"

SCOPES: Final[Mapping[str, Scope | None]] = {
    "POST /api/images/upload": Scope.SPEND,
    "POST /api/images/batch-upload": Scope.SPEND,
    "POST /api/images/enhance": Scope.SPEND,
    "POST /api/images/parallel-enhance": Scope.SPEND,
    "POST /api/images/batch-enhance": Scope.SPEND,
    "POST /api/images/move-to-album": Scope.MANAGE,
    "POST /api/images/delete": Scope.MANAGE,
    "GET /api/images": Scope.READ,
    "GET /api/images/layout": Scope.READ,
    "POST /api/images/links": Scope.READ,
    "POST /api/images/download": Scope.READ,
    "GET /api/albums/{album_id}/download": Scope.READ,
    "GET /api/images/{image_id}": Scope.READ,
    "PATCH /api/images/{image_id}": Scope.MANAGE,
    "DELETE /api/images/{image_id}": Scope.MANAGE,
    "GET /api/images/{image_id}/jobs": Scope.READ,
    "POST /api/images/{image_id}/analysis": Scope.READ,
    "POST /api/jobs/batch-status": Scope.READ,
    "GET /api/jobs/{job_id}": Scope.READ,
    "POST /api/jobs/{job_id}/cancel": Scope.SPEND,
    "GET /api/batches/{batch_id}": Scope.READ,
    "POST /api/mcp/generate": Scope.SPEND,
    "POST /api/mcp/modify": Scope.SPEND,
    "GET /api/mcp/jobs/{job_id}": Scope.READ,
    "GET /api/mcp/history": Scope.READ,
    "GET /api/mcp/balance": Scope.READ,
    "GET /api/albums": Scope.READ,
    "POST /api/albums": Scope.MANAGE,
    "GET /api/albums/{album_id}": Scope.READ,
    "GET /api/albums/{album_id}/layout": Scope.READ,
    "PATCH /api/albums/{album_id}": Scope.MANAGE,
    "DELETE /api/albums/{album_id}": Scope.MANAGE,
    "POST /api/albums/{album_id}/images": Scope.MANAGE,
    "PATCH /api/albums/{album_id}/images": Scope.MANAGE,
    "DELETE /api/albums/{album_id}/images": Scope.MANAGE,
    "GET /api/tokens/balance": Scope.READ,
    "GET /api/tokens/history": Scope.READ,
    "GET /api/usage": Scope.READ,
    "GET /api/tiers": Scope.READ,
    "POST /api/quotes": Scope.READ,
    "GET /api/settings/api-keys": Scope.READ,
    "POST /api/settings/api-keys": SESSION_ONLY,
    "DELETE /api/settings/api-keys/{key_id}": Scope.MANAGE,
    "GET /api/settings/webhooks": Scope.READ,
    "POST /api/settings/webhooks": Scope.MANAGE,
    "PATCH /api/settings/webhooks/{webhook_id}": Scope.MANAGE,
    "DELETE /api/settings/webhooks/{webhook_id}": Scope.MANAGE,
    "POST /api/settings/webhooks/{webhook_id}/test": Scope.MANAGE,
    "GET /api/settings/webhooks/{webhook_id}/deliveries": Scope.READ,
    "POST /api/settings/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver": Scope.MANAGE,
    "GET /api/session": Scope.READ,
    SIGN_IN: SESSION_ONLY,
    "DELETE /api/session": Scope.MANAGE,
    "GET /api/sessions": Scope.READ,
}
"""By method and route: every operation that accepts credentials. A test compares them with the OpenAPI document."""


def check_scope(identity: Identity, *, method: str, route: str | None) -> None:
    """Check that a request may do an operation; Spike's own sessions may do all that their scopes allow.

    So may a user whom another program has signed in, but for opening a session of Spike's own, which would outlast
    that. To any other credential, an operation that isn't in the table is refused.

    Raises:
        SessionRequired: none but a session may.
        InsufficientScope: the credential lacks the scope.
    """
    operation = f"{method} {route}"
    if isinstance(identity.credential, Session | ExternalIdentity) and identity.scopes == ALL_SCOPES:
        if isinstance(identity.credential, ExternalIdentity) and operation == SIGN_IN:
            raise SessionRequired
        return
    required = SCOPES.get(operation)
    if required is None:
        raise SessionRequired
    if required not in identity.scopes:
        raise InsufficientScope(required.value)
