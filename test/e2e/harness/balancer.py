"""A TCP load balancer in front of API servers: new connections go to `target`, open ones stay where they are. cut() breaks
all of them, as a network does, until mend()."""

import socket
import threading

from .ports import free_port


class Balancer:
    def __init__(self, ports):
        self.ports = ports
        self.target = 0
        self.port = free_port()
        self._closed = self._cut = False
        self._open = []
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def _accept(self):
        while not self._closed:
            try:
                client, _ = self._listener.accept()
                if self._cut:
                    client.close()
                    continue
                server = socket.create_connection(("127.0.0.1", self.ports[self.target]))
            except OSError:
                continue
            self._open += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source, sink):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            # One side is gone: the other must learn it.
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def cut(self):
        self._cut = True
        ends, self._open = self._open, []
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def mend(self):
        self._cut = False

    def close(self):
        self._closed = True
        self._listener.close()
