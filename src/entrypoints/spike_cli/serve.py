"""`spike serve`: the service, with everything it needs in one process."""

import sys
import threading
from contextlib import ExitStack
from typing import Final

import click

from spike_cli.banner import first_user, welcome
from spike_cli.opening import check_storage, opened
from spike_core.domain.limits import BATCH_FILES_MAX
from spike_http import create_app
from spike_http.requests.body_sizes import body_bytes_max
from spike_http.routes import base_urls, routes
from spike_http.serving.bodies import BodyPolicy, body_share
from spike_http.serving.connections import FILES_BESIDE, ConnectionLimits
from spike_http.serving.proxies import Proxies
from spike_http.serving.server import serve as serve_http
from spike_runtime.logs import get_logger
from spike_worker import housekeeping, working

DEFAULT_PORT: Final = 3000


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Port to listen on; 0 chooses a free one.",
)
def serve(host: str, port: int) -> None:
    """Serve the REST API, with workers in this process unless others share its queue.

    SIGTERM shuts it down gracefully: requests and jobs in progress are finished first.
    """
    with ExitStack() as stack:
        spike = stack.enter_context(opened())
        settings = spike.settings
        check_storage(spike)
        stack.enter_context(working(spike) if spike.serves_and_works else housekeeping(spike))
        user = first_user(spike)

        def on_ready(bound_port: int) -> None:
            click.echo(welcome(spike, user, host=host, port=bound_port, is_terminal=sys.stdout.isatty()))
            get_logger(__name__).info("serving", host=host, port=bound_port, engine=spike.engine_name)
            spike.prepare_to_look()
            if spike.serves_and_works:
                spike.prepare_to_work()

        closing = threading.Event()
        try:
            serve_http(
                create_app(spike, closing=closing, own_names=[host]),
                host=host,
                port=port,
                threads=settings.web_threads,
                drain_s=settings.drain_s,
                limits=ConnectionLimits(
                    connections_max=settings.connections_max,
                    peer_connections_max=settings.peer_connections_max,
                    files_beside=FILES_BESIDE
                    + settings.web_threads * max(0, spike.upload_limits.batch_files - BATCH_FILES_MAX),
                    bodies_bytes_max=settings.bodies_mb_max * 1_000_000,
                    header_s=settings.header_timeout_s,
                    body_s=settings.body_timeout_s * body_share(spike.upload_limits),
                    read_s=settings.read_timeout_s,
                    idle_s=settings.idle_timeout_s,
                ),
                is_proxy=Proxies.parse(settings.trusted_proxies).trusts_address,
                bodies=BodyPolicy.of(
                    routes(spike, closing=closing),
                    base_path=base_urls(spike).public_path,
                    bytes_max=body_bytes_max(spike.upload_limits),
                ),
                closing=closing,
                on_ready=on_ready,
            )
        except OSError as error:
            raise click.ClickException(f"can't listen on {host}:{port}: {error.strerror or error}") from error
