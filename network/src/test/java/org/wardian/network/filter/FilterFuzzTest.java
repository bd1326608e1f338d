package org.wardian.network.filter;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.wardian.network.Frame;
import org.wardian.network.MacAddress;
import org.wardian.network.filter.FilterRule.Action;
import org.wardian.network.filter.FilterRule.Direction;

/** A program says something of any frame, and looks at nothing round it. */
class FilterFuzzTest {
  private static final int CASES = Integer.getInteger("wardian.fuzz.iterations", 20_000);
  private static final String GUEST = "52:54:00:00:00:01";
  private static final MacAddress MAC = MacAddress.parse(GUEST);

  private final SplittableRandom random = new SplittableRandom(20_267);

  private static FilterRule rule(String chain, String protocol, String name, String value) {
    return new FilterRule(
        chain, -500, Action.DROP, Direction.INOUT, 1, true, protocol, false, Map.of(name, value));
  }

  /** Rules that look at every field. */
  private static FilterProgram program() {
    List<FilterRule> rules = new ArrayList<>();
    rules.add(rule("mac", "mac", "srcmacaddr", "2:0:0:0:0:9"));
    rules.add(rule("vlan", "vlan", "encap-protocol", "arp"));
    rules.add(rule("arp-x", "arp", "gratuitous", "true"));
    rules.add(rule("rarp", "rarp", "arpdstipaddr", "10.0.0.7"));
    for (String name :
        List.of(
            "flags",
            "type",
            "root-priority",
            "root-cost",
            "port",
            "age",
            "max-age",
            "hello-time",
            "forward-delay",
            "sender-priority")) {
      rules.add(rule("stp", "stp", name, "7"));
    }
    rules.add(rule("ipv4", "ip", "dscp", "7"));
    rules.add(rule("ipv6", "ipv6", "type", "7"));
    for (String suffix : List.of("", "-ipv6")) {
      rules.add(rule("root", "tcp" + suffix, "option", "7"));
      rules.add(rule("root", "tcp" + suffix, "flags", "SYN/SYN"));
      rules.add(rule("root", "udp" + suffix, "dstportstart", "7"));
      rules.add(rule("root", "sctp" + suffix, "srcportstart", "7"));
      rules.add(rule("root", "ah" + suffix, "dscp", "7"));
      rules.add(rule("root", "all" + suffix, "state", "INVALID"));
      rules.add(rule("root", "all" + suffix, "connlimit-above", "100"));
    }
    rules.add(rule("root", "icmp", "code", "7"));
    rules.add(rule("root", "icmpv6", "code", "7"));
    return FilterCompiler.compile(rules);
  }

  private byte[] valid(int kind) {
    TestFrame frame = new TestFrame().ethernet(GUEST, "52:54:00:00:00:02");
    return switch (kind) {
      case 0 -> frame.ip("10.0.0.1", "10.0.0.2").tcp(1, 2, 2).bytes();
      case 1 -> frame.ip("fd00::1", "fd00::2").udp(1, 2).bytes();
      case 2 -> frame.arp(1, GUEST, "10.0.0.1", "10.0.0.2").bytes();
      case 3 -> frame.vlan(3, 0x800).bytes();
      case 4 -> frame.spanningTree(3).bytes();
      case 5 ->
          frame
              .ip("10.0.0.1", "10.0.0.2")
              .icmp(3, 1)
              .quote(new TestFrame().ip("10.0.0.2", "10.0.0.1").udp(1, 2))
              .bytes();
      case 6 ->
          frame
              .ip("fd00::1", "fd00::2")
              .icmp(1, 1)
              .quote(new TestFrame().ip("fd00::2", "fd00::1").udp(1, 2))
              .bytes();
      default ->
          frame
              .ip("10.0.0.2", "10.0.0.1")
              .dhcp(true, GUEST, "10.0.0.1", new byte[] {53, 1, 5, 51, 4, 0, 0, 1, 0, -1})
              .bytes();
    };
  }

  @Test
  void aProgramIsTotal() {
    FilterProgram program = program();
    ConnectionTable connections = new ConnectionTable();
    connections.setCounting(true);
    FrameFields fields = new FrameFields();
    AddressLearner learner = new AddressLearner(AddressLearner.Method.DHCP, MAC, List.of());
    int[] said = new int[Action.values().length];
    for (int i = 0; i < CASES; i++) {
      byte[] frame = valid(random.nextInt(8));
      int changes = random.nextInt(6);
      for (int j = 0; j < changes; j++) {
        frame[random.nextInt(frame.length)] = (byte) random.nextInt(256);
      }
      int length = random.nextInt(4) == 0 ? random.nextInt(frame.length + 1) : frame.length;
      // The array ends where the frame does: a look beyond it fails.
      int before = random.nextInt(9);
      byte[] array = new byte[before + length];
      System.arraycopy(frame, 0, array, before, length);
      boolean toGuest = random.nextBoolean();
      fields.take(Frame.complete(array, before, length));
      said[program.judge(fields, toGuest, connections, i * 1_000_000L).ordinal()]++;
      learner.see(fields, toGuest, i);
      Frame refusal = length < 14 ? null : Rejection.of(fields);
      if (refusal != null) {
        assertThat(refusal.length()).isBetween(14 + 28, 1500);
      }
    }
    assertThat(said[Action.ACCEPT.ordinal()]).isPositive();
    assertThat(said[Action.DROP.ordinal()]).isPositive();
    assertThat(learner.addresses(0)).hasSizeLessThanOrEqualTo(32);
  }

  @Test
  void rulesAreCompiledOrRefusedInWords() {
    String[] values = {
      "",
      "7",
      "-1",
      "0x",
      "0xff",
      "99999999999",
      "10.0.0.1",
      "fd00::1",
      "x",
      "SYN/ACK",
      "NEW",
      "1:2:3:4:5:6",
      "1:2",
      "ff:ff:ff:ff:ff:ff",
      "/",
      ",",
      "::",
      "10.0.0.1/8",
      "ipv4",
      "Request"
    };
    String[] protocols = {
      "",
      "mac",
      "vlan",
      "stp",
      "arp",
      "rarp",
      "ip",
      "ipv6",
      "tcp",
      "tcp-ipv6",
      "icmp",
      "icmpv6",
      "igmp",
      "all",
      "esp",
      "nothing"
    };
    String[] names = {
      "srcmacaddr",
      "srcmacmask",
      "protocolid",
      "vlanid",
      "opcode",
      "srcipaddr",
      "srcipmask",
      "dstipfrom",
      "dstipto",
      "srcportstart",
      "srcportend",
      "type",
      "code",
      "flags",
      "state",
      "option",
      "connlimit-above",
      "root-cost",
      "root-cost-hi",
      "dscp",
      "protocol",
      "gratuitous"
    };
    String[] chains = {"root", "mac", "stp-1", "ipv4-x", "arp", "z"};
    int compiled = 0;
    for (int i = 0; i < CASES; i++) {
      FilterRule rule =
          new FilterRule(
              chains[random.nextInt(chains.length)],
              random.nextInt(-1000, 1001),
              Action.values()[random.nextInt(5)],
              Direction.values()[random.nextInt(3)],
              random.nextInt(-1000, 1001),
              random.nextBoolean(),
              protocols[random.nextInt(protocols.length)],
              random.nextBoolean(),
              Map.of(
                  names[random.nextInt(11)], values[random.nextInt(values.length)],
                  names[11 + random.nextInt(11)], values[random.nextInt(values.length)]));
      try {
        FilterCompiler.compile(List.of(rule));
        compiled++;
      } catch (IllegalArgumentException e) {
        assertThat(e.getMessage()).isNotBlank();
      }
    }
    assertThat(compiled).isPositive();
  }
}
