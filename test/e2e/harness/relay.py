"""Stands between kube-scheduler and the extender and writes down what passes: the checks' own record of the calls."""

import http.client
import http.server
import json
import threading
import time


class Call:
    """One verb call as it went over the wire."""

    def __init__(self, verb, request, reply, status, seconds):
        self.seconds = seconds  # from the request to the reply
        self.verb = verb
        self.status = status
        self.request = request
        self.reply = reply

    @property
    def pod(self):
        if self.verb == "bind":
            return self.request.get("PodName")
        return self.request["Pod"]["metadata"]["name"]

    @property
    def refused_bind(self):
        return self.verb == "bind" and (self.status != 200 or bool((self.reply or {}).get("Error")))


class Relay:
    """Listens on 127.0.0.1, forwards every request to the extender's port as it is and keeps (verb, request, reply)."""

    def __init__(self, port, target_port):
        self.calls = []
        self.port = port
        self._target = target_port
        self._local = threading.local()
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                self.connection.setsockopt(6, 1, 1)  # TCP_NODELAY

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                started = time.monotonic()
                try:
                    status, reply = relay._forward(self.path, body)
                except OSError:
                    self.close_connection = True  # the extender is down: so are we
                    return
                relay._record(self.path.rsplit("/", 1)[-1], body, reply, status, time.monotonic() - started)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_):
                pass  # a client that gave up waiting is no news

        self._server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def _forward(self, path, body):
        for attempt in (1, 2):
            connection = getattr(self._local, "connection", None)
            fresh = connection is None
            if fresh:
                connection = http.client.HTTPConnection("127.0.0.1", self._target, timeout=30)
                self._local.connection = connection
            try:
                connection.request("POST", path, body=body, headers={"Content-Type": "application/json"})
                reply = connection.getresponse()
                return reply.status, reply.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self._local.connection = None
                if fresh or attempt == 2:
                    raise OSError(str(error)) from error
        raise AssertionError("unreachable")

    def _record(self, verb, body, reply, status, seconds):
        try:
            answer = json.loads(reply)
        except ValueError:
            answer = None
        self.calls.append(Call(verb, json.loads(body), answer, status, seconds))

    def of(self, verb):
        return [call for call in list(self.calls) if call.verb == verb]

    def close(self):
        self._server.shutdown()
        self._server.server_close()
