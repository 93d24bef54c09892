"""A collector that writes the traces it receives to a file, which is searched for secrets."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@contextmanager
def collecting(file: Path) -> Iterator[str]:
    """Receive traces over OTLP until the block ends; yield the endpoint."""

    class Collector(BaseHTTPRequestHandler):
        """The HTTP side of the collector."""

        def do_POST(self) -> None:
            """Append the body to the file."""
            body = self.rfile.read(int(self.headers["content-length"]))
            with file.open("ab") as kept:
                kept.write(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
            self.send_response(200 if self.path == "/v1/traces" else 404)
            self.send_header("content-type", "application/x-protobuf")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        serving = threading.Thread(target=server.serve_forever, name="collector")
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join(10)
