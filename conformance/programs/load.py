"""What a client of libvirt's own library sees of a daemon under load.

load.py URI define PREFIX COUNT FILE    defines COUNT domains by the document in FILE, with NAME in it
load.py URI undefine PREFIX             removes them
load.py URI list ROUNDS                 milliseconds of each list of all domains
load.py URI calls SECONDS DOMAIN        calls in a second, by kind
load.py URI events DOMAIN COUNT FILE    microseconds from a call to its event, by kind; DOMAIN runs
load.py URI many CLIENTS SECONDS        CLIENTS at once: calls, failures, microseconds of each call

A line for each kind: its name, then its figures.
"""

import sys
import threading
import time

import libvirt

libvirt.registerErrorHandler(lambda *ignored: None, None)


def say(name, figures):
    print(name, *figures, flush=True)


def define(uri, prefix, count, file):
    connection = libvirt.open(uri)
    document = open(file).read()
    began = time.monotonic()
    for number in range(int(count)):
        connection.defineXML(document.replace("NAME", f"{prefix}{number}"))
    say("define-seconds", [round(time.monotonic() - began, 3)])


def undefine(uri, prefix):
    connection = libvirt.open(uri)
    for domain in connection.listAllDomains():
        if domain.name().startswith(prefix):
            domain.undefine()


def milliseconds_of(call):
    began = time.perf_counter()
    call()
    return round((time.perf_counter() - began) * 1000, 3)


def list_all(uri, rounds):
    connection = libvirt.open(uri)
    say("domains", [len(connection.listAllDomains())])
    say("list-ms", [milliseconds_of(connection.listAllDomains) for _ in range(int(rounds))])


def calls(uri, seconds, name):
    connection = libvirt.open(uri)
    domain = connection.lookupByName(name)
    kinds = {
        "connectGetLibVersion": connection.getLibVersion,
        "domainGetInfo": domain.info,
        "domainGetXMLDesc": domain.XMLDesc,
        "connectListAllDomains": connection.listAllDomains,
    }
    for kind, call in kinds.items():
        count = 0
        began = time.perf_counter()
        end = began + float(seconds)
        while time.perf_counter() < end:
            call()
            count += 1
        say(kind, [round(count / (time.perf_counter() - began), 1)])


def events(uri, name, count, file):
    libvirt.virEventRegisterDefaultImpl()

    def loop():
        while True:
            libvirt.virEventRunDefaultImpl()

    threading.Thread(target=loop, daemon=True).start()
    connection = libvirt.open(uri)
    heard = {}
    arrived = threading.Condition()

    def callback(_connection, domain, event, _detail, _opaque):
        with arrived:
            heard.setdefault((domain.name(), event), []).append(time.perf_counter())
            arrived.notify_all()

    connection.domainEventRegisterAny(
        None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, callback, None
    )
    document = open(file).read().replace("NAME", "load-event")
    domain = connection.lookupByName(name)

    def latency(key, call):
        with arrived:
            heard.pop(key, None)
        began = time.perf_counter()
        call()
        with arrived:
            if not arrived.wait_for(lambda: key in heard, 30):
                raise SystemExit(f"no event {key}")
            return round((heard[key][0] - began) * 1e6)

    figures = {"define": [], "undefine": [], "suspend": [], "resume": []}
    for _ in range(int(count)):
        figures["define"].append(
            latency(
                ("load-event", libvirt.VIR_DOMAIN_EVENT_DEFINED),
                lambda: connection.defineXML(document),
            )
        )
        figures["undefine"].append(
            latency(
                ("load-event", libvirt.VIR_DOMAIN_EVENT_UNDEFINED),
                lambda: connection.lookupByName("load-event").undefine(),
            )
        )
        figures["suspend"].append(
            latency((name, libvirt.VIR_DOMAIN_EVENT_SUSPENDED), domain.suspend)
        )
        figures["resume"].append(latency((name, libvirt.VIR_DOMAIN_EVENT_RESUMED), domain.resume))
    for kind, values in figures.items():
        say(kind, values)


def many(uri, clients, seconds):
    lock = threading.Lock()
    together = threading.Barrier(int(clients))
    times = []
    failures = []

    def client(number):
        try:
            connection = libvirt.open(uri)
            together.wait()
            own = []
            end = time.perf_counter() + float(seconds)
            while time.perf_counter() < end:
                call = (
                    connection.listAllDomains,
                    connection.getHostname,
                    connection.getInfo,
                    connection.listAllNetworks,
                    connection.listAllStoragePools,
                    lambda: connection.lookupByName("load1").XMLDesc(),
                )[(number + len(own)) % 6]
                own.append(round(milliseconds_of(call) * 1000))
            with lock:
                times.extend(own)
            connection.close()
        except (libvirt.libvirtError, threading.BrokenBarrierError) as error:
            with lock:
                failures.append(error)
            together.abort()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(int(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in failures:
        print(error, file=sys.stderr)
    say("failures", [len(failures)])
    say("call-us", times)


COMMANDS = {
    "define": define,
    "undefine": undefine,
    "list": list_all,
    "calls": calls,
    "events": events,
    "many": many,
}
COMMANDS[sys.argv[2]](sys.argv[1], *sys.argv[3:])
