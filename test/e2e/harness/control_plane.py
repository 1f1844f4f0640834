"""etcd, kube-apiserver, kube-controller-manager and KWOK on loopback, RBAC on, every identity with a kubeconfig of its own."""

import base64
import json
import os
import threading
import urllib.request

from .api import Api
from .certificates import Authority
from .ports import free_port
from .processes import Process, run
from .wait import eventually

CONTROLLERS = ("deployment-controller,replicaset-controller,daemonset-controller,job-controller,endpointslice-controller,"
               "garbage-collector-controller,namespace-controller,resourceclaim-controller")
SYSTEM = "headroom-system"


class ControlPlane:
    """One etcd with one or more API servers in front. Everything lives in `directory` and ends with this process."""

    def __init__(self, binaries, directory, servers=1):
        self.binaries = binaries
        self.directory = directory
        self.logs = os.path.join(directory, "logs")
        os.makedirs(self.logs, exist_ok=True)
        self.authority = Authority(os.path.join(directory, "pki"))
        self._sa_key, self._sa_pub = self.authority.service_account_keys()
        self._serving = self.authority.issue("apiserver", "kube-apiserver", addresses=["127.0.0.1"], hosts=["localhost"])
        self._clients = {}
        self.etcd = self._make_etcd()
        self.ports = [free_port() for _ in range(servers)]
        # Where everything but the part under test is at home: with two servers, the one that is not paused.
        self.home = servers - 1
        self.servers = [self._make_server(index) for index in range(servers)]
        self.controller_manager = None
        self.kwok = None

    # ---- identities

    def server_url(self, index=None):
        return f"https://127.0.0.1:{self.ports[self.home if index is None else index]}"

    def client_certificate(self, user, group=None):
        if user not in self._clients:
            self._clients[user] = self.authority.issue("client-" + user.replace(":", "-"), user, organization=group)
        return self._clients[user]

    def admin(self, server=None):
        """A client that may do everything."""
        return Api(self.server_url(server), self.authority.certificate, self.client_certificate("admin", "system:masters"))

    def user(self, name, group=None):
        return Api(self.server_url(), self.authority.certificate, self.client_certificate(name, group))

    def with_token(self, token):
        return Api(self.server_url(), self.authority.certificate, token=token)

    def service_account_token(self, namespace, name):
        """A real token of a ServiceAccount, from the TokenRequest API."""
        reply = self.admin().create(f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token",
                                    {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                                     "spec": {"expirationSeconds": 7200}})
        return reply["status"]["token"]

    def kubeconfig(self, name, certificate=None, token=None, url=None):
        """Writes a kubeconfig file and returns its path. Replaced whole: a program that starts meanwhile reads the old one."""
        with open(self.authority.certificate, "rb") as ca:
            authority = base64.b64encode(ca.read()).decode()
        user = {"token": token} if token else {"client-certificate": certificate[0], "client-key": certificate[1]}
        path = os.path.join(self.directory, f"kubeconfig-{name}")
        unfinished = f"{path}.{os.getpid()}.{threading.get_ident()}"
        with open(unfinished, "w", encoding="utf-8") as out:
            json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "e2e",
                       "clusters": [{"name": "e2e", "cluster": {"server": url or self.server_url(),
                                                                "certificate-authority-data": authority}}],
                       "users": [{"name": "e2e", "user": user}],
                       "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": "e2e"}}]}, out, indent=1)
        os.replace(unfinished, path)
        return path

    def admin_kubeconfig(self):
        return self.kubeconfig("admin", self.client_certificate("admin", "system:masters"))

    # ---- parts

    def _make_etcd(self):
        client, peer = free_port(), free_port()
        self.etcd_url = f"http://127.0.0.1:{client}"
        peer_url = f"http://127.0.0.1:{peer}"
        return Process("etcd", [
            os.path.join(self.binaries, "etcd"), "--name", "e0", "--data-dir", os.path.join(self.directory, "etcd"),
            "--listen-client-urls", self.etcd_url, "--advertise-client-urls", self.etcd_url,
            "--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url, "--initial-cluster", f"e0={peer_url}",
            "--unsafe-no-fsync", "--quota-backend-bytes", "8589934592", "--log-level", "warn"], self.logs)

    def _make_server(self, index):
        certificate, key = self._serving
        return Process(f"kube-apiserver-{index}", [
            os.path.join(self.binaries, "kube-apiserver"), f"--etcd-servers={self.etcd_url}",
            "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", f"--secure-port={self.ports[index]}",
            f"--tls-cert-file={certificate}", f"--tls-private-key-file={key}",
            f"--client-ca-file={self.authority.certificate}", "--service-cluster-ip-range=10.96.0.0/16",
            "--service-account-issuer=https://kubernetes.default.svc", f"--service-account-key-file={self._sa_pub}",
            f"--service-account-signing-key-file={self._sa_key}", "--authorization-mode=RBAC", "--allow-privileged=true",
            # Nothing creates the default ServiceAccounts; the taint plugin marks every created node not ready.
            "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition", "--endpoint-reconciler-type=none"], self.logs)

    def start(self):
        self.etcd.start().await_ready(lambda: b"true" in urllib.request.urlopen(self.etcd_url + "/health", timeout=2).read())
        for index in range(len(self.servers)):
            self.start_server(index)
        return self

    def start_server(self, index=0):
        self.servers[index].start()
        self.await_server(index)

    def await_server(self, index=0):
        api = self.admin(index)
        self.servers[index].await_ready(lambda: api.raw("GET", "/readyz")[0] == 200)

    def start_controllers(self):
        """Deployments, ReplicaSets, DaemonSets, Jobs, EndpointSlices, ResourceClaims, garbage and namespaces."""
        admin = self.admin_kubeconfig()
        self.controller_manager = Process("kube-controller-manager", [
            os.path.join(self.binaries, "kube-controller-manager"), f"--kubeconfig={admin}",
            f"--authentication-kubeconfig={admin}", f"--authorization-kubeconfig={admin}", "--bind-address=127.0.0.1",
            f"--secure-port={free_port()}", f"--controllers={CONTROLLERS}", "--leader-elect=false",
            "--use-service-account-credentials=false"], self.logs).start()

    def start_kwok(self):
        """Kubelets for all nodes: pods run, end and are deleted."""
        stages = os.path.join(self.binaries, "kwok-stages")
        port = free_port()
        self.kwok = Process("kwok", [
            os.path.join(self.binaries, "kwok"), f"--kubeconfig={self.admin_kubeconfig()}", "--manage-all-nodes=true",
            "--node-lease-duration-seconds=40", f"--server-address=127.0.0.1:{port}",
            *(f"--config={os.path.join(stages, stage)}" for stage in sorted(os.listdir(stages)))], self.logs)
        self.kwok.start().await_ready(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).status == 200)

    def kubectl(self, *arguments, stdin=None):
        """The official command line; returns stdout, raises CheckFailed with stderr."""
        argv = [os.path.join(self.binaries, "kubectl"), f"--kubeconfig={self.admin_kubeconfig()}", *arguments]
        return run(argv, input=stdin)

    def await_crd(self, name):
        """A CRD is served a moment after it was accepted."""
        def established():
            conditions = self.admin().get(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}")["status"]["conditions"]
            return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)
        eventually(f"CRD {name} established", established)

    def stop(self):
        for process in (self.kwok, self.controller_manager, *self.servers, self.etcd):
            if process is not None:
                process.stop(deadline=3)
