/**
 * The user-mode network: a router in this process between a guest's network card and the host's
 * sockets. No privilege is needed.
 */
package org.wardian.network.nat;
