package org.wardian.network.filter;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.wardian.network.MacAddress;
import org.wardian.network.filter.FilterRule.Action;
import org.wardian.network.filter.FilterRule.Direction;
import org.wardian.network.wire.IpAddress;

/** What passes while a guest's address is not known yet: what libvirt lets pass then. */
public final class LearningRules {
  private static final String ROOT = "root";
  private static final String ALL = "ff:ff:ff:ff:ff:ff";

  private LearningRules() {}

  /** Any packet of IPv4 and ARP with the card's own Ethernet address. */
  public static List<FilterRule> any(MacAddress mac) {
    return List.of(
        new FilterRule(
            ROOT,
            0,
            Action.DROP,
            Direction.OUT,
            1,
            true,
            "mac",
            true,
            Map.of("srcmacaddr", mac.toString())),
        rule(Action.ACCEPT, Direction.OUT, 2, "mac", Map.of("protocolid", "ipv4")),
        rule(Action.ACCEPT, Direction.OUT, 3, "mac", Map.of("protocolid", "arp")),
        rule(Action.DROP, Direction.OUT, 4, "", Map.of()));
  }

  /**
   * Messages of DHCP only.
   *
   * @param servers that may answer; any where there is none
   */
  public static List<FilterRule> dhcp(MacAddress mac, List<IpAddress> servers) {
    List<FilterRule> rules = new ArrayList<>();
    Map<String, String> ask =
        Map.of(
            "srcmacaddr", mac.toString(),
            "protocol", "udp",
            "srcportstart", "68",
            "dstportstart", "67");
    rules.add(rule(Action.ACCEPT, Direction.OUT, 1, "ip", ask));
    List<String> from = new ArrayList<>(servers.stream().map(IpAddress::toString).toList());
    if (from.isEmpty()) {
      from.add("");
    }
    for (String server : from) {
      for (String target : List.of(mac.toString(), ALL)) {
        Map<String, String> answer = new HashMap<>();
        answer.put("dstmacaddr", target);
        answer.put("protocol", "udp");
        answer.put("srcportstart", "67");
        answer.put("dstportstart", "68");
        if (!server.isEmpty()) {
          answer.put("srcipaddr", server);
        }
        rules.add(rule(Action.ACCEPT, Direction.IN, 2, "ip", answer));
      }
    }
    rules.add(rule(Action.DROP, Direction.INOUT, 3, "", Map.of()));
    return rules;
  }

  private static FilterRule rule(
      Action action,
      Direction direction,
      int priority,
      String protocol,
      Map<String, String> fields) {
    return new FilterRule(ROOT, 0, action, direction, priority, true, protocol, false, fields);
  }
}
