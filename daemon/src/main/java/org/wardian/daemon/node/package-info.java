/** Devices and network interfaces of the host, as its kernel shows them in {@code /sys}. */
package org.wardian.daemon.node;
