"""The route table: which path leads to which resource, and what each resource is given."""

import threading
from collections.abc import Sequence
from datetime import timedelta

from spike_http.authentication import Gate
from spike_http.idempotency import IdempotentResponder
from spike_http.long_poll import Patience
from spike_http.openapi.document import Route
from spike_http.rate_limits import Limits
from spike_http.resources.albums import AlbumImagesResource, AlbumResource, AlbumsResource, MoveResource
from spike_http.resources.anonymous import AnonymousUploadResource, MixResource
from spike_http.resources.api_keys import ApiKeyResource, ApiKeysResource
from spike_http.resources.files import FileResource
from spike_http.resources.generations import (
    CreationBalanceResource,
    CreationHistoryResource,
    CreationResource,
    GenerateResource,
    ModifyResource,
)
from spike_http.resources.health import HealthResource, ReadyResource
from spike_http.resources.images import (
    BatchEnhanceResource,
    BatchUploadResource,
    EnhanceResource,
    ImageResource,
    ImagesResource,
    ParallelEnhanceResource,
    UploadResource,
)
from spike_http.resources.jobs import BatchResource, BatchStatusResource, CancelResource, JobResource
from spike_http.resources.metrics import MetricsResource
from spike_http.resources.session import SessionResource
from spike_http.resources.tokens import BalanceResource, HistoryResource
from spike_http.responses.urls import LinkPolicy
from spike_http.serving.base_urls import BaseUrls
from spike_http.serving.health_checks import Part
from spike_http.serving.proxies import Proxies
from spike_runtime import Spike


def routes(spike: Spike, *, closing: threading.Event) -> Sequence[Route]:
    """Return the routes over a built Spike. Setting `closing` ends the waiting of requests sent with `?wait`."""
    settings = spike.settings
    gate = _gate(spike)
    links = link_policy(spike)
    patience = Patience(waiters_max=max(1, settings.web_threads // 2), closing=closing)
    responder = IdempotentResponder(store=spike.idempotency)
    queries = spike.queries
    table = [
        Route("/api/images/upload", UploadResource(gate=gate, responder=responder, uploads=spike.uploads, links=links)),
        Route(
            "/api/images/batch-upload",
            BatchUploadResource(gate=gate, responder=responder, batch_uploads=spike.batch_uploads, links=links),
        ),
        Route("/api/images/enhance", EnhanceResource(gate=gate, responder=responder, enhancements=spike.enhancements)),
        Route(
            "/api/images/parallel-enhance",
            ParallelEnhanceResource(gate=gate, responder=responder, enhancements=spike.enhancements),
        ),
        Route(
            "/api/images/batch-enhance",
            BatchEnhanceResource(gate=gate, responder=responder, enhancements=spike.enhancements),
        ),
        Route(
            "/api/images/anonymous-upload",
            AnonymousUploadResource(gate=gate, responder=responder, uploads=spike.uploads, links=links),
        ),
        Route(
            "/api/images/anonymous-enhance",
            MixResource(gate=gate, responder=responder, enhancements=spike.enhancements),
        ),
        Route("/api/images", ImagesResource(gate=gate, queries=queries, links=links)),
        Route("/api/images/move-to-album", MoveResource(gate=gate, album_contents=spike.album_contents)),
        Route(
            "/api/images/{image_id}",
            ImageResource(
                gate=gate,
                queries=queries,
                image_updates=spike.image_updates,
                deletion=spike.deletion,
                patience=patience,
                links=links,
            ),
        ),
        Route("/api/jobs/batch-status", BatchStatusResource(gate=gate, queries=queries, links=links)),
        Route("/api/jobs/{job_id}", JobResource(gate=gate, queries=queries, patience=patience, links=links)),
        Route(
            "/api/jobs/{job_id}/cancel",
            CancelResource(gate=gate, queries=queries, cancellation=spike.cancellation, links=links),
        ),
        Route(
            "/api/batches/{batch_id}",
            BatchResource(gate=gate, queries=queries, patience=patience, links=links),
        ),
        Route("/api/mcp/generate", GenerateResource(gate=gate, responder=responder, creations=spike.creations)),
        Route("/api/mcp/modify", ModifyResource(gate=gate, responder=responder, creations=spike.creations)),
        Route("/api/mcp/jobs/{job_id}", CreationResource(gate=gate, creations=spike.creations, links=links)),
        Route("/api/mcp/history", CreationHistoryResource(gate=gate, creations=spike.creations, links=links)),
        Route("/api/mcp/balance", CreationBalanceResource(gate=gate, wallets=spike.wallets)),
        Route("/api/albums", AlbumsResource(gate=gate, responder=responder, albums=spike.albums)),
        Route("/api/albums/{album_id}", AlbumResource(gate=gate, albums=spike.albums, links=links)),
        Route("/api/albums/{album_id}/images", AlbumImagesResource(gate=gate, album_contents=spike.album_contents)),
        Route("/api/tokens/balance", BalanceResource(gate=gate, wallets=spike.wallets)),
        Route("/api/tokens/history", HistoryResource(gate=gate, wallets=spike.wallets)),
        Route("/api/settings/api-keys", ApiKeysResource(gate=gate, api_keys=spike.api_keys)),
        Route("/api/settings/api-keys/{key_id}", ApiKeyResource(gate=gate, api_keys=spike.api_keys)),
        Route("/api/session", SessionResource(gate=gate, sessions=spike.sessions)),
        Route("/healthz", HealthResource()),
        Route(
            "/readyz",
            ReadyResource(
                needed=[Part("database", spike.database.ping), Part("storage", spike.storage.ping)],
                missed=[Part("broker", spike.broker.ping)],
            ),
        ),
    ]
    table.append(Route("/metrics", MetricsResource(spike.metrics)))
    if spike.storage.links is not None:
        files = FileResource(blobs=spike.storage.blobs, links=spike.storage.links, queries=queries)
        table.append(Route("/files/{folder}/{name}", files))
    return table


def link_policy(spike: Spike) -> LinkPolicy:
    """Return how addresses of objects are made."""
    settings = spike.settings
    return LinkPolicy(
        storage=spike.storage,
        cdn_url=settings.cdn_url,
        base_urls=base_urls(spike),
        lifetime=timedelta(seconds=settings.link_lifetime_s),
    )


def base_urls(spike: Spike) -> BaseUrls:
    """Return how it is found out where clients reach the service."""
    settings = spike.settings
    return BaseUrls(public_url=settings.public_url, proxies=Proxies.parse(settings.trusted_proxies))


def _gate(spike: Spike) -> Gate:
    settings = spike.settings
    limits = Limits(
        limiter=spike.limiter,
        rates={rate.bucket: rate for rate in settings.rates},
        proxies=Proxies.parse(settings.trusted_proxies),
        clock=spike.clock,
    )
    return Gate(authentication=spike.authentication, base_urls=base_urls(spike), limits=limits)
