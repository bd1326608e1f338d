package org.wardian.network.wire;

/** Numbers of the protocols over IP (IANA, "Assigned Internet Protocol Numbers"). */
public final class IpProtocol {
  /** IPv6 hop-by-hop options. */
  public static final int HOP_BY_HOP = 0;

  /** ICMP for IPv4. */
  public static final int ICMP = 1;

  /** TCP. */
  public static final int TCP = 6;

  /** UDP. */
  public static final int UDP = 17;

  /** IPv6 routing header. */
  public static final int ROUTING = 43;

  /** IPv6 fragment header. */
  public static final int FRAGMENT = 44;

  /** ICMP for IPv6. */
  public static final int ICMP6 = 58;

  /** IPv6: nothing follows. */
  public static final int NONE = 59;

  /** IPv6 destination options. */
  public static final int DESTINATION_OPTIONS = 60;

  private IpProtocol() {}
}
