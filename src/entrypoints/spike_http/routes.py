"""The route table: the resource of each path, with its dependencies."""

import threading
from collections.abc import Collection, Sequence
from datetime import timedelta

from spike_core.ports.authenticator import Authenticator
from spike_http.authentication import RequestAuthentication
from spike_http.bulkhead import Bulkhead
from spike_http.cors import Origins
from spike_http.credentials import FirstOf, SpikeAuthenticator
from spike_http.idempotency import IdempotentResponder
from spike_http.long_poll import LongPoll
from spike_http.openapi.document import Route
from spike_http.rate_limits import RequestLimiter
from spike_http.resources.albums import (
    AlbumImagesResource,
    AlbumLayoutResource,
    AlbumResource,
    AlbumsResource,
    MoveResource,
)
from spike_http.resources.analyses import AnalysisResource
from spike_http.resources.anonymous import AnonymousUploadResource, MixResource
from spike_http.resources.api_keys import ApiKeyResource, ApiKeysResource
from spike_http.resources.downloads import AlbumDownloadResource, ImagesDownloadResource
from spike_http.resources.enhancements import BatchEnhanceResource, EnhanceResource, ParallelEnhanceResource
from spike_http.resources.files import FileResource
from spike_http.resources.generations import (
    CreationBalanceResource,
    CreationHistoryResource,
    CreationResource,
    GenerateResource,
    ModifyResource,
)
from spike_http.resources.health import HealthResource, ReadyResource, workers_check
from spike_http.resources.images import (
    DeleteResource,
    ImageJobsResource,
    ImageLayoutResource,
    ImageResource,
    ImagesResource,
    LinksResource,
)
from spike_http.resources.jobs import BatchResource, BatchStatusResource, CancelResource, JobResource
from spike_http.resources.metrics import MetricsResource
from spike_http.resources.quotes import QuotesResource
from spike_http.resources.session import SessionResource, SessionsResource
from spike_http.resources.tiers import TiersResource
from spike_http.resources.tokens import BalanceResource, HistoryResource
from spike_http.resources.uploads import BatchUploadResource, UploadResource
from spike_http.resources.usage import UsageResource
from spike_http.resources.webhooks import (
    RedeliverResource,
    WebhookDeliveriesResource,
    WebhookResource,
    WebhooksResource,
    WebhookTestResource,
)
from spike_http.responses.urls import ObjectUrls
from spike_http.serving.base_urls import BaseUrls
from spike_http.serving.health_checks import HealthCheck, lasting
from spike_http.serving.proxies import Proxies
from spike_runtime import Spike


def routes(
    spike: Spike,
    *,
    closing: threading.Event,
    bases: BaseUrls | None = None,
    authenticator: Authenticator | None = None,
    bulkhead: Bulkhead | None = None,
) -> Sequence[Route]:
    """Return the routes of a `Spike`. Setting `closing` ends long polls."""
    settings = spike.settings
    bases = bases or base_urls(spike)
    authentication = request_authentication(spike, bases, authenticator)
    urls = object_urls(spike, bases)
    bulkhead = bulkhead or Bulkhead.of_threads(settings.web_threads)
    download_bulkhead = bulkhead.all_but_one()
    long_poll = LongPoll(bulkhead=bulkhead, closing=closing)
    responder = IdempotentResponder(store=spike.idempotency, api_key_limits=spike.accounts.api_key_limits)
    queries = spike.queries
    table = [
        Route(
            "/api/images/upload",
            UploadResource(
                authenticator=authentication,
                responder=responder,
                bulkhead=bulkhead,
                uploads=spike.images.uploads,
                object_urls=urls,
                limits=spike.upload_limits,
            ),
        ),
        Route(
            "/api/images/batch-upload",
            BatchUploadResource(
                authenticator=authentication,
                responder=responder,
                bulkhead=bulkhead,
                batch_uploads=spike.images.batch_uploads,
                object_urls=urls,
                limits=spike.upload_limits,
            ),
        ),
        Route(
            "/api/images/enhance",
            EnhanceResource(
                authenticator=authentication,
                responder=responder,
                bulkhead=bulkhead,
                enhancements=spike.jobs.enhancements,
                limits=spike.upload_limits,
            ),
        ),
        Route(
            "/api/images/parallel-enhance",
            ParallelEnhanceResource(
                authenticator=authentication, responder=responder, enhancements=spike.jobs.enhancements
            ),
        ),
        Route(
            "/api/images/batch-enhance",
            BatchEnhanceResource(
                authenticator=authentication,
                responder=responder,
                enhancements=spike.jobs.enhancements,
                limits=spike.upload_limits,
            ),
        ),
        Route(
            "/api/images/anonymous-upload",
            AnonymousUploadResource(
                authenticator=authentication,
                responder=responder,
                bulkhead=bulkhead,
                uploads=spike.images.uploads,
                object_urls=urls,
                limits=spike.upload_limits,
            ),
        ),
        Route(
            "/api/images/anonymous-enhance",
            MixResource(
                authenticator=authentication,
                responder=responder,
                bulkhead=bulkhead,
                enhancements=spike.jobs.enhancements,
                limits=spike.upload_limits,
            ),
        ),
        Route(
            "/api/images",
            ImagesResource(
                authenticator=authentication,
                queries=queries,
                rendition_making=spike.images.renditions,
                object_urls=urls,
            ),
        ),
        Route("/api/images/layout", ImageLayoutResource(authenticator=authentication, queries=queries)),
        Route(
            "/api/images/links",
            LinksResource(
                authenticator=authentication,
                objects=spike.objects,
                rendition_making=spike.images.renditions,
                object_urls=urls,
            ),
        ),
        Route(
            "/api/images/download",
            ImagesDownloadResource(
                authenticator=authentication,
                downloads=spike.downloads,
                blobs=spike.storage.blobs,
                bulkhead=download_bulkhead,
            ),
        ),
        Route(
            "/api/images/delete",
            DeleteResource(authenticator=authentication, deletion=spike.images.deletion, bulkhead=bulkhead),
        ),
        Route(
            "/api/images/move-to-album", MoveResource(authenticator=authentication, album_contents=spike.album_contents)
        ),
        Route(
            "/api/images/{image_id}",
            ImageResource(
                authenticator=authentication,
                queries=queries,
                image_updates=spike.images.updates,
                deletion=spike.images.deletion,
                bulkhead=bulkhead,
                long_poll=long_poll,
                object_urls=urls,
            ),
        ),
        Route(
            "/api/images/{image_id}/analysis",
            AnalysisResource(authenticator=authentication, bulkhead=bulkhead, analyses=spike.images.analyses),
        ),
        Route(
            "/api/images/{image_id}/jobs",
            ImageJobsResource(authenticator=authentication, queries=queries, object_urls=urls),
        ),
        Route(
            "/api/jobs/batch-status",
            BatchStatusResource(authenticator=authentication, queries=queries, object_urls=urls),
        ),
        Route(
            "/api/jobs/{job_id}",
            JobResource(authenticator=authentication, queries=queries, long_poll=long_poll, object_urls=urls),
        ),
        Route(
            "/api/jobs/{job_id}/cancel",
            CancelResource(
                authenticator=authentication,
                queries=queries,
                cancellation=spike.jobs.cancellation,
                object_urls=urls,
            ),
        ),
        Route(
            "/api/batches/{batch_id}",
            BatchResource(authenticator=authentication, queries=queries, long_poll=long_poll, object_urls=urls),
        ),
        Route(
            "/api/mcp/generate",
            GenerateResource(
                authenticator=authentication,
                responder=responder,
                generations=spike.jobs.generations,
                catalog=spike.pricing.catalog,
            ),
        ),
        Route(
            "/api/mcp/modify",
            ModifyResource(
                authenticator=authentication,
                responder=responder,
                bulkhead=bulkhead,
                generations=spike.jobs.generations,
                catalog=spike.pricing.catalog,
                limits=spike.upload_limits,
            ),
        ),
        Route(
            "/api/mcp/jobs/{job_id}",
            CreationResource(authenticator=authentication, generations=spike.jobs.generations, object_urls=urls),
        ),
        Route(
            "/api/mcp/history",
            CreationHistoryResource(authenticator=authentication, generations=spike.jobs.generations, object_urls=urls),
        ),
        Route("/api/mcp/balance", CreationBalanceResource(authenticator=authentication, wallets=spike.wallets)),
        Route(
            "/api/albums",
            AlbumsResource(authenticator=authentication, responder=responder, albums=spike.albums, object_urls=urls),
        ),
        Route(
            "/api/albums/{album_id}",
            AlbumResource(
                authenticator=authentication,
                albums=spike.albums,
                rendition_making=spike.images.renditions,
                object_urls=urls,
            ),
        ),
        Route("/api/albums/{album_id}/layout", AlbumLayoutResource(authenticator=authentication, albums=spike.albums)),
        Route(
            "/api/albums/{album_id}/download",
            AlbumDownloadResource(
                authenticator=authentication,
                downloads=spike.downloads,
                blobs=spike.storage.blobs,
                bulkhead=download_bulkhead,
            ),
        ),
        Route(
            "/api/albums/{album_id}/images",
            AlbumImagesResource(authenticator=authentication, album_contents=spike.album_contents),
        ),
        Route("/api/tokens/balance", BalanceResource(authenticator=authentication, wallets=spike.wallets)),
        Route("/api/tokens/history", HistoryResource(authenticator=authentication, wallets=spike.wallets)),
        Route(
            "/api/tiers", TiersResource(authenticator=authentication, pricing=spike.pricing, limits=spike.upload_limits)
        ),
        Route(
            "/api/quotes",
            QuotesResource(
                authenticator=authentication,
                bulkhead=bulkhead,
                quotes=spike.quotes,
                catalog=spike.pricing.catalog,
                limits=spike.upload_limits,
            ),
        ),
        Route(
            "/api/usage",
            UsageResource(authenticator=authentication, budgets=spike.budgets, limits=spike.upload_limits),
        ),
        Route(
            "/api/settings/api-keys",
            ApiKeysResource(
                authenticator=authentication,
                api_keys=spike.accounts.api_keys,
                api_key_limits=spike.accounts.api_key_limits,
            ),
        ),
        Route(
            "/api/settings/api-keys/{key_id}",
            ApiKeyResource(authenticator=authentication, api_keys=spike.accounts.api_keys),
        ),
        Route(
            "/api/settings/webhooks",
            WebhooksResource(authenticator=authentication, endpoints=spike.webhooks.endpoints),
        ),
        Route(
            "/api/settings/webhooks/{webhook_id}",
            WebhookResource(authenticator=authentication, endpoints=spike.webhooks.endpoints),
        ),
        Route(
            "/api/settings/webhooks/{webhook_id}/test",
            WebhookTestResource(authenticator=authentication, endpoints=spike.webhooks.endpoints),
        ),
        Route(
            "/api/settings/webhooks/{webhook_id}/deliveries",
            WebhookDeliveriesResource(authenticator=authentication, endpoints=spike.webhooks.endpoints),
        ),
        Route(
            "/api/settings/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver",
            RedeliverResource(authenticator=authentication, endpoints=spike.webhooks.endpoints),
        ),
        Route("/api/session", SessionResource(authenticator=authentication, sessions=spike.accounts.sessions)),
        Route("/api/sessions", SessionsResource(authenticator=authentication, sessions=spike.accounts.sessions)),
        Route("/healthz", HealthResource()),
        Route(
            "/readyz",
            ReadyResource(
                required=[HealthCheck("database", spike.database.ping), HealthCheck("storage", spike.storage.ping)],
                optional=[
                    HealthCheck("broker", spike.broker.ping),
                    workers_check(spike.maintenance.presence.is_any_working),
                    HealthCheck("connections", lasting(lambda: spike.database.is_exhausted)),
                ],
            ),
        ),
    ]
    table.append(Route("/metrics", MetricsResource(spike.metrics)))
    if spike.storage.links is not None:
        files = FileResource(
            blobs=spike.storage.blobs,
            signed_urls=spike.storage.links,
            objects=spike.objects,
            rendition_making=spike.images.renditions,
            proxies=Proxies.parse(settings.trusted_proxies),
            accel_redirect=settings.accel_redirect,
            lifetime=timedelta(seconds=settings.link_lifetime_s),
        )
        table.append(Route("/files/{folder}/{name}", files))
    return table


def object_urls(spike: Spike, bases: BaseUrls) -> ObjectUrls:
    """Return the configured builder of objects' URLs."""
    settings = spike.settings
    return ObjectUrls(
        storage=spike.storage,
        cdn_url=settings.cdn_url,
        base_urls=bases,
        lifetime=timedelta(seconds=settings.link_lifetime_s),
        clock=spike.clock,
    )


def base_urls(spike: Spike, *, own_names: Collection[str] = ()) -> BaseUrls:
    """Return the configured `BaseUrls` of a server that listens on these names."""
    settings = spike.settings
    return BaseUrls(
        public_url=settings.public_url,
        proxies=Proxies.parse(settings.trusted_proxies),
        own_names={name.lower().rstrip(".") for name in own_names},
    )


def request_authentication(spike: Spike, bases: BaseUrls, authenticator: Authenticator | None) -> RequestAuthentication:
    """Return the configured authentication; `authenticator` takes the place of Spike's own."""
    settings = spike.settings
    limiter = RequestLimiter(
        limiter=spike.limiter,
        rates={rate.bucket: rate for rate in settings.rates},
        proxies=Proxies.parse(settings.trusted_proxies),
        clock=spike.clock,
    )
    chosen = authenticator or FirstOf([SpikeAuthenticator(spike.accounts.authentication), *spike.sign_ins])
    return RequestAuthentication(
        authenticator=chosen,
        base_urls=bases,
        limiter=limiter,
        trusted_origins=Origins.parse(settings.cors_origins),
    )
