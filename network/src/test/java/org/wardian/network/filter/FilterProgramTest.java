package org.wardian.network.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.wardian.network.Frame;
import org.wardian.network.filter.FilterRule.Action;
import org.wardian.network.filter.FilterRule.Direction;

/** Rules let pass what libvirt's rules of ebtables and iptables let pass. */
class FilterProgramTest {
  private static final boolean TO_GUEST = true;
  private static final boolean FROM_GUEST = false;
  private static final String GUEST = "52:54:00:00:00:01";
  private static final String PEER = "52:54:00:00:00:02";

  private final FrameFields fields = new FrameFields();
  private final ConnectionTable connections = new ConnectionTable();
  private final List<FilterRule> rules = new ArrayList<>();
  private FilterProgram program;
  private long now = 1;

  private void rule(
      Action action,
      Direction direction,
      int priority,
      String protocol,
      String... fieldsAndValues) {
    rule("root", 0, action, direction, priority, true, protocol, false, fieldsAndValues);
  }

  private void rule(
      String chain,
      int chainPriority,
      Action action,
      Direction direction,
      int priority,
      boolean state,
      String protocol,
      boolean negated,
      String... fieldsAndValues) {
    Map<String, String> map = new HashMap<>();
    for (int i = 0; i < fieldsAndValues.length; i += 2) {
      map.put(fieldsAndValues[i], fieldsAndValues[i + 1]);
    }
    rules.add(
        new FilterRule(
            chain, chainPriority, action, direction, priority, state, protocol, negated, map));
    program = null;
  }

  private Action judge(boolean toGuest, TestFrame frame) {
    if (program == null) {
      program = FilterCompiler.compile(rules);
      connections.setCounting(program.counts());
    }
    fields.take(frame.frame());
    return program.judge(fields, toGuest, connections, now);
  }

  private boolean passes(boolean toGuest, TestFrame frame) {
    return judge(toGuest, frame) == Action.ACCEPT;
  }

  private static TestFrame fromGuest() {
    return new TestFrame().ethernet(GUEST, PEER);
  }

  private static TestFrame toGuest() {
    return new TestFrame().ethernet(PEER, GUEST);
  }

  @Test
  void withoutRulesAllPasses() {
    assertThat(passes(TO_GUEST, toGuest().type(0x88cc))).isTrue();
    assertThat(passes(FROM_GUEST, fromGuest().ip("10.0.0.1", "10.0.0.2").tcp(1, 2, 2))).isTrue();
  }

  @Test
  void aChainIsAskedForItsProtocolAtItsPriority() {
    rule(
        "ipv4-ip",
        -710,
        Action.RETURN,
        Direction.OUT,
        500,
        true,
        "ip",
        false,
        "srcipaddr",
        "10.0.0.1");
    rule("ipv4-ip", -710, Action.DROP, Direction.OUT, 1000, true, "", false);
    rule(Action.ACCEPT, Direction.OUT, -650, "mac", "protocolid", "ipv4");
    rule(Action.DROP, Direction.INOUT, 1000, "");
    assertThat(passes(FROM_GUEST, fromGuest().ip("10.0.0.1", "10.0.0.9").udp(1, 2))).isTrue();
    assertThat(passes(FROM_GUEST, fromGuest().ip("10.0.0.3", "10.0.0.9").udp(1, 2))).isFalse();
    assertThat(passes(FROM_GUEST, fromGuest().ip("fd00::1", "fd00::2").udp(1, 2))).isFalse();
    assertThat(passes(TO_GUEST, toGuest().ip("10.0.0.9", "10.0.0.1").udp(2, 1))).isFalse();
  }

  @Test
  void aRuleOfBothWaysIsTurnedRoundForWhatTheGuestSends() {
    rule(
        Action.ACCEPT,
        Direction.INOUT,
        100,
        "ip",
        "srcipaddr",
        "10.0.0.0",
        "srcipmask",
        "8",
        "protocol",
        "tcp",
        "srcportstart",
        "10",
        "srcportend",
        "20");
    rule(Action.DROP, Direction.INOUT, 1000, "");
    assertThat(passes(TO_GUEST, toGuest().ip("10.1.2.3", "192.0.2.1").tcp(15, 99, 2))).isTrue();
    assertThat(passes(FROM_GUEST, fromGuest().ip("192.0.2.1", "10.1.2.3").tcp(99, 15, 2))).isTrue();
    assertThat(passes(FROM_GUEST, fromGuest().ip("10.1.2.3", "192.0.2.1").tcp(15, 99, 2)))
        .isFalse();
    assertThat(passes(TO_GUEST, toGuest().ip("10.1.2.3", "192.0.2.1").tcp(21, 99, 2))).isFalse();
  }

  @Test
  void aRuleOfTcpLetsAnswersBackAndNothingElse() {
    rule(Action.ACCEPT, Direction.IN, 100, "tcp", "dstportstart", "22");
    rule(Action.DROP, Direction.INOUT, 1000, "all");
    TestFrame answer = fromGuest().ip("10.0.0.1", "10.0.0.9").tcp(22, 5000, 18);
    assertThat(passes(FROM_GUEST, answer)).as("an answer to no question").isFalse();
    assertThat(passes(TO_GUEST, toGuest().ip("10.0.0.9", "10.0.0.1").tcp(5000, 22, 2))).isTrue();
    assertThat(passes(FROM_GUEST, answer)).isTrue();
    assertThat(passes(TO_GUEST, toGuest().ip("10.0.0.9", "10.0.0.1").tcp(5000, 22, 16))).isTrue();
    assertThat(passes(FROM_GUEST, fromGuest().ip("10.0.0.1", "10.0.0.9").tcp(22, 5001, 2)))
        .as("another connection from the same port")
        .isFalse();
    assertThat(passes(TO_GUEST, toGuest().ip("fd00::9", "fd00::1").tcp(5000, 23, 2)))
        .as("rules of IPv4 say nothing of IPv6")
        .isTrue();
  }

  @Test
  void withoutStateMatchAnswersNeedNoQuestion() {
    rule("root", 0, Action.ACCEPT, Direction.IN, 100, false, "tcp", false, "dstportstart", "22");
    rule(Action.DROP, Direction.INOUT, 1000, "all");
    assertThat(passes(FROM_GUEST, fromGuest().ip("10.0.0.1", "10.0.0.9").tcp(22, 5000, 18)))
        .isTrue();
  }

  @Test
  void aRefusalHoldsForBothWaysOfAConnection() {
    rule(Action.DROP, Direction.OUT, 100, "tcp", "dstportstart", "25");
    rule(Action.REJECT, Direction.OUT, 110, "udp", "dstportstart", "53");
    assertThat(passes(FROM_GUEST, fromGuest().ip("10.0.0.1", "10.0.0.9").tcp(99, 25, 2))).isFalse();
    assertThat(passes(TO_GUEST, toGuest().ip("10.0.0.9", "10.0.0.1").tcp(25, 99, 18))).isFalse();
    assertThat(judge(FROM_GUEST, fromGuest().ip("10.0.0.1", "10.0.0.9").udp(99, 53)))
        .isEqualTo(Action.REJECT);
    assertThat(passes(TO_GUEST, toGuest().ip("10.0.0.9", "10.0.0.1").tcp(99, 25, 2)))
        .as("the guest's own port 25")
        .isTrue();
  }

  @Test
  void statesAreThoseThatTheRuleNames() {
    rule(Action.ACCEPT, Direction.IN, 100, "all", "state", "ESTABLISHED,RELATED");
    rule(Action.ACCEPT, Direction.OUT, 110, "all", "state", "NEW,ESTABLISHED");
    rule(Action.DROP, Direction.INOUT, 1000, "all");
    TestFrame question = fromGuest().ip("10.0.0.1", "10.0.0.9").udp(7000, 53);
    TestFrame answer = toGuest().ip("10.0.0.9", "10.0.0.1").udp(53, 7000);
    assertThat(passes(TO_GUEST, answer)).isFalse();
    assertThat(passes(FROM_GUEST, question)).isTrue();
    assertThat(passes(TO_GUEST, answer)).isTrue();
    TestFrame error = toGuest().ip("10.0.0.254", "10.0.0.1").icmp(3, 1).quote(question);
    assertThat(passes(TO_GUEST, error)).as("an error about a known connection").isTrue();
    TestFrame foreign =
        toGuest()
            .ip("10.0.0.254", "10.0.0.1")
            .icmp(3, 1)
            .quote(fromGuest().ip("10.0.0.1", "10.0.0.77").udp(1, 2));
    assertThat(passes(TO_GUEST, foreign)).as("an error about another one").isFalse();
    now += 200_000_000_000L;
    assertThat(passes(TO_GUEST, answer)).as("after the connection was forgotten").isFalse();
  }

  @Test
  void oneSourceMayHaveSoManyConnections() {
    rule(Action.DROP, Direction.IN, 100, "tcp", "connlimit-above", "2");
    rule(Action.ACCEPT, Direction.INOUT, 200, "all");
    for (int port = 1; port <= 3; port++) {
      assertThat(passes(TO_GUEST, toGuest().ip("10.0.0.9", "10.0.0.1").tcp(port, 80, 2)))
          .as("connection %d", port)
          .isEqualTo(port <= 2);
    }
    assertThat(passes(TO_GUEST, toGuest().ip("10.0.0.8", "10.0.0.1").tcp(9, 80, 2))).isTrue();
  }

  @Test
  void matchNoMeansAnotherValue() {
    rule("root", 0, Action.DROP, Direction.OUT, 1, true, "mac", true, "srcmacaddr", GUEST);
    assertThat(passes(FROM_GUEST, fromGuest().type(0x88cc))).isTrue();
    assertThat(passes(FROM_GUEST, new TestFrame().ethernet("52:54:00:00:00:03", PEER).type(0x88cc)))
        .isFalse();
  }

  @Test
  void continueGoesOnAndReturnLeavesTheList() {
    rule(Action.CONTINUE, Direction.OUT, 100, "udp");
    rule(Action.RETURN, Direction.OUT, 150, "udp", "dstportstart", "5");
    rule(Action.DROP, Direction.OUT, 200, "udp");
    assertThat(passes(FROM_GUEST, fromGuest().ip("10.0.0.1", "10.0.0.9").udp(1, 5))).isTrue();
    assertThat(passes(FROM_GUEST, fromGuest().ip("10.0.0.1", "10.0.0.9").udp(1, 6))).isFalse();
  }

  @Test
  void arpVlanAndSpanningTreeHaveTheirFields() {
    rule(Action.DROP, Direction.OUT, 10, "arp", "gratuitous", "true", "opcode", "Request");
    rule(Action.DROP, Direction.OUT, 20, "arp", "arpsrcmacaddr", "52:54:00:00:00:07");
    rule(Action.DROP, Direction.OUT, 30, "vlan", "vlanid", "12", "encap-protocol", "ipv4");
    rule(Action.DROP, Direction.OUT, 40, "stp", "root-cost", "12", "root-cost-hi", "20");
    assertThat(passes(FROM_GUEST, fromGuest().arp(1, GUEST, "10.0.0.1", "10.0.0.1"))).isFalse();
    assertThat(passes(FROM_GUEST, fromGuest().arp(2, GUEST, "10.0.0.1", "10.0.0.1"))).isTrue();
    assertThat(passes(FROM_GUEST, fromGuest().arp(1, GUEST, "10.0.0.1", "10.0.0.2"))).isTrue();
    assertThat(passes(FROM_GUEST, fromGuest().arp(1, "52:54:00:00:00:07", "10.0.0.1", "10.0.0.2")))
        .isFalse();
    assertThat(passes(FROM_GUEST, fromGuest().vlan(12, 0x800))).isFalse();
    assertThat(passes(FROM_GUEST, fromGuest().vlan(13, 0x800))).isTrue();
    assertThat(passes(FROM_GUEST, fromGuest().vlan(12, 0x86dd))).isTrue();
    assertThat(passes(FROM_GUEST, fromGuest().spanningTree(15))).isFalse();
    assertThat(passes(FROM_GUEST, fromGuest().spanningTree(21))).isTrue();
  }

  @Test
  void tcpFlagsAndOptionsAndRangesAndIcmp() {
    rule(Action.DROP, Direction.OUT, 10, "tcp", "flags", "SYN,ACK/SYN");
    rule(Action.DROP, Direction.OUT, 20, "udp", "dstipfrom", "10.0.0.5", "dstipto", "10.0.0.7");
    rule(Action.DROP, Direction.OUT, 30, "icmp", "type", "8");
    rule(Action.DROP, Direction.OUT, 40, "icmpv6", "type", "128");
    rule(Action.DROP, Direction.OUT, 50, "udp-ipv6", "srcipaddr", "fd00::", "srcipmask", "16");
    assertThat(passes(FROM_GUEST, fromGuest().ip("10.0.0.1", "10.0.0.9").tcp(1, 2, 2))).isFalse();
    assertThat(passes(FROM_GUEST, fromGuest().ip("10.0.0.1", "10.0.0.9").tcp(1, 2, 18))).isTrue();
    assertThat(passes(FROM_GUEST, fromGuest().ip("10.0.0.1", "10.0.0.6").udp(1, 2))).isFalse();
    assertThat(passes(FROM_GUEST, fromGuest().ip("10.0.0.1", "10.0.0.8").udp(1, 2))).isTrue();
    assertThat(passes(FROM_GUEST, fromGuest().ip("10.0.0.1", "10.0.0.8").icmp(8, 0))).isFalse();
    assertThat(passes(FROM_GUEST, fromGuest().ip("10.0.0.1", "10.0.0.8").icmp(0, 0))).isTrue();
    assertThat(passes(FROM_GUEST, fromGuest().ip("fd00::1", "fd00::2").icmp(128, 0))).isFalse();
    assertThat(passes(FROM_GUEST, fromGuest().ip("fd00::1", "fd00::2").udp(1, 2))).isFalse();
    assertThat(passes(FROM_GUEST, fromGuest().ip("fe80::1", "fd00::2").udp(1, 2))).isTrue();
  }

  @Test
  void whatHidesItsPortsDoesNotPassRulesOfPorts() {
    rule(Action.DROP, Direction.OUT, 10, "tcp", "dstportstart", "25");
    TestFrame cut = fromGuest().ip("10.0.0.1", "10.0.0.9").tcp(1, 26, 2).cut(8);
    assertThat(passes(FROM_GUEST, cut)).as("half a header").isFalse();
  }

  @Test
  void judgingAFrameAllocatesNothing() {
    rule(
        "ipv4-ip",
        -710,
        Action.RETURN,
        Direction.OUT,
        500,
        true,
        "ip",
        false,
        "srcipaddr",
        "10.0.0.1");
    rule("ipv4-ip", -710, Action.DROP, Direction.OUT, 1000, true, "", false);
    rule(Action.ACCEPT, Direction.OUT, 100, "tcp", "dstportstart", "80");
    rule(Action.DROP, Direction.INOUT, 1000, "all");
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Frame frame = fromGuest().ip("10.0.0.1", "10.0.0.9").tcp(1, 80, 2).frame();
    FilterProgram compiled = FilterCompiler.compile(rules);
    int rounds = 100_000;
    long allocated = Long.MAX_VALUE;
    // The compiler works beside us, on a busy host slowly: one free run is the proof.
    for (int run = 0; run < 30 && allocated >= rounds; run++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      long passed = 0;
      for (int i = 0; i < rounds; i++) {
        fields.take(frame);
        passed += compiled.judge(fields, FROM_GUEST, connections, now) == Action.ACCEPT ? 1 : 0;
      }
      allocated = threads.getCurrentThreadAllocatedBytes() - before;
      assertThat(passed).isEqualTo(rounds);
    }
    // What asking itself allocates is far less than a byte a frame.
    assertThat(allocated).isLessThan(rounds);
  }

  @Test
  void aValueThatIsNoneIsRefused() {
    rule(Action.DROP, Direction.OUT, 10, "ip", "srcipaddr", "fd00::1");
    assertThatThrownBy(() -> FilterCompiler.compile(rules))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("fd00::1 is no address for a rule of ip");
  }
}
