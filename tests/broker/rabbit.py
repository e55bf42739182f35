# SPDX-License-Identifier: Apache-2.0
"""RabbitMQ nodes of a test's own: on loopback, with their own names, ports, data folder and epmd, ended by pid.

Nothing of an installed service is touched: the server's script is run directly, by whoever runs the test."""
import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from ports import free_ports  # noqa: E402


def find_server():
    """The folder of RabbitMQ's own scripts, or None."""
    found = sorted(glob.glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin"))
    return found[-1] if found and shutil.which("epmd") and shutil.which("erl") else None


def accepts(port):
    with socket.socket() as s:
        s.settimeout(0.5)
        return s.connect_ex(("127.0.0.1", port)) == 0


class Node:
    def __init__(self, cluster, index, port, dist_port):
        self.cluster, self.port, self.dist_port = cluster, port, dist_port
        self.name = f"q{index}t{os.getpid()}@localhost"
        self.folder = os.path.join(cluster.folder, f"node{index}")
        self.process = None
        self.stopped = False
        os.makedirs(self.folder)

    def environment(self):
        return dict(os.environ, HOME=self.cluster.folder, ERL_EPMD_PORT=str(self.cluster.epmd_port),
                    ERL_EPMD_ADDRESS="127.0.0.1", RABBITMQ_NODENAME=self.name, RABBITMQ_NODE_PORT=str(self.port),
                    RABBITMQ_NODE_IP_ADDRESS="127.0.0.1", RABBITMQ_DIST_PORT=str(self.dist_port),
                    RABBITMQ_MNESIA_BASE=os.path.join(self.folder, "data"),
                    RABBITMQ_LOG_BASE=os.path.join(self.folder, "log"),
                    RABBITMQ_CONFIG_FILE=os.path.join(self.folder, "rabbitmq"),
                    RABBITMQ_ENABLED_PLUGINS_FILE=os.path.join(self.folder, "enabled_plugins"),
                    RABBITMQ_PID_FILE=os.path.join(self.folder, "pid"),
                    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none",
                    RABBITMQ_SERVER_START_ARGS="", RABBITMQ_CTL_ERL_ARGS="")

    def write_config(self):
        lines = [f"listeners.tcp.1 = 127.0.0.1:{self.port}", "log.file.level = warning", "vm_memory_high_watermark.absolute = 1500MB",
                 "disk_free_limit.absolute = 50MB", "cluster_partition_handling = ignore"] + self.cluster.config
        if len(self.cluster.nodes) > 1:
            lines.append("cluster_formation.peer_discovery_backend = classic_config")
            for i, node in enumerate(self.cluster.nodes):
                lines.append(f"cluster_formation.classic_config.nodes.{i + 1} = {node.name}")
        with open(os.path.join(self.folder, "rabbitmq.conf"), "w") as f:
            f.write("\n".join(lines) + "\n")
        with open(os.path.join(self.folder, "enabled_plugins"), "w") as f:
            f.write("[].\n")

    def start(self):
        self.write_config()
        out = open(os.path.join(self.folder, "out"), "ab")
        self.process = subprocess.Popen([os.path.join(self.cluster.scripts, "rabbitmq-server")], env=self.environment(),
                                        stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        out.close()
        self.stopped = False

    def wait(self, timeout=60):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}: see {self.folder}")
            if accepts(self.port):
                return
            time.sleep(0.2)
        raise RuntimeError(f"{self.name} does not accept connections after {timeout} s: see {self.folder}")

    def ctl(self, *arguments, timeout=60):
        return subprocess.run([os.path.join(self.cluster.scripts, "rabbitmqctl"), "-q", "-n", self.name, *arguments],
                              env=self.environment(), capture_output=True, text=True, timeout=timeout)

    def send(self, number):
        """A signal to the server and all it started (it is a session of its own)."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def kill(self):
        self.send(signal.SIGCONT)
        self.send(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()


class Cluster:
    """One or more nodes. Use as a context manager."""

    def __init__(self, folder, n_nodes=1, config=()):
        self.scripts = find_server()
        self.folder = folder
        self.config = list(config)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, ".erlang.cookie"), "w") as f:
            f.write("QANATTEST")
        os.chmod(os.path.join(folder, ".erlang.cookie"), 0o400)
        ports = free_ports(2 * n_nodes + 1)
        self.epmd_port = ports[-1]
        self.nodes = []
        self.epmd = None
        for i in range(n_nodes):
            self.nodes.append(Node(self, i, ports[2 * i], ports[2 * i + 1]))

    def __enter__(self):
        self.epmd = subprocess.Popen(["epmd", "-port", str(self.epmd_port), "-address", "127.0.0.1"],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + 10
            while not accepts(self.epmd_port) and time.monotonic() < end:
                time.sleep(0.05)  # a node that finds none starts one of its own, which nobody would end
            for node in self.nodes:
                node.start()
            for node in self.nodes:
                node.wait(120)
            if len(self.nodes) > 1:
                self.nodes[0].ctl("await_online_nodes", str(len(self.nodes)), timeout=120)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.kill()
        if self.epmd is not None:
            self.epmd.kill()
            self.epmd.wait()

    def addresses(self):
        return [f"127.0.0.1:{node.port}" for node in self.nodes]


if __name__ == "__main__":  # a node to try things with, until a line comes or standard input ends
    with Cluster(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1) as cluster:
        print(" ".join(cluster.addresses()), flush=True)
        sys.stdin.readline()
