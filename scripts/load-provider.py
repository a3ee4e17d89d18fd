"""Stands in for the providers of a load test: takes every reply, and tells whom it was told what.

Prints its address and serves on 127.0.0.1 until it is killed. Only the standard library is used.
GET /told/CHANNEL/CUSTOMER answers the texts that the customer was told, in the order in which they came.
"""

import collections
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLD = collections.defaultdict(list)
LOCK = threading.Lock()
NUMBER = [0]


def reply(path, body):
    """The channel, customer and text of a reply, and what the provider says to it; no channel for a mere sign of life."""
    with LOCK:
        NUMBER[0] += 1
        number = NUMBER[0]
    if path.startswith("/standard"):
        if body.get("type") == "message.reply":
            return "standard", body["data"]["participant_id"], body["data"]["text"], {}
        return None, None, None, {}
    if path.startswith("/bot"):
        sent = {"ok": True, "result": {"message_id": number}}
        if path.endswith("/sendMessage"):
            return "telegram", body["chat_id"], body["text"], sent
        return None, None, None, sent
    sent = {"messaging_product": "whatsapp", "messages": [{"id": f"wamid.out{number}"}]}
    if body.get("status") == "read":
        return None, None, None, {"success": True}
    text = body.get("text") or body.get("interactive", {}).get("body", {})
    return "whatsapp", body.get("to") or body.get("recipient"), text.get("body") or text.get("text", ""), sent


class Provider(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        channel, customer, text, answer = reply(self.path, json.loads(raw or b"{}"))
        if channel:
            with LOCK:
                TOLD[f"{channel}/{customer}"].append(text)
        self.answer(answer)

    def do_GET(self):
        with LOCK:
            told = list(TOLD.get(self.path.removeprefix("/told/"), []))
        self.answer(told)

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


server = Server(("127.0.0.1", 0), Provider)
print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
