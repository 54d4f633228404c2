"""The WSGI application: routes over services, nothing else."""

from datetime import timedelta
from functools import partial

import falcon

from spike_core.domain.errors import SpikeError
from spike_http.authentication import Gate
from spike_http.errors import answer_bug, answer_falcon_error, answer_spike_error
from spike_http.links import LinkPolicy
from spike_http.middleware import RequestIds
from spike_http.resources.albums import AlbumImagesResource, AlbumResource, AlbumsResource, MoveResource
from spike_http.resources.api_keys import ApiKeyResource, ApiKeysResource
from spike_http.resources.files import FileResource
from spike_http.resources.health import HealthResource, ReadyResource
from spike_http.resources.images import (
    EnhanceResource,
    ImageResource,
    ImagesResource,
    ParallelEnhanceResource,
    UploadResource,
)
from spike_http.resources.jobs import BatchStatusResource, CancelResource, JobResource
from spike_http.resources.tokens import BalanceResource, HistoryResource
from spike_runtime import Spike


def create_app(spike: Spike) -> falcon.App[falcon.Request, falcon.Response]:
    """Return the application over a built Spike. Nothing is opened or asked yet."""
    settings = spike.settings
    gate = Gate(authentication=spike.authentication, public_url=settings.public_url)
    links = LinkPolicy(
        storage=spike.storage,
        cdn_url=settings.cdn_url,
        public_url=settings.public_url,
        lifetime=timedelta(seconds=settings.link_lifetime_s),
    )
    app = falcon.App(middleware=[RequestIds(spike.ids)])
    app.add_error_handler(Exception, answer_bug)
    app.add_error_handler(falcon.HTTPError, answer_falcon_error)
    app.add_error_handler(SpikeError, answer_spike_error)

    gallery = spike.gallery
    app.add_route("/api/images/upload", UploadResource(gate=gate, uploads=spike.uploads, links=links))
    app.add_route("/api/images/enhance", EnhanceResource(gate=gate, enhancements=spike.enhancements))
    app.add_route("/api/images/parallel-enhance", ParallelEnhanceResource(gate=gate, enhancements=spike.enhancements))
    app.add_route("/api/images", ImagesResource(gate=gate, gallery=gallery, links=links))
    app.add_route("/api/images/move-to-album", MoveResource(gate=gate, arrangement=spike.arrangement))
    app.add_route("/api/images/{image_id}", ImageResource(gate=gate, gallery=gallery, links=links))
    app.add_route("/api/jobs/batch-status", BatchStatusResource(gate=gate, gallery=gallery, links=links))
    app.add_route("/api/jobs/{job_id}", JobResource(gate=gate, gallery=gallery, links=links))
    app.add_route(
        "/api/jobs/{job_id}/cancel",
        CancelResource(gate=gate, gallery=gallery, cancellation=spike.cancellation, links=links),
    )
    app.add_route("/api/albums", AlbumsResource(gate=gate, albums=spike.albums))
    app.add_route("/api/albums/{album_id}", AlbumResource(gate=gate, albums=spike.albums, links=links))
    app.add_route("/api/albums/{album_id}/images", AlbumImagesResource(gate=gate, arrangement=spike.arrangement))
    app.add_route("/api/tokens/balance", BalanceResource(gate=gate, treasury=spike.treasury))
    app.add_route("/api/tokens/history", HistoryResource(gate=gate, treasury=spike.treasury))
    app.add_route("/api/settings/api-keys", ApiKeysResource(gate=gate, keyring=spike.keyring))
    app.add_route("/api/settings/api-keys/{key_id}", ApiKeyResource(gate=gate, keyring=spike.keyring))
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
