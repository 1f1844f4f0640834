"""Free TCP ports of the loopback address."""

import socket

_given = set()


def free_port():
    """A port nobody listens on now, never given twice in one run."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port
