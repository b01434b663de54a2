"""A server on 127.0.0.1 that answers everything with the same JSON and remembers what arrived."""

import collections
import http.server
import threading
import urllib.parse

Arrived = collections.namedtuple("Arrived", "method path headers body")


class Recorder:
    ANSWER = '{"answer":"it\'s ü"}'

    def __init__(self):
        found = self.found = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def record(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                if "chunked" in self.headers.get("transfer-encoding", ""):
                    body = b"".join(chunks(self.rfile))
                found.append(Arrived(self.command, self.path, self.headers, body))
                answer = Recorder.ANSWER.encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = record

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def forget(self):
        self.found.clear()

    def arrived(self):
        return list(self.found)

    def path_of(self, url):
        """What is asked for at a URL: encoded where it must be, and nothing else."""
        return urllib.parse.quote(url[len(self.url):] or "/", safe="-._~!$&()*+,;=:@/?%")


def chunks(file):
    while size := int(file.readline(), 16):
        yield file.read(size)
        file.readline()
    file.readline()
