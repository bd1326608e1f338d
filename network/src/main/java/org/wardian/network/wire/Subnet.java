package org.wardian.network.wire;

/**
 * The addresses that share their first bits.
 *
 * @param address one of them, the first by custom
 * @param prefix how many bits they share: 0 to 32, or 0 to 128 for IPv6
 */
public record Subnet(IpAddress address, int prefix) {
  /** Checks the prefix. */
  public Subnet {
    if (prefix < 0 || prefix > (address.isV4() ? 32 : 128)) {
      throw new IllegalArgumentException("no prefix length of " + address + ": " + prefix);
    }
  }

  /**
   * Reads {@code 10.0.2.0/24}.
   *
   * @throws IllegalArgumentException for other texts
   */
  public static Subnet parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0 || !text.substring(slash + 1).matches("\\d{1,3}")) {
      throw new IllegalArgumentException(
          "no network: " + text + "; one looks like 10.0.2.0/24 or fd00::/64");
    }
    IpAddress address = IpAddress.parse(text.substring(0, slash));
    Subnet whole = new Subnet(address, Integer.parseInt(text.substring(slash + 1)));
    return new Subnet(whole.first(), whole.prefix());
  }

  /** Whether an address is one of them. */
  public boolean contains(IpAddress other) {
    if (address.isV4() != other.isV4()) {
      return false;
    }
    if (address.isV4()) {
      return ((address.v4() ^ other.v4()) & mask4()) == 0;
    }
    return ((address.high() ^ other.high()) & mask(prefix)) == 0
        && ((address.low() ^ other.low()) & mask(prefix - 64)) == 0;
  }

  /** The address whose other bits are 0. */
  public IpAddress first() {
    return address.isV4()
        ? IpAddress.v4(address.v4() & mask4())
        : new IpAddress(address.high() & mask(prefix), address.low() & mask(prefix - 64));
  }

  /** The mask of a subnet of IPv4. */
  public int mask4() {
    return prefix == 0 ? 0 : -1 << 32 - prefix;
  }

  /** The address of IPv4 that means all stations of the subnet. */
  public IpAddress broadcast4() {
    return IpAddress.v4(address.v4() | ~mask4());
  }

  private static long mask(int bits) {
    return bits <= 0 ? 0 : bits >= 64 ? -1 : -1L << 64 - bits;
  }

  @Override
  public String toString() {
    return address + "/" + prefix;
  }
}
