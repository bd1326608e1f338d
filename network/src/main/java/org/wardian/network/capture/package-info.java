/** Files of everything that passes a network card, for Wireshark and tcpdump. */
package org.wardian.network.capture;
