"""A host beside this one, in a network namespace of the tests' own: what a neighbour that routes by this host reaches."""

import os

from harness import run

# Of the addresses that are for documentation (RFC 5737).
HERE, THERE = "203.0.113.1", "203.0.113.2"

CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=4).close()
    print("open")
except OSError as e:
    print(type(e).__name__)
"""


class OutsideHost:
    def __init__(self):
        self.name = f"gsp-out-{os.getpid()}"
        self.link = f"gspo{os.getpid() % 100000}"

    def __enter__(self):
        inside = ["ip", "-n", self.name]
        for command in (["ip", "netns", "add", self.name],
                        ["ip", "link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.name],
                        ["ip", "address", "add", f"{HERE}/30", "dev", self.link], ["ip", "link", "set", self.link, "up"],
                        [*inside, "address", "add", f"{THERE}/30", "dev", "eth0"], [*inside, "link", "set", "eth0", "up"],
                        [*inside, "route", "add", "default", "via", HERE]):
            run(command).ok()
        return self

    def __exit__(self, *_):
        run(["ip", "netns", "delete", self.name])
        run(["ip", "link", "delete", self.link])

    def ask(self, host, port):
        """What a connection becomes: "open", or the name of the error."""
        return run(["ip", "netns", "exec", self.name, "python3", "-c", CONNECT, host, port]).ok().output.strip()
