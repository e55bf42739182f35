# SPDX-License-Identifier: Apache-2.0
"""Ports on loopback for servers that a test starts. They lie below those that the kernel gives to outgoing connections, so that nobody is
given one between the moment it is found free and the moment the server binds it."""
import random
import socket

FIRST = 10000
TRIES = 1000


def _first_outgoing():
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            return int(file.read().split()[0])
    except OSError:
        return 32768


def free_ports(n):
    below = _first_outgoing()
    held = []
    try:
        for _ in range(TRIES):
            if len(held) == n:
                break
            probe = socket.socket()
            try:
                probe.bind(("127.0.0.1", random.SystemRandom().randrange(FIRST, below) if below > FIRST else 0))
                held.append(probe)
            except OSError:
                probe.close()
        assert len(held) == n, "no %d free ports on loopback" % n
        return [probe.getsockname()[1] for probe in held]
    finally:
        for probe in held:
            probe.close()


def free_port():
    return free_ports(1)[0]
