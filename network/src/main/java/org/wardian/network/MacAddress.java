package org.wardian.network;

/**
 * An Ethernet address of 48 bits (IEEE 802).
 *
 * @param bits the address, its first byte in bits 47 to 40
 */
public record MacAddress(long bits) {
  /** All stations. */
  public static final MacAddress BROADCAST = new MacAddress(0xffff_ffff_ffffL);

  /** Checks the width. */
  public MacAddress {
    if (bits >>> 48 != 0) {
      throw new IllegalArgumentException("an Ethernet address has 48 bits");
    }
  }

  /** Reads six bytes. */
  public static MacAddress of(byte[] bytes, int offset) {
    long bits = 0;
    for (int i = 0; i < 6; i++) {
      bits = bits << 8 | bytes[offset + i] & 0xff;
    }
    return new MacAddress(bits);
  }

  /**
   * Reads {@code 52:54:00:12:34:56}.
   *
   * @throws IllegalArgumentException for other texts
   */
  public static MacAddress parse(String text) {
    if (!text.matches("\\p{XDigit}{2}([:-]\\p{XDigit}{2}){5}")) {
      throw new IllegalArgumentException(
          "no Ethernet address: " + text + "; one looks like 52:54:00:12:34:56");
    }
    return new MacAddress(Long.parseLong(text.replaceAll("[:-]", ""), 16));
  }

  /** Whether it names a group of stations. */
  public boolean group() {
    return (bits >>> 40 & 1) != 0;
  }

  /** Writes six bytes. */
  public void write(byte[] to, int offset) {
    for (int i = 0; i < 6; i++) {
      to[offset + i] = (byte) (bits >>> 40 - 8 * i);
    }
  }

  /** {@code 52:54:00:12:34:56}. */
  @Override
  public String toString() {
    return String.format("%012x", bits).replaceAll("(..)(?!$)", "$1:");
  }
}
