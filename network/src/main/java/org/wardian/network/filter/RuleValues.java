package org.wardian.network.filter;

import java.util.Locale;
import java.util.Map;

/** Values of fields, as libvirt writes them. */
final class RuleValues {
  private static final Map<String, Integer> PROTOCOLS =
      Map.of(
          "icmp", 1, "igmp", 2, "tcp", 6, "udp", 17, "esp", 50, "ah", 51, "icmpv6", 58, "sctp", 132,
          "udplite", 136);
  private static final Map<String, Integer> OPERATIONS =
      Map.of(
          "request", 1,
          "reply", 2,
          "request_reverse", 3,
          "reply_reverse", 4,
          "drarp_request", 5,
          "drarp_reply", 6,
          "drarp_error", 7,
          "inarp_request", 8,
          "arp_nak", 9);
  private static final Map<String, Integer> FLAGS =
      Map.of("FIN", 1, "SYN", 2, "RST", 4, "PSH", 8, "ACK", 16, "URG", 32, "NONE", 0, "ALL", 63);

  private RuleValues() {}

  /** A number of up to 32 bits, decimal or after {@code 0x} hexadecimal. */
  static long number(String text) {
    boolean hex = text.startsWith("0x") || text.startsWith("0X");
    String digits = hex ? text.substring(2) : text;
    if (!digits.matches(hex ? "[0-9a-fA-F]{1,8}" : "[0-9]{1,10}")) {
      throw new IllegalArgumentException("no number: " + text);
    }
    return Long.parseLong(digits, hex ? 16 : 10);
  }

  /** The 48 bits of an Ethernet address, whose parts may have one digit. */
  static long mac(String text) {
    String[] parts = text.split(":", -1);
    long bits = 0;
    for (String part : parts) {
      if (parts.length != 6 || !part.matches("[0-9a-fA-F]{1,2}")) {
        throw new IllegalArgumentException("no Ethernet address: " + text);
      }
      bits = bits << 8 | Integer.parseInt(part, 16);
    }
    return bits;
  }

  /** The number of a protocol above IP. */
  static long ipProtocol(String text) {
    Integer known = PROTOCOLS.get(text);
    return known != null ? known : number(text);
  }

  /** An operation of ARP by name, or any number. */
  static long operation(String text) {
    Integer known = OPERATIONS.get(text.toLowerCase(Locale.ROOT));
    return known != null ? known : number(text);
  }

  /** The bits of TCP's flags, with commas between their names. */
  static long flags(String text) {
    long bits = 0;
    for (String name : text.split(",", -1)) {
      Integer bit = FLAGS.get(name);
      if (bit == null) {
        throw new IllegalArgumentException("no flag of TCP: " + name);
      }
      bits |= bit;
    }
    return bits;
  }
}
