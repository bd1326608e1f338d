package org.wardian.definition.filter;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Kinds of values in rules: what is accepted, and how it is written. */
enum FieldKind {
  /** An Ethernet address, or a mask of one. */
  MAC,
  /** An address of IPv4. */
  IPV4,
  /** A mask of IPv4: dotted, or how many bits. */
  IPV4_MASK,
  /** An address of IPv6. */
  IPV6,
  /** A mask of IPv6: an address, or how many bits. */
  IPV6_MASK,
  /** A number of 8 bits. */
  BYTE,
  /** A number of 6 bits. */
  DSCP,
  /** A number of 16 bits. */
  SHORT,
  /** A number of 12 bits. */
  VLAN_ID,
  /** A number of 32 bits. */
  INT,
  /** A protocol above Ethernet, by name or number. */
  ETHERNET_PROTOCOL,
  /** A protocol above IP, by name or number. */
  IP_PROTOCOL,
  /** An operation of ARP, by name or number. */
  ARP_OPERATION,
  /** States of connections, with commas between. */
  STATES,
  /** Flags of TCP: a mask and those of it that are set. */
  TCP_FLAGS,
  /** Yes or no. */
  BOOLEAN,
  /** Any text of up to 256 characters. */
  TEXT;

  private static final Pattern MAC_ADDRESS =
      Pattern.compile("\\p{XDigit}{1,2}(:\\p{XDigit}{1,2}){5}");
  private static final Pattern VARIABLE =
      Pattern.compile("\\$[A-Za-z0-9_]+(\\[(@?[0-9]{1,9})\\])?");
  private static final Map<Integer, String> ETHERNET =
      Map.of(0x800, "ipv4", 0x86dd, "ipv6", 0x806, "arp", 0x8035, "rarp", 0x8100, "vlan");
  private static final Map<Integer, String> IP =
      Map.of(
          1, "icmp", 2, "igmp", 6, "tcp", 17, "udp", 50, "esp", 51, "ah", 58, "icmpv6", 132, "sctp",
          136, "udplite");
  private static final String[] ARP = {
    "",
    "Request",
    "Reply",
    "Request_Reverse",
    "Reply_Reverse",
    "DRARP_Request",
    "DRARP_Reply",
    "DRARP_Error",
    "InARP_Request",
    "ARP_NAK"
  };
  private static final Set<String> CONNECTION_STATES =
      Set.of("NEW", "ESTABLISHED", "RELATED", "INVALID", "NONE");
  private static final Set<String> FLAGS =
      Set.of("FIN", "SYN", "RST", "PSH", "ACK", "URG", "NONE", "ALL");
  private static final int FIRST_ETHERNET_PROTOCOL = 0x600;
  private static final int LONGEST_TEXT = 256;

  /** The value as libvirt writes it; null where it is none of this kind. */
  String normal(String value) {
    if (value.startsWith("$")) {
      return this != TEXT && this != BOOLEAN && VARIABLE.matcher(value).matches() ? value : null;
    }
    return switch (this) {
      case MAC -> MAC_ADDRESS.matcher(value).matches() ? mac(value) : null;
      case IPV4 -> RuleAddress.normal(value, true);
      case IPV6 -> RuleAddress.normal(value, false);
      case IPV4_MASK -> RuleAddress.mask(value, true);
      case IPV6_MASK -> RuleAddress.mask(value, false);
      case BYTE -> number(value, 0xff);
      case DSCP -> number(value, 0x3f);
      case SHORT -> number(value, 0xffff);
      case VLAN_ID -> number(value, 0xfff);
      case INT -> number(value, 0xffff_ffffL);
      case ETHERNET_PROTOCOL -> named(value, ETHERNET, FIRST_ETHERNET_PROTOCOL, 0xffff);
      case IP_PROTOCOL -> named(value, IP, 0, 0xff);
      case ARP_OPERATION -> operation(value);
      case STATES -> all(value, CONNECTION_STATES) ? value.toUpperCase(Locale.ROOT) : null;
      case TCP_FLAGS -> flags(value);
      case BOOLEAN -> bool(value);
      case TEXT -> value.substring(0, Math.min(value.length(), LONGEST_TEXT));
    };
  }

  private static String mac(String value) {
    StringBuilder out = new StringBuilder();
    for (String part : value.split(":")) {
      out.append(out.isEmpty() ? "" : ":");
      out.append(String.format("%02x", Integer.parseInt(part, 16)));
    }
    return out.toString();
  }

  /** The value of a number in decimal or, after {@code 0x}, hexadecimal digits; -1 for others. */
  static long value(String text) {
    boolean hex = text.startsWith("0x") || text.startsWith("0X");
    String digits = hex ? text.substring(2) : text;
    if (digits.isEmpty() || digits.length() > 10) {
      return -1;
    }
    for (int i = 0; i < digits.length(); i++) {
      if (Character.digit(digits.charAt(i), hex ? 16 : 10) < 0 || digits.charAt(i) > 'f') {
        return -1;
      }
    }
    return Long.parseLong(digits, hex ? 16 : 10);
  }

  private static String number(String text, long most) {
    long value = value(text);
    if (value < 0 || value > most) {
      return null;
    }
    return text.startsWith("0x") || text.startsWith("0X")
        ? "0x" + Long.toHexString(value)
        : Long.toString(value);
  }

  private static String named(String text, Map<Integer, String> names, int least, int most) {
    if (names.containsValue(text)) {
      return text;
    }
    long value = value(text);
    if (value < least || value > most) {
      return null;
    }
    String name = names.get((int) value);
    return name != null ? name : number(text, most);
  }

  private static String operation(String text) {
    for (int i = 1; i < ARP.length; i++) {
      if (ARP[i].equalsIgnoreCase(text)) {
        return ARP[i];
      }
    }
    long value = value(text);
    return value > 0 && value < ARP.length ? ARP[(int) value] : number(text, 0xffff);
  }

  private static boolean all(String text, Set<String> words) {
    for (String word : text.split(",", -1)) {
      if (!words.contains(word.toUpperCase(Locale.ROOT))) {
        return false;
      }
    }
    return true;
  }

  private static String flags(String text) {
    String[] parts = text.split("/", -1);
    return parts.length == 2 && all(parts[0], FLAGS) && all(parts[1], FLAGS)
        ? text.toUpperCase(Locale.ROOT)
        : null;
  }

  private static String bool(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "1", "yes", "true" -> "true";
      case "0", "no", "false" -> "false";
      default -> null;
    };
  }
}
