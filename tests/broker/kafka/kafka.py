# SPDX-License-Identifier: Apache-2.0
"""A mock cluster of Kafka and workers around it, for tests: everything on loopback, and ended by pid."""
import collections
import json
import os
import signal
import subprocess
import time

Message = collections.namedtuple('Message', 'partition offset key headers body')

# So that a member that was killed is noticed soon: the mock waits for a session's time-out before partitions are shared anew. Below
# the 3 s for which it holds a first member back, it would forget that member again.
SESSION = {'session.timeout.ms': '3200', 'heartbeat.interval.ms': '400'}

# Kinds of requests, as errors() wants them.
PRODUCE, FETCH, METADATA, OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR, JOIN, HEARTBEAT, SYNC = 0, 1, 3, 8, 9, 10, 11, 12, 14
DISCONNECT = -195


def bytes_of(text):
    return b'' if text == '-' else bytes.fromhex(text)


class Cluster:
    """Use as a context manager."""

    def __init__(self, program, n_brokers=3):
        self.program, self.n_brokers = program, n_brokers

    def __enter__(self):
        self.process = subprocess.Popen([self.program, str(self.n_brokers)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.brokers = self._answer()[0][0].split(',')
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def _answer(self):
        lines = []
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError('the cluster has ended')
            word, _, rest = line.rstrip('\n').partition(' ')
            if word == 'ok':
                return rest.split(' '), lines
            if word == 'error':
                raise RuntimeError(rest)
            lines.append(rest)

    def ask(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        return self._answer()

    def topic(self, name, n_partitions):
        self.ask('topic', name, n_partitions)

    def put(self, topic, body, partition=-1, key='-', headers=None):
        pairs = ','.join(f'{name}={value}' for name, value in (headers or {}).items())
        print('put', topic, partition, key, pairs or '-', body.hex(), file=self.process.stdin)

    def flush(self):
        self.ask('flush')

    def take(self, topic):
        taken = []
        for line in self.ask('take', topic)[1]:
            partition, offset, key, headers, body = line.split(' ')
            pairs = [pair.split('=') for pair in headers.split(',')] if headers != '-' else []
            taken.append(Message(int(partition), int(offset), bytes_of(key).decode(),
                                 {name: bytes_of(value).decode() for name, value in pairs}, bytes_of(body)))
        return taken

    def committed(self, group, topic, n_partitions):
        return [int(word) for word in self.ask('committed', group, topic, n_partitions)[0]]

    def errors(self, kind, *codes):
        self.ask('errors', kind, *codes)

    def source(self, topic='in', group='g', **others):
        properties = dict(SESSION, **others.pop('properties', {}))
        return {'use': 'kafka', 'with': {'brokers': self.brokers, 'topics': [topic], 'group': group, 'properties': properties, **others}}

    def sink(self, topic='out', **others):
        return {'use': 'kafka-out', 'with': {'brokers': self.brokers, 'topic': topic, **others}}


class Worker:
    """qanat run, in a process of its own."""

    def __init__(self, qanat, plugins, folder, name, pipeline, *arguments):
        self.name = name
        self.path = os.path.join(folder, name + '.json')
        self.log = os.path.join(folder, name + '.log')
        with open(self.path, 'w', encoding='utf-8') as file:
            json.dump(dict({'name': name}, **pipeline), file)
        environment = dict(os.environ, QANAT_PLUGIN_PATH=plugins)
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen([qanat, 'run', *arguments, self.path], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=environment)

    def is_up(self):
        return self.process.poll() is None

    def stop(self, timeout=60):
        """Ends it in order. The exit status. Told in the middle of a change of its group it may wait for documents of partitions that it gives
        away (release_ms), for offsets twice, and for its good-bye: 20 s and more if the group does not answer."""
        if self.is_up():
            self.process.send_signal(signal.SIGTERM)
        return self.wait(timeout)

    def wait(self, timeout=60):
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self):
        if self.is_up():
            self.process.kill()
        self.process.wait()

    def words(self):
        with open(self.log, encoding='utf-8', errors='replace') as file:
            return file.read()


def wait_until(what, timeout=20, pause=0.05):
    """Waits for an event, with a deadline."""
    end = time.monotonic() + timeout
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True
