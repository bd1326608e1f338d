/** The process of an active network: a switch for machines, and a gateway on it. */
package org.wardian.daemon.network.gateway;
