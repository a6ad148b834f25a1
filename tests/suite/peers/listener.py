"""Joins groups as any Python program would, and prints what it hears.

Arguments: a port, and groups and names of interfaces, all of which it joins there.
"""

import select
import socket
import struct
import sys

port, names = int(sys.argv[1]), [name for name in sys.argv[2:] if name.startswith("lan")]
groups = [group for group in sys.argv[2:] if group not in names]


def listen(family):
    listener = socket.socket(family, socket.SOCK_DGRAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind(("", port))
    return listener


listeners = {family: listen(family) for family in (socket.AF_INET, socket.AF_INET6)}
for index in map(socket.if_nametoindex, names):
    for group in groups:
        if ":" in group:
            request = struct.pack("16sI", socket.inet_pton(socket.AF_INET6, group), index)
            option = socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP
            listeners[socket.AF_INET6].setsockopt(*option, request)
        else:  # struct ip_mreqn
            request = struct.pack("4s4si", socket.inet_aton(group), bytes(4), index)
            option = socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP
            listeners[socket.AF_INET].setsockopt(*option, request)
print("listening", flush=True)
while True:
    for ready in select.select(listeners.values(), [], [])[0]:
        print(ready.recv(2048).decode(errors="replace").strip(), flush=True)
