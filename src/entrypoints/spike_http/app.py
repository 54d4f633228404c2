"""The WSGI application: the routes, and what is around all of them."""

import threading
from typing import Any

import falcon

from spike_core.domain.errors import SpikeError
from spike_http.errors import answer_bug, answer_falcon_error, answer_spike_error
from spike_http.head import HeadAsGet
from spike_http.middleware import Around
from spike_http.openapi.document import Document, describe
from spike_http.resources.openapi import pages_about
from spike_http.resources.studio import studio_pages
from spike_http.routes import base_urls, link_policy, routes
from spike_http.serving.path_prefix import PathPrefix
from spike_http.studio_files import StudioFiles
from spike_runtime import Spike


def create_app(spike: Spike, *, closing: threading.Event | None = None) -> falcon.App[falcon.Request, falcon.Response]:
    """Return the application over a built Spike. Nothing is opened or asked yet.

    Setting `closing` ends the waiting of requests that were sent with `?wait`.
    """
    urls = base_urls(spike)
    middleware: list[Any] = [Around(spike.ids, spike.metrics), PathPrefix(urls.public_path), HeadAsGet()]
    app = falcon.App(middleware=middleware)
    app.req_options.strip_url_path_trailing_slash = True
    app.add_error_handler(Exception, answer_bug)
    app.add_error_handler(falcon.HTTPError, answer_falcon_error)
    app.add_error_handler(SpikeError, answer_spike_error)
    table = routes(spike, closing=closing or threading.Event())
    for route in table:
        app.add_route(route.path, route.resource)

    def document(base_path: str) -> Document:
        return describe(table, server_url=urls.public_url or base_path or "/")

    for path, page in pages_about(document, base_urls=urls).items():
        app.add_route(path, page)
    for path, part in studio_pages(StudioFiles.read(), links=link_policy(spike)).items():
        app.add_route(path, part)
    return app
