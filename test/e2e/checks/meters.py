"""Meters of elements: what a rack's PDU shows beyond its nodes stays counted."""

import http.server
import threading

from harness import objects
from harness.failures import require
from harness.machines import Prometheus
from harness.ports import free_port
from harness.registry import check
from harness.wait import eventually, stays


class Pdu:
    """An exporter of rack meters: holds watts by rack."""

    def __init__(self):
        self.watts = {}
        self.port = free_port()
        pdu = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = "".join(f'pdu_input_watts{{rack="{rack}"}} {watts}\n' for rack, watts in pdu.watts.items()).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@check("a rack PDU's meter that shows 1 kW which no node accounts for takes 1 kW of the rack's headroom")
def unmanaged(world):
    ns = world.namespace()
    world.add_racks(2)
    pdu = Pdu()
    world.finally_do(pdu.close)
    pdu.watts = {"r1": 1796, "r2": 796}  # 8 nodes show 99.5 W each
    prometheus = world.use(Prometheus("pdu", world.scratch(), world.logs, [
        {"job_name": "pdu", "static_configs": [{"targets": [f"127.0.0.1:{pdu.port}"]}]}]))
    prometheus.await_series("pdu_input_watts", 2)
    racks = {rack: {"rated": 2350, "meter": {"query": f'pdu_input_watts{{rack="{rack}"}}'}} for rack in ("r1", "r2")}
    world.apply(objects.topology("site", racks))
    world.start_extender(telemetry=world.telemetry(prometheusInterval="1s", prometheus=[{"name": "pdu", "url": prometheus.url}]))

    eventually("the meter is in force", lambda: not world.accepted(620, ["r1-n1"]) and world.accepted(480, ["r1-n1"]), deadline=20)
    world.start_scheduler()
    world.create_pods(ns, [objects.pod(f"p{i}", cpu=10) for i in range(25)])
    world.await_bound(ns, 20)
    world.await_refused(ns, 5)
    require(world.racks_of(ns) == {"r1": 5, "r2": 15}, lambda: f"placed {world.racks_of(ns)}, wanted 5 on r1 and 15 on r2")
    stays("so it stays", lambda: world.racks_of(ns) == {"r1": 5, "r2": 15}, 3)
