"""The wallet, and API keys."""

from collections.abc import Mapping
from typing import Final

from spike_core.domain.secrets import Secret
from spike_http.openapi.limits import BATCH_BYTES, BATCH_FILES, FILE_BYTES, PIXELS, SOURCE_BYTES
from spike_http.openapi.texts.examples import API_KEY, BALANCE, KEY_ID, OTHER_JOB_ID
from spike_http.openapi.texts.operation_text import OperationText

_RULES: Final[Mapping[str, object]] = {
    "scopes": ["read", "spend"],
    "expiresAt": "2026-12-12T00:00:00Z",
    "monthlyLimit": 500,
}
_NO_RULES: Final[Mapping[str, object]] = {
    "scopes": ["read", "spend", "manage"],
    "expiresAt": None,
    "monthlyLimit": None,
    "spentThisMonth": None,
}

TOKENS: Final[Mapping[str, OperationText]] = {
    "getBalance": OperationText(
        summary="Get the balance",
        description="""
Return the tokens in your wallet, regenerated ones included. Regeneration stops where the balance and the tokens of jobs that
haven't ended reach `maxBalance`; grants and refunds may exceed it. `nextRegenerationAt` is null while it has stopped. The balance is `totalEarned` - `totalSpent` +
`totalRefunded`.
""",
        response=BALANCE,
    ),
    "getUsage": OperationText(
        summary="Get usage and limits",
        description="""
Return what your account uses and may use. A request that would exceed a limit is refused, and nothing is charged: 429
`TOO_MANY_JOBS` for open jobs, 403 `QUOTA_EXCEEDED` for images and bytes. Jobs beyond `processorSeconds` are accepted
and wait for your own jobs to end. When a user signs in more often than `sessions` allows, the oldest session ends.
`parkedTokens` were charged for jobs that haven't ended: they count toward `maxBalance` while tokens regenerate.
A program that uploads many files reads from `fileBytesMax`, `batchFilesMax` and `batchBytesMax` what one request takes;
`batchFilesMax` is also how many images one batch enhancement takes.
""",
        response={
            "freeJobs": {"used": 0, "limit": 100},
            "paidJobs": {"used": 2, "limit": 2000},
            "jobsPerImage": 50,
            "images": {"used": 312, "limit": 20000},
            "storedBytes": {"used": 1843200000, "limit": 20000000000},
            "processorSeconds": {"used": 210, "limit": 3600},
            "sessions": {"used": 2, "limit": 20},
            "parkedTokens": 7,
            "fileBytesMax": FILE_BYTES,
            "batchFilesMax": BATCH_FILES,
            "batchBytesMax": BATCH_BYTES,
            "sourceBytesMax": SOURCE_BYTES,
            "pixelsMax": PIXELS,
        },
    ),
    "listTransactions": OperationText(
        summary="List transactions",
        description="""
List the entries of your wallet's ledger, newest first. `amount` is negative for tokens that were spent. `txn_4` is
the fourth entry of this wallet. To read the next page, send `nextCursor` as `cursor`; it is null on the last page.
""",
        errors={400: "`limit` or `cursor` is not valid."},
        query={"limit": 20},
        response={
            "transactions": [
                {
                    "id": "txn_4",
                    "type": "REFUND",
                    "amount": 10,
                    "balanceAfter": 93,
                    "jobId": OTHER_JOB_ID,
                    "reason": "Refund: cancelled",
                    "reference": None,
                    "createdAt": "2025-12-12T10:30:05Z",
                }
            ],
            "nextCursor": "4",
            "hasMore": True,
        },
    ),
    "listApiKeys": OperationText(
        summary="List API keys",
        description="""
List your API keys, newest first: all that weren't revoked, and the 100 that were revoked last. `keyPrefix` is the
beginning of the key, to recognize it by; the service stores only the key's hash. `spentThisMonth` is what the key has
spent since the beginning of the month (UTC), less refunds; null for a key
without `monthlyLimit`, and for a revoked one.
""",
        response={"success": True, "apiKeys": [{**API_KEY, "revokedAt": None, "isActive": True, **_NO_RULES}]},
    ),
    "createApiKey": OperationText(
        summary="Create an API key",
        description="""
Create an API key. The response is the only one that contains the key. You may have ten active keys; two keys may
have the same name. An API key opens no session and creates no keys, so this needs a session.

| Scope | The key may |
|---|---|
| `read` | read what you may read |
| `spend` | upload, enhance, generate and modify images, at the FREE tier too, and cancel jobs |
| `manage` | change and delete images and albums, revoke keys, and sign you out |

No scope includes another: a program that enhances images and follows the jobs needs `read` and `spend`. Each operation
names its scope; without it, the answer is 403 with the code `INSUFFICIENT_SCOPE`.

The key's charges in a calendar month (UTC) never exceed `monthlyLimit`; refunds are subtracted from the month of the
charge. What would exceed it is answered with 403 and the code `API_KEY_LIMIT_REACHED`, and isn't charged.

The last six characters of a key are a checksum, so a mistyped key is refused without a look into the database.
""",
        errors={
            400: "A field is missing or breaks its rule.",
            409: "You already have ten active API keys.",
        },
        fields={
            "name": "Not blank, without control characters.",
            "scopes": "What the key may be used for.",
            "expiresAt": "When the key expires, in the future and with a time zone. Null: never.",
            "monthlyLimit": "The most tokens that the key may spend in a calendar month (UTC). Null: no limit.",
        },
        request={"name": "build server", **_RULES},
        response={
            "success": True,
            "apiKey": {**API_KEY, **_RULES, "key": Secret.api_key("3fZkT0vQ8mXw2RbY6nLc9pJdA5hG1sEuKiVo7tMzC4x").text},
        },
    ),
    "revokeApiKey": OperationText(
        summary="Revoke an API key",
        description="""
Revoke one of your API keys, permanently and from the next request on. A key may revoke itself. Revoking a key again
is not an error and keeps the time of the first revocation.

Earlier releases let API keys open sessions. Those that this key may have opened end with it: the sessions that were
opened by an earlier release, since the key was created, except the one that sends the request.
""",
        errors={404: "There is no such key, or it belongs to another user."},
        path={"keyId": KEY_ID},
        response={"success": True, "message": "API key revoked successfully"},
    ),
}
