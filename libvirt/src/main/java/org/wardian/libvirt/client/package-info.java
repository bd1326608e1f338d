/**
 * A client of libvirt daemons, ours and others, in Java alone: {@link
 * org.wardian.libvirt.client.Connection#open(String)} and the objects that it gives.
 */
package org.wardian.libvirt.client;
