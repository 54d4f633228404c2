"""The WSGI application: routes, middleware, error handlers."""

import threading
from collections.abc import Collection
from functools import cache
from importlib.metadata import version
from typing import Any

import falcon

from spike_core.ports.authenticator import Authenticator
from spike_http.bulkhead import Bulkhead
from spike_http.context import Request
from spike_http.cors import Cors, Origins
from spike_http.error_handlers import add_error_handlers
from spike_http.in_process_api import InProcess
from spike_http.middleware import HeadAsGet, PathPrefix, RequestMiddleware
from spike_http.openapi.document import Document, describe
from spike_http.resources.mcp import METADATA_PATH, McpResource, MetadataResource
from spike_http.resources.openapi import document_pages
from spike_http.resources.share import share_pages
from spike_http.resources.studio import StudioPageResource, studio_pages
from spike_http.response_compression import Compression
from spike_http.routes import base_urls, object_urls, request_authentication, routes
from spike_http.serving.bodies import RPC_PATH
from spike_http.studio_files import StudioFiles
from spike_mcp import McpServer
from spike_runtime import Spike


def create_app(
    spike: Spike,
    *,
    closing: threading.Event | None = None,
    own_names: Collection[str] = (),
    authenticator: Authenticator | None = None,
) -> falcon.App[Request, falcon.Response]:
    """Return the application of a `Spike`. This opens no connection.

    Setting `closing` ends long polls, so that a server can shut down without waiting for them. Without
    `SPIKE_PUBLIC_URL`, clients may call the service by `own_names`, by loopback names and by its server's address.
    `authenticator` finds out who makes a request, in place of Spike's own sessions and API keys.
    """
    urls = base_urls(spike, own_names=own_names)
    middleware: list[Any] = [
        RequestMiddleware(spike.ids, spike.metrics),
        Cors(Origins.parse(spike.settings.cors_origins)),
        PathPrefix(urls.public_path),
        Compression(),
        HeadAsGet(),
    ]
    app = falcon.App(request_type=Request, middleware=middleware)
    app.req_options.strip_url_path_trailing_slash = True
    add_error_handlers(app)
    bulkhead = Bulkhead.of_threads(spike.settings.web_threads)
    table = routes(
        spike, closing=closing or threading.Event(), bases=urls, authenticator=authenticator, bulkhead=bulkhead
    )
    for route in table:
        app.add_route(route.path, route.resource)

    def document(base_path: str) -> Document:
        return describe(
            table,
            rates=spike.settings.rates,
            window_s=spike.settings.rate_window_s,
            server_url=urls.public_url.removesuffix(urls.public_path) + base_path or "/",
            catalog=spike.pricing.catalog,
            limits=spike.upload_limits,
        )

    @cache
    def mcp_server() -> McpServer:
        return McpServer(document=document(""), pricing=spike.pricing, version=version("spike-core"))

    authentication = request_authentication(spike, urls, authenticator)
    app.add_route(
        RPC_PATH,
        McpResource(
            server=mcp_server,
            application=InProcess(
                app=lambda: app,
                authenticator=authentication,
                objects=spike.objects,
                blobs=spike.storage.blobs,
                downloader=spike.jobs.generations.downloader,
                limits=spike.upload_limits,
            ),
            authenticator=authentication,
            bulkhead=bulkhead,
            base_urls=urls,
            trusted_origins=Origins.parse(spike.settings.cors_origins),
        ),
    )
    for path in (METADATA_PATH, METADATA_PATH + RPC_PATH):
        app.add_route(path, MetadataResource(base_urls=urls))
    for path, page in document_pages(document, base_urls=urls).items():
        app.add_route(path, page)
    files = _studio_files()
    studio = StudioPageResource(files=files, object_urls=object_urls(spike, urls))
    shared = share_pages(
        studio,
        queries=spike.queries,
        albums=spike.albums,
        cards=spike.images.cards,
        bulkhead=bulkhead,
        limiter=request_authentication(spike, urls, authenticator).limiter,
    )
    for path, resource in {**studio_pages(studio, files), **shared}.items():
        app.add_route(path, resource)
    return app


@cache  # reading and compressing them takes half of an app's processor time, and a process may have several
def _studio_files() -> StudioFiles:
    return StudioFiles.read()
