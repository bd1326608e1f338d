/**
 * Virtual networks: their definitions and states, ports and leases. Each active one is a process of
 * its own (package {@code gateway}).
 */
package org.wardian.daemon.network;
