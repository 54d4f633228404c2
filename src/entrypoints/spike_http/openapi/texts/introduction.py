"""What holds for every operation: the description of the API as a whole, in CommonMark."""

import json
from collections.abc import Iterable
from typing import Any, Final

from spike_core.domain.idempotency import KEY_CHARS_MAX
from spike_http.openapi.limits import BODY_MB

_TEMPLATE: Final = """
Upload images and get them back enhanced, blended, generated or modified. Every paid operation is charged in tokens.

## Credentials

Send one of these:

- the header `Authorization: Bearer …` with a session token or an API key (`sk_live_…`);
- the cookie `__Host-next-auth.session-token`, `__Secure-next-auth.session-token` or `next-auth.session-token` with a
  session token.

With `SPIKE_NEXTAUTH_SECRET`, the cookies `authjs.session-token` and `next-auth.session-token` of an Auth.js or NextAuth
app are credentials too, also with the prefix `__Secure-` and in chunks `.0`, `.1`: they allow what a session does, but
open no session. A valid one whose person has no account here is answered with 403.

`spike serve` and `spike users create` hand out credentials. Session tokens are valid for 30 days, API keys until
they are revoked or expire; create more keys with `POST /api/settings/api-keys`. A browser gets the cookie from `POST
/api/session`, as the studio does.

An API key is refused with 403 where it lacks the scope that the operation names, and everywhere that needs a session:
it opens no session and creates no keys.

If there is a header, only the header counts: a wrong one is answered with 401, even beside a valid cookie. Of
several cookies, the first valid one counts; eight are tried. A cookie with POST, PATCH or DELETE is refused with
403 if the request comes from another site (`Origin`, `Sec-Fetch-Site`).

## Responses

- Every response has `X-Request-ID: req_…`. The id is in the log lines of the request and of the job that it
  created.
- Responses are JSON, except files, pages and metrics.
- HEAD is answered wherever GET is, with the same status and headers and without a body. It counts against the rate
  limit of GET and waits with `?wait=N`, but doesn't add to `viewCount`.
- JSON of more than 1 kB is compressed by gzip if `Accept-Encoding` accepts it.
- Pages of other origins may call the API where `SPIKE_CORS_ORIGINS` allows it.
- A slash at the end of a path is ignored: `/api/images/` is `/api/images`. A double slash is not.
- Times are in UTC: `2025-12-12T10:30:00Z`.
- URLs are absolute. They begin with `SPIKE_PUBLIC_URL` if it is set, else with the requested host.
- URLs of files (`url`, `originalUrl`, `enhancedUrl`) are signed and expire after `SPIKE_LINK_LIFETIME_S`. Those of
  public images are plain, unless the files are in a bucket, where all are signed. With `SPIKE_CDN_URL` all are
  plain and begin with it.
- A signed URL stays the same for half of its lifetime, so browsers can cache it. `urlExpiresAt` says how long all URLs
  of a response are valid at least; it is null if none expires. [Renew](#renew-links) them afterwards.
- Ids are a prefix and 24 characters: `img_…`, `job_…`, `album_…`, `user_…`, `key_…`. A text that can't be an id is
  answered like an unknown id.

## Rate limits

A limited operation answers a number of requests within {window}, counted from the first of them, and then 429 until
the window ends. Every request with valid credentials counts, whatever the response is. Requests are counted per
user; those without credentials per client, which is an IPv4 address or an IPv6 /64 network. Behind a reverse proxy
set `SPIKE_TRUSTED_PROXIES`, or all clients share one limit. Operations without a limit of their own are limited
only if `SPIKE_RATE_GENERAL` is set.

A response that counts against a limit has `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` (the
end of the window, in seconds since 1970), and the same as structured fields: `RateLimit-Policy: "upload";q=30;w=900`
says that 30 requests are allowed in 900 seconds, and `RateLimit: "upload";r=29;t=840` that 29 are left for 840
seconds. A 429 also has `Retry-After` and `retryAfter`, in seconds.
Its `code` is `TOO_MANY_JOBS` if not the rate limit but the number of [open jobs](#get-usage-and-limits) is reached.

| Endpoint | Requests | Setting |
|---|---|---|
{limits}

## Idempotency-Key

A request whose response was lost can be repeated without a second effect. Send the header `Idempotency-Key` with a
value of 1 to {key_chars} visible ASCII characters that is new for each request.

| Repeated request | Response |
|---|---|
| the same request, after it succeeded | the first response again, with `Idempotency-Replayed: true` |
| the same request, after it failed | as for a new request |
| the same request, while the first is still being processed | 409 |
| a different request with the same key | 422 |

Keys belong to their user and are kept for 24 hours. Forms are the same if their files, names and album are. The
header is accepted by the operations that list it: those that upload, enhance or generate, and `POST /api/albums`.
`POST /api/settings/api-keys` doesn't accept it, because its response contains a secret that isn't stored. Other
operations have the same effect when they are repeated, and ignore it.

## Waiting

With `?wait=N`, the operations that return a job, a batch or an image answer when its work has ended, or after N
seconds (0 to 30) with its current state. Prefer this to polling every two seconds, which the rate limit of `GET
/api/images/{{imageId}}` stops after 200 seconds. At most half of the server's threads wait at the same time, also for
uploads to be checked, which come first; beyond that the response is sent at once, with `Retry-After`.

## Base64

Images in JSON (`blendSource.base64`, `image`) are encoded in the standard or the URL-safe base64 alphabet, but not
in a mixture of both, with or without padding. White space is ignored. The prefix of a `data:` URL is accepted, in
any case and with parameters: `data:image/png;name=x.png;base64,`. `mimeType` may be in any case; `image/jpg` and
`image/pjpeg` mean `image/jpeg`, `image/x-png` means `image/png`.

## Errors

Every error has this shape. `error`, `title` and `suggestion` are written for people, `code` for programs. A 402
also has `required` and `balance`.

```json
{error}
```

With `Accept: application/problem+json`, errors are problem details (RFC 9457) of that type: the same members, and
`type`, `status`, `detail` and `instance`. An `Accept` that prefers `application/json`, or has only wildcards, gets the
shape above; `Vary` says that the header matters.

Every operation can answer 500 if a part of the service fails, and 403 if a page of another site sends the cookie.
Unknown paths are answered with 404, methods that a path doesn't have with 405. A body in chunks of more
than {body_mb} MiB together is refused by the server with 413 and a line of plain text.

| Status | `code` | `error` |
|---|---|---|
{rows}
"""


def introduction(
    *, window_s: float, limits: Iterable[tuple[str, int, str]], error: Any, rows: Iterable[tuple[int, str, str]]
) -> str:
    """Return the description of the API.

    `limits` are endpoint, requests and setting of each rate limit; `rows` are status, code and message of each error.
    """
    minutes, seconds = divmod(round(window_s), 60)
    return _TEMPLATE.strip().format(
        window=f"{window_s:g} seconds" if seconds else f"{minutes} minutes",
        limits="\n".join(f"| `{endpoint}` | {requests} | `{setting}` |" for endpoint, requests, setting in limits),
        key_chars=KEY_CHARS_MAX,
        body_mb=BODY_MB,
        error=json.dumps(error, indent=2),
        rows="\n".join(f"| {status} | `{code}` | {message} |" for status, code, message in rows),
    )
