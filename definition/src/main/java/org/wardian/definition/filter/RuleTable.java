package org.wardian.definition.filter;

import java.util.LinkedHashMap;
import java.util.Map;

/** Which protocols rules can be about, and which fields each has, in the order of documents. */
final class RuleTable {
  private static final String MACS = "srcmacaddr:MAC srcmacmask:MAC dstmacaddr:MAC dstmacmask:MAC ";
  private static final String PORTS =
      "srcportstart:SHORT srcportend:SHORT dstportstart:SHORT dstportend:SHORT ";
  private static final String ARP =
      MACS
          + "hwtype:SHORT protocoltype:SHORT opcode:ARP_OPERATION arpsrcmacaddr:MAC"
          + " arpdstmacaddr:MAC arpsrcipaddr:IPV4 arpsrcipmask:IPV4_MASK arpdstipaddr:IPV4"
          + " arpdstipmask:IPV4_MASK gratuitous:BOOLEAN comment:TEXT";
  private static final String LAYER3 =
      "srcmacaddr:MAC srcipaddr:IP srcipmask:IP_MASK dstipaddr:IP dstipmask:IP_MASK srcipfrom:IP"
          + " srcipto:IP dstipfrom:IP dstipto:IP dscp:DSCP connlimit-above:SHORT state:STATES ";
  private static final Map<String, Map<String, FieldKind>> PROTOCOLS = new LinkedHashMap<>();

  static {
    add("mac", MACS + "protocolid:ETHERNET_PROTOCOL comment:TEXT");
    add("vlan", MACS + "vlanid:VLAN_ID encap-protocol:ETHERNET_PROTOCOL comment:TEXT");
    add(
        "stp",
        "srcmacaddr:MAC srcmacmask:MAC type:BYTE flags:BYTE root-priority:SHORT"
            + " root-priority-hi:SHORT root-address:MAC root-address-mask:MAC root-cost:INT"
            + " root-cost-hi:INT sender-priority:SHORT sender-priority-hi:SHORT"
            + " sender-address:MAC sender-address-mask:MAC port:SHORT port-hi:SHORT age:SHORT"
            + " age-hi:SHORT max-age:SHORT max-age-hi:SHORT hello-time:SHORT hello-time-hi:SHORT"
            + " forward-delay:SHORT forward-delay-hi:SHORT comment:TEXT");
    add("arp", ARP);
    add("rarp", ARP);
    add(
        "ip",
        MACS
            + "srcipaddr:IPV4 srcipmask:IPV4_MASK dstipaddr:IPV4 dstipmask:IPV4_MASK"
            + " protocol:IP_PROTOCOL "
            + PORTS
            + "dscp:DSCP comment:TEXT");
    add(
        "ipv6",
        MACS
            + "srcipaddr:IPV6 srcipmask:IPV6_MASK dstipaddr:IPV6 dstipmask:IPV6_MASK"
            + " protocol:IP_PROTOCOL "
            + PORTS
            + "type:BYTE typeend:BYTE code:BYTE codeend:BYTE comment:TEXT");
    for (String suffix : new String[] {"", "-ipv6"}) {
      layer3("tcp" + suffix, PORTS + "option:BYTE flags:TCP_FLAGS comment:TEXT");
      layer3("udp" + suffix, PORTS + "comment:TEXT");
      layer3("sctp" + suffix, PORTS + "comment:TEXT");
      for (String plain : new String[] {"udplite", "esp", "ah", "all"}) {
        layer3(plain + suffix, "comment:TEXT");
      }
    }
    layer3("icmp", "type:BYTE code:BYTE comment:TEXT");
    layer3("icmpv6", "type:BYTE code:BYTE comment:TEXT");
    layer3("igmp", "comment:TEXT");
  }

  private RuleTable() {}

  private static void layer3(String protocol, String rest) {
    boolean six = protocol.endsWith("v6");
    add(protocol, (LAYER3 + rest).replace(":IP", six ? ":IPV6" : ":IPV4"));
  }

  private static void add(String protocol, String fields) {
    Map<String, FieldKind> kinds = new LinkedHashMap<>();
    for (String field : fields.split(" ")) {
      int colon = field.indexOf(':');
      kinds.put(field.substring(0, colon), FieldKind.valueOf(field.substring(colon + 1)));
    }
    PROTOCOLS.put(protocol, kinds);
  }

  /** The fields of a protocol; null where there is no such. */
  static Map<String, FieldKind> fields(String protocol) {
    return PROTOCOLS.get(protocol);
  }
}
