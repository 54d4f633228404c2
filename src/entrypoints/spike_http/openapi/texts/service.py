"""Files, health and metrics."""

from collections.abc import Mapping
from typing import Final

from spike_http.openapi.texts.examples import EXPIRES, IMAGE_ID, SIGNATURE
from spike_http.openapi.texts.operation_text import OperationText

SERVICE: Final[Mapping[str, OperationText]] = {
    "getFile": OperationText(
        summary="Get a file",
        description="""
Return an original or a result from a store that the service itself serves, such as local files. Take the URL from
other responses: it can't be built from an id. The file of a public image needs no `expires` and `signature`.

The response has the image's media type, a strong `ETag`, `Last-Modified`, and a `Content-Security-Policy` that lets
nothing run. Caches of browsers may keep what a signed URL leads to for `SPIKE_LINK_LIFETIME_S`; any cache may keep the
file of a public image for 300 seconds. `If-None-Match` and `If-Modified-Since` are answered with 304, and one `Range`
with 206, so that downloads are resumed; `If-Range` is obeyed. Several ranges are answered with the whole file.
""",
        errors={
            403: "The URL has expired, or its signature is wrong.",
            404: "There is no such file, or it is private and the URL has no signature.",
            503: "The database or the store is unavailable. `Retry-After` says when to try again.",
        },
        path={"folder": "images", "name": f"{IMAGE_ID}.jpg"},
        query={"expires": str(EXPIRES), "signature": SIGNATURE},
    ),
    "isAlive": OperationText(
        summary="Check liveness",
        description="Answer that the process is running.",
        response={"status": "ok"},
    ),
    "isReady": OperationText(
        summary="Check readiness",
        description="""
Check the database, the object store, the worker queue and whether any process runs jobs, concurrently and within two seconds. Each check is `ok`,
`unavailable`, or `timeout` if the component didn't answer in time. `connections`, those of this process to the database, and `threads`, those
of this server, are `exhausted` if all are in use for half a second while this is checked. `workers` are `absent` if no process has reported
within 45 seconds that it runs jobs; `reasons` says so in words.

| Status | `status` | Meaning |
|---|---|---|
| 200 | `ready` | everything works |
| 200 | `degraded` | the worker queue is unavailable; requests are accepted, and their jobs wait in the database |
| 200 | `degraded` | `workers` are absent; requests are accepted, and their jobs wait for one |
| 200 | `degraded` | `connections` or `threads` are exhausted; requests wait for them |
| 503 | `unavailable` | the database or the object store is unavailable; most requests fail |
""",
        errors={503: "The database or the object store is unavailable. The body is that of 200."},
        response={
            "status": "ready",
            "checks": {
                "database": "ok",
                "storage": "ok",
                "broker": "ok",
                "workers": "ok",
                "connections": "ok",
                "threads": "ok",
            },
            "reasons": {},
        },
    ),
    "getMetrics": OperationText(
        summary="Get metrics",
        description="""
Return metrics in Prometheus's text format (version 0.0.4). They are meant for operators: let the reverse proxy
block this path from outside.

Series that are read from the database are the same in every process. The others count per process; the processes of
one machine are added up in the folder `SPIKE_METRICS_DIR`, which should be emptied when the machine starts.
""",
    ),
}
