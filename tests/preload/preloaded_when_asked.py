"""Waits for the first connection, before it imports what takes a second: the server is in `preloaded_server`."""

import select
import socket
import sys

with socket.socket(fileno=int(sys.argv[1])) as listening, socket.socket(fileno=int(sys.argv[2])) as asked_for:
    ready, _, _ = select.select([listening, asked_for], [], [])
    if listening in ready:
        from preloaded_server import serve

        serve(listening, asked_for)
