"""A Spike server elsewhere, for `spike enhance --server`: quoted first, then uploaded, awaited and downloaded."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx2
from attrs import frozen

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import DEFAULT_OPTIONS, Mode, RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.ports.progress import ProgressMonitor
from spike_core.ports.upscaler import RenderedImage

WAIT_S: Final = 20  # of one long poll
PAUSE_S: Final = 1.0  # between polls that the server doesn't let wait
TIMEOUT_S: Final = 60.0
RESULT_BYTES_MAX: Final = 512 * 1024 * 1024


@frozen
class RemoteRefusal(Exception):
    """The server refused a request, can't be reached, or answers as no Spike does."""

    reason: str

    def __str__(self) -> str:
        """Return the message for the user."""
        return self.reason


@frozen(kw_only=True)
class Price:
    """What a picture will cost, and how long it will take, as quoted."""

    tokens: int
    balance: int
    seconds: float | None

    def __str__(self) -> str:
        tokens = "free" if not self.tokens else f"{self.tokens} of {self.balance} tokens"
        return tokens if self.seconds is None else f"{tokens}, about {self.seconds:.0f} s"


@frozen(kw_only=True)
class RemoteServer:
    """Requests to one server with one API key."""

    client: httpx2.Client
    downloads: httpx2.Client

    def quoted(self, original: bytes, tier: Tier, *, options: RenderOptions) -> Price:
        """Return what the upload and enhancement of a picture costs now; nothing is sent but its size.

        Raises:
            RemoteRefusal: it would be refused.
        """
        order = {"operation": "uploadImage", "file": len(original), "tier": tier.name, **_fields(options)}
        quote = self._json("POST", "/api/quotes", json=order)
        for reason in quote["reasons"]:
            raise RemoteRefusal(_sentence(reason))
        return Price(tokens=quote["tokens"], balance=quote["balance"], seconds=quote["seconds"])

    def enhanced(
        self, name: str, original: bytes, tier: Tier, *, options: RenderOptions, monitor: ProgressMonitor
    ) -> RenderedImage:
        """Upload a picture, wait for its enhancement and return it.

        The request's key is a digest of picture and order: a command that is repeated within a day pays once.

        Raises:
            RemoteRefusal: the server refused it, or the job failed.
        """
        fields = {"tier": tier.name, **{key: str(value) for key, value in _fields(options).items()}}
        digest = hashlib.sha256(json.dumps([name, fields]).encode() + hashlib.sha256(original).digest())
        uploaded = self._json(
            "POST",
            "/api/images/upload",
            data=fields,
            files={"file": (name, original)},
            headers={"Idempotency-Key": digest.hexdigest()},
        )
        return self._result(uploaded["enhancement"]["jobId"], monitor)

    def _result(self, job_id: str, monitor: ProgressMonitor) -> RenderedImage:
        while True:
            began_at_s = time.monotonic()
            job = self._json("GET", f"/api/jobs/{job_id}", params={"wait": WAIT_S})["job"]
            match job["status"]:
                case "PENDING" | "PROCESSING":
                    monitor.report(job["progress"] / 100)
                    time.sleep(max(0.0, PAUSE_S - (time.monotonic() - began_at_s)))  # a busy server doesn't wait
                case "COMPLETED":
                    return RenderedImage(
                        content=self._download(job["enhancedUrl"]),
                        format=PictureFormat(job["format"].upper()),
                        dimensions=Dimensions(width_px=job["enhancedWidth"], height_px=job["enhancedHeight"]),
                    )
                case _:
                    raise RemoteRefusal(job["errorMessage"] or job["status"].lower())

    def _download(self, url: str) -> bytes:
        """Return a result. Its URL is signed, and may be another host's, which mustn't see the key."""
        content = bytearray()
        with _translated(), self.downloads.stream("GET", url) as response:
            if not response.is_success:
                raise RemoteRefusal(f"the result can't be downloaded: {response.status_code}")
            for piece in response.iter_bytes():
                content += piece
                if len(content) > RESULT_BYTES_MAX:
                    raise RemoteRefusal("the result is too large")
        return bytes(content)

    def _json(self, method: str, path: str, **request: Any) -> Any:
        with _translated():
            response = self.client.request(method, path, **request)
        try:
            body = response.json()
        except ValueError as error:
            raise RemoteRefusal(f"the server answers {response.status_code}, and not as Spike does") from error
        if not response.is_success:
            raise RemoteRefusal(_sentence(body))
        return body


@contextmanager
def connected(url: str, *, api_key: str) -> Iterator[RemoteServer]:
    """Return the server at this URL, which may have a path."""
    headers = {"Authorization": f"Bearer {api_key}"}
    with (
        httpx2.Client(base_url=url, headers=headers, timeout=TIMEOUT_S) as client,
        httpx2.Client(timeout=TIMEOUT_S, follow_redirects=True) as downloads,
    ):
        yield RemoteServer(client=client, downloads=downloads)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise RemoteRefusal(f"the server can't be reached: {error}") from error


def _fields(options: RenderOptions) -> Mapping[str, object]:
    """Return those of the options that aren't left to the server, as the API names them."""
    fields = {
        "format": None if options.format is None else options.format.value.lower(),
        "quality": options.quality,
        "strength": options.strength,
        "mode": None if options.mode is Mode.FAITHFUL else options.mode.value,
    }
    return {} if options == DEFAULT_OPTIONS else {name: value for name, value in fields.items() if value is not None}


def _sentence(body: Any) -> str:
    """Return the texts of an error in one line."""
    if not isinstance(body, dict) or "error" not in body:
        return "the server refused the request"
    error, suggestion = str(body["error"]), str(body.get("suggestion") or "")
    return error if suggestion in {"", error} else f"{error}. {suggestion}"
