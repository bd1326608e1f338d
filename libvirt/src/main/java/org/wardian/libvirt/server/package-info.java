/**
 * The daemon's side of the protocol. A {@link org.wardian.libvirt.server.Server} accepts
 * connections, authenticates, and calls the handlers that {@link
 * org.wardian.libvirt.server.HandlerFamily families} have registered; what a domain or a network
 * is, it does not know.
 */
package org.wardian.libvirt.server;
