"""Measures the process as a whole: from its start to the first answer, and what an idle conversation weighs.

Prints `figure:` lines for scripts/bench. Only the standard library is used. Talks to 127.0.0.1 only.
"""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

STARTS = 5
CONVERSATIONS = 2000
START_LIMIT_S = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(binary, folder, port, **more):
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "DATABASE_URL": f"sqlite://{folder}/bench.db",
        "FRONTDESK_LISTEN": f"127.0.0.1:{port}",
        "FRONTDESK_RATE_LIMITS": "off",
        "FRONTDESK_LOG": "error",
        "FRONTDESK_NOW": "2026-11-18T10:00:00-05:00[America/New_York]",
        **more,
    }
    quiet = subprocess.DEVNULL
    return subprocess.Popen([binary, "serve"], env=environment, stdin=quiet, stdout=quiet)


def say(port, participant, text):
    body = {"business_id": "demo-salon", "participant_id": participant, "text": text}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/messages",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def first_answer(process, port):
    begun = time.monotonic()
    while time.monotonic() - begun < START_LIMIT_S:
        if process.poll() is not None:
            sys.exit(f"frontdesk ended with {process.returncode} before it answered")
        try:
            return say(port, "first", "hi")
        except urllib.error.HTTPError as error:
            sys.exit(f"frontdesk answered {error.code}: {error.read(400)!r}")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.002)
    sys.exit(f"frontdesk did not answer within {START_LIMIT_S} s")


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def resident_bytes(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    sys.exit("no VmRSS in /proc")


def main(binary):
    # Whatever failed is told by the missing figure; the process is stopped in any case.
    took = []
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as folder:
            port = free_port()
            begun = time.monotonic()
            process = start(binary, folder, port)
            try:
                first_answer(process, port)
                took.append((time.monotonic() - begun) * 1000)
            finally:
                stop(process)
    print(f"figure: start_to_first_answer {statistics.median(took):.1f} ms", flush=True)

    print(f"figure: idle_conversation {weight(binary):.2f} KB", flush=True)
    # Its actor has left, and what remains is a cached context; memory that was freed may still count as used.
    left = weight(binary, FRONTDESK_CONVERSATION__ACTOR_IDLE_SECONDS="1")
    print(f"figure: conversation_at_rest {left:.2f} KB", flush=True)


def weight(binary, **more):
    """What the memory grows by for each conversation, in KB."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        process = start(binary, folder, port, **more)
        try:
            first_answer(process, port)
            # Caches, pools and the allocator reach their size first; they are not part of a conversation.
            for number in range(CONVERSATIONS // 4):
                say(port, f"warm-{number}", "hi")
            before = resident_bytes(process)
            for number in range(CONVERSATIONS):
                say(port, f"p-{number}", "hi")
            return max(0, resident_bytes(process) - before) / CONVERSATIONS / 1024
        finally:
            stop(process)


if __name__ == "__main__":
    main(sys.argv[1])
