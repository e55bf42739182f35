# SPDX-License-Identifier: Apache-2.0
"""A source in a host that plays the worker's journal (tests/support/source_host.c), and requests to it.

usage of such a test: NAME SOURCE_HOST PLUGIN_FOLDER [--slow] [TEST...]    --slow: sanitizers are on"""
import contextlib
import http.client
import json
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time

HOST_PROGRAM, PLUGINS = (os.path.abspath(path) for path in sys.argv[1:3])
SLOW = "--slow" in sys.argv[3:]
DEADLINE_S = 120 if SLOW else 30
FOLDER = tempfile.TemporaryDirectory(prefix="qanat-http-")


def check(condition, said=""):
    if not condition:
        raise AssertionError(said)


def check_equal(got, wanted, said=""):
    check(got == wanted, "got %.1500r\nwanted %.1500r\n%.1500s" % (got, wanted, said))


def place(name):
    return os.path.join(FOLDER.name, name)


def write(name, content):
    with open(place(name), "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return place(name)


def fnv(content):
    value = 14695981039346656037
    for byte in content:
        value = ((value ^ byte) * 1099511628211) % (1 << 64)
    return "%016x" % value


# --- the host ---

class Host:
    """One source in its host; ends it, and sees that it left nothing behind."""

    def __init__(self, *flags, refused=False, descriptors=None, **config):
        config.setdefault("listen", "127.0.0.1:0")
        path = write("config.json", json.dumps(config))
        self.lines, self.changed, self.refused = [], threading.Condition(), refused
        environment = dict(os.environ, UBSAN_OPTIONS="halt_on_error=1", LSAN_OPTIONS="exitcode=23")
        self.process = subprocess.Popen([HOST_PROGRAM, PLUGINS, "http", path, *flags], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        if descriptors:
            resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (descriptors, descriptors))
        self.threads = [threading.Thread(target=self.read_lines, daemon=True),
                        threading.Thread(target=self.read_errors, daemon=True)]
        self.errors = b""
        for thread in self.threads:
            thread.start()

    def read_errors(self):
        self.errors = self.process.stderr.read()

    def read_lines(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.decode().rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines.append("gone")
            self.changed.notify_all()

    def wait(self, test, what):
        """The first value of test(lines) that is not None or False."""
        until = time.monotonic() + DEADLINE_S
        with self.changed:
            while True:
                value = test(self.lines)
                if value not in (None, False):
                    return value
                check("gone" not in self.lines or self.refused, "the host is gone: %r" % self.errors[-2000:])
                check(time.monotonic() < until, "not in time: %s; %r" % (what, self.lines[-20:]))
                self.changed.wait(0.2)

    def __enter__(self):
        self.wait(lambda lines: "ready" in lines or "gone" in lines, "ready")
        for line in self.lines:
            found = re.match(r"log 2 listens on https?://.*:(\d+)$", line)
            if found:
                self.port = int(found.group(1))
        return self

    def __exit__(self, kind, *_):
        try:
            if self.process.poll() is None:
                self.process.stdin.close()
            self.process.wait(DEADLINE_S)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self.process.kill()
            self.process.wait()
            check(kind is not None, "the source does not end")
        for thread in self.threads:
            thread.join()
        if kind is None and not self.refused:
            check_equal((self.process.returncode, self.lines[-3:]), (0, ["ended 0", "left 0", "gone"]), self.errors.decode()[-3000:])

    def say(self, line):
        before = self.lines.count("did " + line)
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        self.wait(lambda lines: lines.count("did " + line) > before, line)

    def documents(self, n=None):
        got = lambda lines: [json.loads(line[4:]) for line in lines if line.startswith("doc ")]
        if n is not None:
            self.wait(lambda lines: len(got(lines)) >= n, "%d documents" % n)
        return got(list(self.lines))

    def connect(self, timeout=DEADLINE_S):
        one = socket.create_connection(("127.0.0.1", self.port), timeout=timeout)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return one


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def slug(self):
        check_equal(self.headers.get("content-type"), "application/problem+json", self.body)
        problem = self.json
        check_equal(problem["status"], self.status)
        check(problem["title"] and problem["detail"], problem)
        return problem["type"].rpartition(":")[2]


def ask(host, body=b"hello", kind="text/plain", path="/v1/documents", method="POST", connection=None, **headers):
    one = connection or http.client.HTTPConnection("127.0.0.1", host.port, timeout=DEADLINE_S)
    sent = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
    if kind is not None:
        sent["Content-Type"] = kind
    one.request(method, path, body, sent)
    answer = Answer(one.getresponse())
    if connection is None:
        one.close()
    return answer


def raw(host, *pieces, wait=0.0, read=True):
    """Sends bytes as they are, and reads until the other side closes."""
    with host.connect() as one:
        with contextlib.suppress(OSError):
            for piece in pieces:
                one.sendall(piece)
                time.sleep(wait)
            if not read:
                return b""
        return read_all(one)


def read_all(one):
    got = b""
    with contextlib.suppress(ConnectionError):
        while True:
            piece = one.recv(65536)
            if not piece:
                break
            got += piece
    return got


def post(body, kind="text/plain", extra="", path="/v1/documents", close=True):
    head = "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s%s\r\n" % (
        path, kind, len(body), extra, "Connection: close\r\n" if close else "")
    return head.encode() + body


def main(tests):
    wanted = [name for name in sys.argv[3:] if name != "--slow"]
    tests = [test for test in tests if not wanted or test.__name__ in wanted]
    print("1..%d" % len(tests))
    failed = 0
    for i, test in enumerate(tests, 1):
        begun = time.monotonic()
        try:
            test()
            print("ok %d - %s" % (i, test.__name__))
            print("# %.1f s" % (time.monotonic() - begun))
        except Exception as error:  # one broken test must not hide the others
            failed += 1
            print("not ok %d - %s" % (i, test.__name__))
            print("\n".join("# " + line for line in ("%s: %s" % (type(error).__name__, error)).splitlines()))
        sys.stdout.flush()
    return 1 if failed else 0
