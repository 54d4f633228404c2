"""The WSGI application: routes over services, nothing else."""

import threading
from datetime import timedelta
from functools import partial

import falcon

from spike_core.domain.errors import SpikeError
from spike_http.authentication import Gate
from spike_http.errors import answer_bug, answer_falcon_error, answer_spike_error
from spike_http.idempotency import Once
from spike_http.limits import Limits
from spike_http.links import LinkPolicy
from spike_http.middleware import RequestIds
from spike_http.proxies import Proxies
from spike_http.resources.albums import AlbumImagesResource, AlbumResource, AlbumsResource, MoveResource
from spike_http.resources.anonymous import AnonymousUploadResource, MixResource
from spike_http.resources.api_keys import ApiKeyResource, ApiKeysResource
from spike_http.resources.files import FileResource
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
from spike_http.resources.mcp import (
    CreationHistoryResource,
    CreationResource,
    GenerateResource,
    ModifyResource,
)
from spike_http.resources.session import SessionResource
from spike_http.resources.studio import StudioFileResource, StudioPageResource
from spike_http.resources.tokens import BalanceResource, HistoryResource
from spike_http.studio_files import StudioFiles
from spike_http.waiting import Patience
from spike_runtime import Spike


def create_app(spike: Spike, *, closing: threading.Event | None = None) -> falcon.App[falcon.Request, falcon.Response]:
    """Return the application over a built Spike. Nothing is opened or asked yet.

    Setting `closing` ends the waiting of requests that were sent with `?wait`.
    """
    settings = spike.settings
    limits = Limits(
        limiter=spike.limiter,
        rates={rate.bucket: rate for rate in settings.rates},
        proxies=Proxies.parse(settings.trusted_proxies),
        clock=spike.clock,
    )
    gate = Gate(authentication=spike.authentication, public_url=settings.public_url, limits=limits)
    links = LinkPolicy(
        storage=spike.storage,
        cdn_url=settings.cdn_url,
        public_url=settings.public_url,
        lifetime=timedelta(seconds=settings.link_lifetime_s),
    )
    patience = Patience(waiters_max=max(1, settings.web_threads // 2), closing=closing or threading.Event())
    once = Once(receipts=spike.receipts)
    app = falcon.App(middleware=[RequestIds(spike.ids)])
    app.add_error_handler(Exception, answer_bug)
    app.add_error_handler(falcon.HTTPError, answer_falcon_error)
    app.add_error_handler(SpikeError, answer_spike_error)

    gallery = spike.gallery
    app.add_route("/api/images/upload", UploadResource(gate=gate, once=once, uploads=spike.uploads, links=links))
    app.add_route(
        "/api/images/batch-upload",
        BatchUploadResource(gate=gate, once=once, batch_uploads=spike.batch_uploads, links=links),
    )
    app.add_route("/api/images/enhance", EnhanceResource(gate=gate, once=once, enhancements=spike.enhancements))
    app.add_route(
        "/api/images/parallel-enhance", ParallelEnhanceResource(gate=gate, once=once, enhancements=spike.enhancements)
    )
    app.add_route(
        "/api/images/batch-enhance", BatchEnhanceResource(gate=gate, once=once, enhancements=spike.enhancements)
    )
    app.add_route(
        "/api/images/anonymous-upload",
        AnonymousUploadResource(gate=gate, once=once, uploads=spike.uploads, links=links),
    )
    app.add_route("/api/images/anonymous-enhance", MixResource(gate=gate, once=once, enhancements=spike.enhancements))
    app.add_route("/api/images", ImagesResource(gate=gate, gallery=gallery, links=links))
    app.add_route("/api/images/move-to-album", MoveResource(gate=gate, arrangement=spike.arrangement))
    app.add_route(
        "/api/images/{image_id}",
        ImageResource(
            gate=gate, gallery=gallery, labelling=spike.labelling, removal=spike.removal, patience=patience, links=links
        ),
    )
    app.add_route("/api/jobs/batch-status", BatchStatusResource(gate=gate, gallery=gallery, links=links))
    app.add_route("/api/jobs/{job_id}", JobResource(gate=gate, gallery=gallery, patience=patience, links=links))
    app.add_route(
        "/api/jobs/{job_id}/cancel",
        CancelResource(gate=gate, gallery=gallery, cancellation=spike.cancellation, links=links),
    )
    app.add_route("/api/batches/{batch_id}", BatchResource(gate=gate, gallery=gallery, patience=patience, links=links))
    app.add_route("/api/mcp/generate", GenerateResource(gate=gate, once=once, creations=spike.creations))
    app.add_route("/api/mcp/modify", ModifyResource(gate=gate, once=once, creations=spike.creations))
    app.add_route("/api/mcp/jobs/{job_id}", CreationResource(gate=gate, creations=spike.creations, links=links))
    app.add_route("/api/mcp/history", CreationHistoryResource(gate=gate, creations=spike.creations, links=links))
    app.add_route("/api/mcp/balance", BalanceResource(gate=gate, treasury=spike.treasury))
    app.add_route("/api/albums", AlbumsResource(gate=gate, once=once, albums=spike.albums))
    app.add_route("/api/albums/{album_id}", AlbumResource(gate=gate, albums=spike.albums, links=links))
    app.add_route("/api/albums/{album_id}/images", AlbumImagesResource(gate=gate, arrangement=spike.arrangement))
    app.add_route("/api/tokens/balance", BalanceResource(gate=gate, treasury=spike.treasury))
    app.add_route("/api/tokens/history", HistoryResource(gate=gate, treasury=spike.treasury))
    app.add_route("/api/settings/api-keys", ApiKeysResource(gate=gate, keyring=spike.keyring))
    app.add_route("/api/settings/api-keys/{key_id}", ApiKeyResource(gate=gate, keyring=spike.keyring))
    app.add_route("/api/session", SessionResource(gate=gate, sessions=spike.sessions))
    studio = StudioFiles.read()
    app.add_route("/", StudioPageResource(files=studio, links=links))
    app.add_route("/studio/{version}/{path:path}", StudioFileResource(files=studio))
    app.add_route("/healthz", HealthResource())
    app.add_route(
        "/readyz",
        ReadyResource({"database": spike.database.ping, "storage": partial(spike.storage.blobs.scan, limit=1)}),
    )
    if spike.storage.links is not None:
        app.add_route(
            "/files/{folder}/{name}",
            FileResource(blobs=spike.storage.blobs, links=spike.storage.links, gallery=gallery),
        )
    return app
