package org.wardian.network.filter;

import static org.wardian.network.filter.FrameField.DESTINATION_IP;
import static org.wardian.network.filter.FrameField.DESTINATION_MAC;
import static org.wardian.network.filter.FrameField.DESTINATION_PORT;
import static org.wardian.network.filter.FrameField.SOURCE_IP;
import static org.wardian.network.filter.FrameField.SOURCE_MAC;
import static org.wardian.network.filter.FrameField.SOURCE_PORT;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.wardian.network.wire.Ethernet;
import org.wardian.network.wire.IpAddress;

/** The conditions of one rule, for the way that it is written for or turned round. */
final class RuleFields {
  /** The group address of bridges (IEEE 802.1D §7.12.3). */
  static final long STP_GROUP = 0x0180_c200_0000L;

  private static final long MAC_BITS = 0xffff_ffff_ffffL;
  private static final Map<String, FrameField> TREE =
      Map.of(
          "root-priority", FrameField.STP_ROOT_PRIORITY,
          "root-cost", FrameField.STP_ROOT_COST,
          "sender-priority", FrameField.STP_SENDER_PRIORITY,
          "port", FrameField.STP_PORT,
          "age", FrameField.STP_AGE,
          "max-age", FrameField.STP_MAX_AGE,
          "hello-time", FrameField.STP_HELLO_TIME,
          "forward-delay", FrameField.STP_FORWARD_DELAY);
  private static final Map<String, FrameField> PLAIN =
      Map.of(
          "vlanid", FrameField.VLAN_ID,
          "hwtype", FrameField.ARP_HARDWARE,
          "protocoltype", FrameField.ARP_PROTOCOL,
          "opcode", FrameField.ARP_OPERATION,
          "dscp", FrameField.DSCP,
          "flags", FrameField.STP_FLAGS);

  private final FilterRule rule;
  private final boolean turned;
  private final boolean not;
  private final List<Condition> all = new ArrayList<>();

  private RuleFields(FilterRule rule, boolean turned) {
    this.rule = rule;
    this.turned = turned;
    not = rule.negated();
  }

  /**
   * All conditions but those of a connection's state.
   *
   * @param turned whether source and destination change their places
   * @return a list that may be added to
   */
  static List<Condition> conditions(FilterRule rule, boolean turned) {
    RuleFields fields = new RuleFields(rule, turned);
    fields.protocol();
    fields.ethernet();
    fields.arp();
    fields.packet();
    fields.transport();
    fields.tree();
    return fields.all;
  }

  /** The condition of a rule's {@code state}; empty where it names none that there is. */
  static Optional<Condition> states(FilterRule rule) {
    int bits = 0;
    for (String state : rule.fields().get("state").split(",")) {
      bits |=
          switch (state) {
            case "NEW" -> ConnectionTable.NEW;
            case "ESTABLISHED" -> ConnectionTable.ESTABLISHED;
            case "RELATED" -> ConnectionTable.RELATED;
            case "INVALID" -> ConnectionTable.INVALID;
            case "NONE" -> 0;
            default -> throw new IllegalArgumentException("there is no state " + state);
          };
    }
    return bits == 0
        ? Optional.empty()
        : Optional.of(Condition.anyBit(FrameField.CONNECTION_STATE, bits, rule.negated()));
  }

  private String text(String name) {
    return rule.fields().get(name);
  }

  private boolean has(String name) {
    return rule.fields().containsKey(name);
  }

  private void type(int type) {
    all.add(Condition.is(FrameField.ETHER_TYPE, type));
  }

  private void within(int version, int protocol) {
    all.add(Condition.is(FrameField.IP_VERSION, version));
    if (protocol >= 0) {
      all.add(Condition.is(FrameField.IP_PROTOCOL, protocol));
    }
  }

  private void protocol() {
    String name = rule.protocol();
    int version = name.endsWith("v6") ? 6 : 4;
    switch (name.endsWith("-ipv6") ? name.substring(0, name.length() - 5) : name) {
      case "", "mac" -> {
        // Any frame.
      }
      case "vlan" -> type(Ethernet.VLAN);
      case "stp" -> all.add(Condition.is(DESTINATION_MAC, STP_GROUP));
      case "arp" -> type(Ethernet.ARP);
      case "rarp" -> type(FrameFields.RARP);
      case "ip" -> type(Ethernet.IPV4);
      case "ipv6" -> type(Ethernet.IPV6);
      case "all" -> within(version, -1);
      case "tcp" -> within(version, 6);
      case "udp" -> within(version, 17);
      case "udplite" -> within(version, FrameFields.UDP_LITE);
      case "sctp" -> within(version, FrameFields.SCTP);
      case "esp" -> within(version, FrameFields.ESP);
      case "ah" -> {
        if (version == 6) {
          all.add(Condition.is(FrameField.AUTHENTICATED, 1));
        } else {
          within(version, FrameFields.AUTHENTICATION);
        }
      }
      case "icmp" -> within(4, 1);
      case "icmpv6" -> within(6, 58);
      case "igmp" -> within(4, 2);
      default -> throw new IllegalArgumentException("there is no protocol " + name);
    }
  }

  private FrameField way(FrameField source, FrameField destination) {
    return turned ? destination : source;
  }

  private void ethernet() {
    mac("srcmacaddr", "srcmacmask", way(SOURCE_MAC, DESTINATION_MAC));
    mac("dstmacaddr", "dstmacmask", way(DESTINATION_MAC, SOURCE_MAC));
    if (has("protocolid")) {
      masked(FrameField.ETHER_TYPE, etherType(text("protocolid")));
    }
    if (has("encap-protocol")) {
      masked(FrameField.VLAN_PROTOCOL, etherType(text("encap-protocol")));
    }
  }

  private void mac(String address, String mask, FrameField field) {
    if (has(address)) {
      long bits = has(mask) ? RuleValues.mac(text(mask)) : MAC_BITS;
      all.add(Condition.masked(field, RuleValues.mac(text(address)), bits, not));
    }
  }

  private static long etherType(String text) {
    return switch (text) {
      case "ipv4" -> Ethernet.IPV4;
      case "ipv6" -> Ethernet.IPV6;
      case "arp" -> Ethernet.ARP;
      case "rarp" -> FrameFields.RARP;
      case "vlan" -> Ethernet.VLAN;
      default -> RuleValues.number(text);
    };
  }

  private void masked(FrameField field, long value) {
    all.add(Condition.masked(field, value, -1, not));
  }

  private void arp() {
    mac("arpsrcmacaddr", "", way(FrameField.ARP_SOURCE_MAC, FrameField.ARP_TARGET_MAC));
    mac("arpdstmacaddr", "", way(FrameField.ARP_TARGET_MAC, FrameField.ARP_SOURCE_MAC));
    address(
        "arpsrcipaddr", "arpsrcipmask", way(FrameField.ARP_SOURCE_IP, FrameField.ARP_TARGET_IP));
    address(
        "arpdstipaddr", "arpdstipmask", way(FrameField.ARP_TARGET_IP, FrameField.ARP_SOURCE_IP));
    if ("true".equals(text("gratuitous"))) {
      masked(FrameField.ARP_GRATUITOUS, 1);
    }
  }

  private void address(String name, String mask, FrameField field) {
    if (!has(name)) {
      return;
    }
    IpAddress address = ofFamily(text(name));
    int width = address.isV4() ? 32 : 128;
    int bits = has(mask) ? (int) Math.min(width, RuleValues.number(text(mask))) : width;
    long lowMask = low(bits, width);
    if (address.isV4()) {
      all.add(Condition.masked(field, address.v4() & 0xffff_ffffL, lowMask, not));
    } else {
      long highMask = bits >= 64 ? -1 : bits == 0 ? 0 : -1L << 64 - bits;
      all.add(Condition.masked(field, address.high(), address.low(), highMask, lowMask, not));
    }
  }

  /** An address of the rule's family: a variable may have brought another one. */
  private IpAddress ofFamily(String text) {
    IpAddress address = IpAddress.parse(text);
    if (address.isV4() == rule.protocol().endsWith("v6")) {
      throw new IllegalArgumentException(text + " is no address for a rule of " + rule.protocol());
    }
    return address;
  }

  private static long low(int bits, int width) {
    if (width == 32) {
      return bits == 0 ? 0 : 0xffff_ffffL << 32 - bits & 0xffff_ffffL;
    }
    return bits <= 64 ? 0 : -1L << 128 - bits;
  }

  private void packet() {
    address("srcipaddr", "srcipmask", way(SOURCE_IP, DESTINATION_IP));
    address("dstipaddr", "dstipmask", way(DESTINATION_IP, SOURCE_IP));
    range("srcipfrom", "srcipto", way(SOURCE_IP, DESTINATION_IP));
    range("dstipfrom", "dstipto", way(DESTINATION_IP, SOURCE_IP));
    if (has("protocol")) {
      all.add(
          Condition.masked(
              FrameField.IP_PROTOCOL, RuleValues.ipProtocol(text("protocol")), -1, not));
    }
    if (has("connlimit-above")) {
      long most = RuleValues.number(text("connlimit-above"));
      all.add(Condition.between(FrameField.CONNECTION_COUNT, most + 1, Integer.MAX_VALUE, not));
    }
    PLAIN.forEach((name, field) -> {
      boolean here = !name.equals("flags") || rule.protocol().equals("stp");
      if (has(name) && here) {
        // ebtables takes the rule's number for the whole byte, and so does libvirt.
        boolean frame = rule.protocol().equals("ip") && name.equals("dscp");
        masked(frame ? FrameField.TYPE_OF_SERVICE : field, RuleValues.operation(text(name)));
      }
    });
  }

  private void range(String from, String to, FrameField field) {
    if (!has(from)) {
      return;
    }
    IpAddress least = ofFamily(text(from));
    IpAddress most = has(to) ? ofFamily(text(to)) : least;
    all.add(
        least.isV4()
            ? Condition.between(field, least.v4() & 0xffff_ffffL, most.v4() & 0xffff_ffffL, not)
            : Condition.between(field, least.high(), least.low(), most.high(), most.low(), not));
  }

  private void transport() {
    ports("srcport", way(SOURCE_PORT, DESTINATION_PORT));
    ports("dstport", way(DESTINATION_PORT, SOURCE_PORT));
    if (!rule.protocol().equals("stp")) {
      span("type", "typeend", FrameField.ICMP_TYPE);
      span("code", "codeend", FrameField.ICMP_CODE);
    }
    if (has("option")) {
      long kind = RuleValues.number(text("option"));
      // What is 64 or more is no option that anybody sends.
      all.add(Condition.anyBit(FrameField.TCP_OPTIONS, kind < 64 ? 1L << kind : 0, not));
    }
    if (has("flags") && rule.protocol().startsWith("tcp")) {
      String[] parts = text("flags").split("/", -1);
      if (parts.length != 2) {
        throw new IllegalArgumentException(text("flags") + " are no flags");
      }
      all.add(
          Condition.masked(
              FrameField.TCP_FLAGS, RuleValues.flags(parts[1]), RuleValues.flags(parts[0]), not));
    }
  }

  private void ports(String name, FrameField field) {
    span(name + "start", name + "end", field);
  }

  private void span(String from, String to, FrameField field) {
    if (has(from)) {
      long least = RuleValues.number(text(from));
      all.add(Condition.between(field, least, has(to) ? RuleValues.number(text(to)) : least, not));
    }
  }

  private void tree() {
    if (!rule.protocol().equals("stp")) {
      return;
    }
    if (has("type")) {
      masked(FrameField.STP_TYPE, RuleValues.number(text("type")));
    }
    mac("root-address", "root-address-mask", FrameField.STP_ROOT_MAC);
    mac("sender-address", "sender-address-mask", FrameField.STP_SENDER_MAC);
    TREE.forEach((name, field) -> span(name, name + "-hi", field));
  }
}
