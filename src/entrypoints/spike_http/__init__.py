"""The REST service: Falcon resources over the services, served by waitress."""

from spike_http.app import create_app
from spike_http.credentials import SpikeAuthenticator
from spike_http.serving.server import serve

__all__ = ["SpikeAuthenticator", "create_app", "serve"]
