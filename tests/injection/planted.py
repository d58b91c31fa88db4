"""A service with a hole: what is asked for stands in the statement as it came."""

import http.server
import sqlite3
import threading
from urllib.parse import parse_qs, unquote, urlsplit


class Planted(http.server.ThreadingHTTPServer):
    """`/articles?q=` and `/articles/<slug>`, both open to injection."""

    daemon_threads = True

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                place = urlsplit(self.path)
                asked = parse_qs(place.query).get("q", [unquote(place.path.rsplit("/", 1)[1])])[0]
                with sqlite3.connect(":memory:") as db:
                    db.executescript("CREATE TABLE articles (slug, title); INSERT INTO articles VALUES ('checkout', 'How to test')")
                    try:
                        rows = db.execute(f"SELECT title FROM articles WHERE slug = '{asked}'").fetchall()
                        status, body = 200, repr(rows)
                    except sqlite3.Error as fault:
                        status, body = 500, str(fault)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
