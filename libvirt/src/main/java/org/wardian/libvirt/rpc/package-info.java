/**
 * Messages between a client and a daemon: framing, transports, descriptors, keepalive, back
 * pressure. Both sides use it; neither knows here what a procedure means.
 */
package org.wardian.libvirt.rpc;
