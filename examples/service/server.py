import http.server
import os
import sys
import threading
import urllib.request

PORT = int(os.environ["PORT"])


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"healthy\n")

    def log_message(self, *args):
        pass


def check(port):
    # No proxy stands between a process and itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(f"http://127.0.0.1:{port}/", timeout=3).read().decode()


if "--check" in sys.argv:
    print(check(PORT), end="")
elif "--once" in sys.argv:
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(check(server.server_port), end="")
else:
    http.server.HTTPServer(("0.0.0.0", PORT), Handler).serve_forever()
