"""The usual first program: opens a connection, lists all domains, prints their names."""

import sys

import libvirt

connection = libvirt.open(sys.argv[1] if len(sys.argv) > 1 else "qemu:///system")
for domain in connection.listAllDomains():
    print(domain.name())
connection.close()
