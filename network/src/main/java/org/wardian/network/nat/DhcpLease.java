package org.wardian.network.nat;

import org.wardian.network.wire.IpAddress;

/**
 * An address that a guest has.
 *
 * @param address of IPv4 or IPv6
 * @param mac 48 bits of the card's Ethernet address; -1 where it is not known
 * @param name what the guest is called, or null
 * @param client the identifier that the guest sent, in hex digits with colons, or null
 * @param association number of its association of DHCPv6; 0 for IPv4
 * @param expiry when it runs out, in seconds since 1970; 0 for never
 */
public record DhcpLease(
    IpAddress address, long mac, String name, String client, int association, long expiry) {}
