"""A viewer made of Debian's gtk-vnc library, which types, points and asks for another size.

gvnc.py HOST PORT SECURITY SECURITY-WITHIN PASSWORD: says on standard output what the library tells, one line each,
and writes the first picture to the file "pixels", 32 bits for each.
"""
import ctypes
import sys

import gi

gi.require_version("GVnc", "1.0")
from gi.repository import GLib, GVnc

ENCODINGS = [-308, -258, -223, 16, 5, 0]  # extended size, extended keys, size, ZRLE, Hextile, Raw
CREDENTIAL_PASSWORD, CREDENTIAL_CLIENTNAME = 0, 2

loop = GLib.MainLoop()
connection = GVnc.Connection.new()
state = {"done": False}


def say(*words):
    print(*words, flush=True)


def choose(_, kinds):
    connection.set_auth_type(int(sys.argv[3]))


def choose_within(_, kind, kinds):
    connection.set_auth_subtype(int(sys.argv[4]))


def credential(_, wanted):
    connection.set_credential(CREDENTIAL_PASSWORD, sys.argv[5])
    connection.set_credential(CREDENTIAL_CLIENTNAME, "wardian")


capsule = ctypes.pythonapi.PyCapsule_New
capsule.restype = ctypes.py_object
capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


def frame_buffer(width, height):
    """Memory into which the library decodes, 32 bits for a pixel."""
    state["pixels"] = ctypes.create_string_buffer(4 * width * height)
    pixel_format = connection.get_pixel_format()
    connection.set_framebuffer(GVnc.BaseFramebuffer(
        buffer=capsule(ctypes.addressof(state["pixels"]), None, None), width=width, height=height,
        rowstride=4 * width, local_format=pixel_format, remote_format=pixel_format))


def initialized(_):
    say("initialized", connection.get_width(), connection.get_height(), connection.get_name())
    state["width"] = connection.get_width()
    frame_buffer(connection.get_width(), connection.get_height())
    connection.set_encodings(ENCODINGS)
    connection.framebuffer_update_request(False, 0, 0, connection.get_width(), connection.get_height())


def updated(_, x, y, width, height):
    if (x + width, y + height) != (connection.get_width(), connection.get_height()) or state["done"]:
        return
    state["done"] = True
    with open("pixels", "wb") as file:
        file.write(state["pixels"].raw)
    say("extended keys", connection.get_ext_key_event())
    for symbol, code in ((0x41, 0x1E), (0xFF0D, 0x9C)):
        connection.key_event(True, symbol, code)
        connection.key_event(False, symbol, code)
    connection.pointer_event(1, 7, 8)
    connection.pointer_event(0, 9, 10)
    connection.set_size(1000, 700)
    connection.framebuffer_update_request(True, 0, 0, connection.get_width(), connection.get_height())


def resized(_, width, height):
    say("resized", width, height)
    frame_buffer(width, height)
    if state["done"]:
        # The refusal of another size was an answer to the request that waited.
        connection.framebuffer_update_request(True, 0, 0, width, height)
    if width != state["width"]:
        loop.quit()


def failed(_, *why):
    say("failed", *why)
    loop.quit()


connection.connect("vnc-auth-choose-type", choose)
connection.connect("vnc-auth-choose-subtype", choose_within)
connection.connect("vnc-auth-credential", credential)
connection.connect("vnc-initialized", initialized)
connection.connect("vnc-framebuffer-update", updated)
connection.connect("vnc-desktop-resize", resized)
connection.connect("vnc-auth-failure", failed)
connection.connect("vnc-auth-unsupported", failed)
connection.connect("vnc-error", failed)
connection.connect("vnc-disconnected", failed)
GLib.timeout_add_seconds(60, failed, None, "by time")
connection.open_host(sys.argv[1], sys.argv[2])
loop.run()
