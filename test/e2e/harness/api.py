"""A plain client of the Kubernetes API over the standard library: how the checks read and write the cluster.

It shares nothing with the product's own client. Objects are dicts as the API server prints them.
"""

import http.client
import json
import ssl
import threading
from urllib.parse import urlencode, urlsplit

GROUP = "powercapping.example.com/v1alpha1"
POLICIES = f"/apis/{GROUP}/namespaces/{{ns}}/powercappingpolicies"
TOPOLOGIES = f"/apis/{GROUP}/powertopologies"
NODE_POWER_CAPS = f"/apis/{GROUP}/nodepowercaps"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class ApiError(RuntimeError):
    """A reply that is no 2xx. `message` is what the API server says."""

    def __init__(self, status, body, request):
        self.status = status
        try:
            self.body = json.loads(body)
            self.message = self.body.get("message", "")
        except ValueError:
            self.body, self.message = {}, body.decode(errors="replace")
        super().__init__(f"{request}: {status} {self.message}")


class Api:
    """Thread-safe: each thread keeps a connection of its own."""

    def __init__(self, server, ca, certificate=None, token=None, timeout=30.0):
        self.server = server
        self._address = urlsplit(server)
        self._context = ssl.create_default_context(cafile=ca)
        if certificate:
            self._context.load_cert_chain(*certificate)
        self._token = token
        self._timeout = timeout
        self._local = threading.local()

    def _connection(self):
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPSConnection(self._address.hostname, self._address.port, timeout=self._timeout,
                                                     context=self._context)
            self._local.connection = connection
        return connection

    def _drop(self):
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def raw(self, method, path, body=None, content_type="application/json", query=None):
        """One request. Returns (status, bytes). A kept connection that the server had closed is opened once anew."""
        if query:
            path += "?" + urlencode(query)
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = "Bearer " + self._token
        if body is not None:
            headers["Content-Type"] = content_type
            if not isinstance(body, (bytes, str)):
                body = json.dumps(body)
        for attempt in (1, 2):
            fresh = getattr(self._local, "connection", None) is None
            try:
                connection = self._connection()
                connection.request(method, path, body=body, headers=headers)
                reply = connection.getresponse()
                return reply.status, reply.read()
            except (http.client.HTTPException, OSError):
                self._drop()
                if fresh or attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def request(self, method, path, body=None, content_type="application/json", query=None):
        status, reply = self.raw(method, path, body, content_type, query)
        if not 200 <= status < 300:
            raise ApiError(status, reply, f"{method} {path}")
        return json.loads(reply) if reply else {}

    def get(self, path, **query):
        return self.request("GET", path, query=query or None)

    def items(self, path, **query):
        return self.get(path, **query)["items"]

    def create(self, path, obj):
        return self.request("POST", path, obj)

    def replace(self, path, obj):
        return self.request("PUT", path, obj)

    def merge(self, path, patch):
        return self.request("PATCH", path, patch, "application/merge-patch+json")

    def apply(self, path, obj, manager="e2e"):
        """Server-side apply; a str is YAML."""
        return self.request("PATCH", path, obj, "application/apply-patch+yaml", {"fieldManager": manager, "force": "true"})

    def delete(self, path, grace=None):
        """Deletes one object; one that is gone already is fine."""
        try:
            return self.request("DELETE", path, query={} if grace is None else {"gracePeriodSeconds": grace})
        except ApiError as error:
            if error.status == 404:
                return {}
            raise

    def watch(self, path):
        """Yields the objects under `path` as the API server sends them, on a connection of its own, until that ends."""
        connection = http.client.HTTPSConnection(self._address.hostname, self._address.port, context=self._context)
        headers = {"Authorization": "Bearer " + self._token} if self._token else {}
        connection.request("GET", path + "?watch=1", headers=headers)
        reply = connection.getresponse()
        if reply.status != 200:
            raise ApiError(reply.status, reply.read(), f"WATCH {path}")
        for line in reply:
            yield json.loads(line)["object"]

    def exists(self, path):
        status, _ = self.raw("GET", path)
        return status == 200
