# SPDX-License-Identifier: Apache-2.0
"""A worker under test, clients that send to it, and an oracle that knows what was accepted.

The oracle stands outside: it knows only what senders were told, and what lies in the output and in the dead letters."""
import hashlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from ports import free_port  # noqa: E402


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Worker:
    """`qanat serve` with a pipeline from HTTP to a file, in a folder of its own."""

    def __init__(self, qanat, folder, stages=None, options=(), environment=None, sink=None, limits=None, source=None):
        self.qanat, self.folder, self.options = qanat, folder, list(options)
        self.environment = dict(os.environ, **(environment or {}))
        self.port, self.control = free_port(), free_port()
        self.output = os.path.join(folder, "out.jsonl")
        self.state = os.path.join(folder, "state")
        self.pipeline = os.path.join(folder, "pipeline.json")
        self.log = os.path.join(folder, "log")
        self.source = dict({"listen": f"127.0.0.1:{self.port}"}, **(source or {}))
        self.sink = sink or {"use": "jsonl", "with": {"path": self.output, "parts": ["text"]}}
        self.limits = limits
        self.process = None
        self.n_starts = 0
        self.write(stages or [])

    def write(self, stages, **changes):
        """The pipeline file, replaced at once as an editor would."""
        pipeline = {"name": "faults", "source": {"use": "http", "with": self.source},
                    "stages": [{"use": "decode"}] + stages, "sink": self.sink}
        if self.limits:
            pipeline["limits"] = self.limits
        pipeline.update(changes)
        with open(self.pipeline + ".new", "w") as file:
            json.dump(pipeline, file)
        os.rename(self.pipeline + ".new", self.pipeline)

    def start(self, wait=True):
        self.n_starts += 1
        log = open(self.log, "a")
        self.process = subprocess.Popen(
            [self.qanat, "serve", "--state", self.state, "--control", f"127.0.0.1:{self.control}", "-j", "2"] +
            self.options + [self.pipeline], stdout=log, stderr=log, env=self.environment)
        log.close()
        if wait:
            self.wait_ready()

    def wait_ready(self, timeout=20):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"the worker ended with {self.process.returncode}:\n{self.said()}")
            try:
                if self.ask("GET", "/-/ready")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"the worker is not ready after {timeout} s:\n{self.said()}")

    def said(self, n=20):
        with open(self.log, errors="replace") as file:
            return "".join(file.readlines()[-n:])

    def ask(self, method, path, body=None, timeout=30):
        """A request to the control."""
        connection = http.client.HTTPConnection("127.0.0.1", self.control, timeout=timeout)
        try:
            connection.request(method, path, body, {"X-Qanat": "1", "Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def status(self):
        code, body = self.ask("GET", "/-/status")
        assert code == 200, (code, body)
        return json.loads(body)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, timeout=60):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def wait_drained(self, timeout=120):
        """Until nothing waits any more."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            journal = self.status()["journal"]
            if journal["waiting"] + journal["taken"] == 0:
                return
            time.sleep(0.05)
        raise AssertionError(f"still waiting after {timeout} s: {self.status()['journal']}\n{self.said()}")

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def delivered(self):
        """Records in the output: id -> list of digests of their texts. A broken line is an assertion."""
        found = {}
        if not os.path.exists(self.output):
            return found
        with open(self.output, "rb") as file:
            for number, line in enumerate(file, 1):
                assert line.endswith(b"\n"), f"line {number} of the output has no end"
                try:
                    record = json.loads(line)
                except ValueError as error:
                    raise AssertionError(f"line {number} of the output is no record: {error}: {line[:200]}")
                found.setdefault(record["id"], []).append(digest(record["text"]))
        return found

    def dead(self):
        path = os.path.join(self.state, "dead-letters.db")
        if not os.path.exists(path):
            return {}
        text = subprocess.run([self.qanat, "deadletter", "list", "--file", path, "--json"], stdout=subprocess.PIPE,
                              check=True).stdout
        letters = [json.loads(line) for line in text.splitlines()]
        return {letter["id"]: letter for letter in letters}


class Oracle:
    """What senders were told: ids that were accepted, with the digest of what was sent."""

    def __init__(self):
        self.lock = threading.Lock()
        self.accepted = {}
        self.n_sent = self.n_refused = self.n_full = self.n_broken = 0
        self.slowest = 0.0

    def accept(self, identity, text):
        with self.lock:
            self.accepted[identity] = digest(text)

    def verdict(self, worker):
        """Everything accepted came out with the text that was sent, or is a dead letter. Returns counts."""
        delivered, dead = worker.delivered(), worker.dead()
        lost = [i for i in self.accepted if i not in delivered and i not in dead]
        corrupt = [i for i, sums in delivered.items() if i in self.accepted and set(sums) != {self.accepted[i]}]
        strange = [i for i in delivered if i not in self.accepted]
        doubled = sum(len(sums) - 1 for sums in delivered.values())
        return {"accepted": len(self.accepted), "delivered": len(delivered), "dead": len(dead), "lost": len(lost),
                "corrupt": len(corrupt), "unknown": len(strange), "duplicates": doubled, "sent": self.n_sent,
                "refused": self.n_refused, "full": self.n_full, "broken": self.n_broken, "lost_ids": lost[:5]}


class Client(threading.Thread):
    """Sends documents one after the other, each until it is accepted: what a careful sender does."""

    def __init__(self, worker, oracle, name, size=400, pause=0.0, keys=True, seed=0):
        super().__init__(daemon=True)
        self.worker, self.oracle, self.label = worker, oracle, name
        self.size, self.pause, self.keys = size, pause, keys
        self.random = random.Random(f"{name} {seed}")
        self.ending = threading.Event()
        self.connection = None

    words = "أعلنت الشركة عن نتائج الربع الأخير في القاهرة وقالت إن الأرباح ارتفعت بنسبة عشرة في المئة".split()

    def text(self, number):
        out = [f"وثيقة {self.label}-{number}:"]
        while sum(map(len, out)) < self.size:
            out.append(self.random.choice(self.words))
        return " ".join(out)

    def post(self, text, key):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.worker.port, timeout=30)
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if self.keys:
            headers["Idempotency-Key"] = key
        self.connection.request("POST", "/v1/documents", text.encode(), headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def send(self, number):
        """True once it is accepted; False if the client was told to end first."""
        text, key = self.text(number), f"{self.label}-{number}"
        while not self.ending.is_set():
            begin = time.monotonic()
            try:
                with self.oracle.lock:
                    self.oracle.n_sent += 1
                status, body = self.post(text, key)
            except (OSError, http.client.HTTPException):
                self.connection = None
                with self.oracle.lock:
                    self.oracle.n_broken += 1
                time.sleep(0.02)
                continue
            if status in (200, 202):
                self.oracle.accept(json.loads(body)["documents"][0]["id"], text)
                with self.oracle.lock:
                    self.oracle.slowest = max(self.oracle.slowest, time.monotonic() - begin)
                return True
            if status not in (429, 503):
                raise AssertionError(f"{status}: {body[:300]}")
            with self.oracle.lock:
                self.oracle.n_refused += 1
                self.oracle.n_full += status == 429
            time.sleep(0.05)
        return False

    def run(self):
        number = 0
        while not self.ending.is_set() and self.send(number):
            number += 1
            if self.pause:
                time.sleep(self.pause)

    def end(self):
        self.ending.set()
        self.join(60)
        assert not self.is_alive(), f"client {self.label} does not end"
