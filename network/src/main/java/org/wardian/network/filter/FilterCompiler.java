package org.wardian.network.filter;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.wardian.network.filter.FilterRule.Action;
import org.wardian.network.filter.FilterRule.Direction;
import org.wardian.network.wire.Ethernet;

/**
 * Makes a program of rules: what libvirt makes of them for ebtables and iptables, judged here.
 * Rules of Ethernet stand in chains, which the root chain asks at their priority; those of
 * connections are one list by priority.
 */
public final class FilterCompiler {
  /** More rules than this are refused. */
  public static final int MOST_RULES = 20_000;

  private static final String ROOT = "root";
  private static final Set<String> FRAME_PROTOCOLS =
      Set.of("", "mac", "vlan", "stp", "arp", "rarp", "ip", "ipv6");
  private static final CompiledRule[] NONE = {};

  private final List<FilterRule> rules;

  private FilterCompiler(List<FilterRule> rules) {
    this.rules = new ArrayList<>(rules);
    this.rules.sort(Comparator.comparingInt(FilterRule::priority));
  }

  /**
   * Compiles rules; those of the same priority keep their order.
   *
   * @throws IllegalArgumentException where a value is none of its field, or there are too many
   */
  public static FilterProgram compile(List<FilterRule> rules) {
    if (rules.size() > MOST_RULES) {
      throw new IllegalArgumentException(
          "a card can have " + MOST_RULES + " rules, and not " + rules.size());
    }
    FilterCompiler compiler = new FilterCompiler(rules);
    return new FilterProgram(
        compiler.frames(false),
        compiler.frames(true),
        compiler.packets(false, false),
        compiler.packets(true, false),
        compiler.packets(false, true),
        compiler.packets(true, true));
  }

  private static boolean applies(FilterRule rule, boolean toGuest) {
    return rule.direction() != (toGuest ? Direction.OUT : Direction.IN);
  }

  /** The chains of Ethernet for one way. */
  private CompiledRule[] frames(boolean toGuest) {
    Map<String, List<CompiledRule>> chains = new LinkedHashMap<>();
    Map<String, Integer> priorities = new LinkedHashMap<>();
    List<FilterRule> root = new ArrayList<>();
    for (FilterRule rule : rules) {
      if (!FRAME_PROTOCOLS.contains(rule.protocol()) || !applies(rule, toGuest)) {
        continue;
      }
      if (rule.chain().equals(ROOT)) {
        root.add(rule);
      } else {
        priorities.putIfAbsent(rule.chain(), rule.chainPriority());
        chains.computeIfAbsent(rule.chain(), name -> new ArrayList<>()).add(frame(rule, toGuest));
      }
    }
    List<String> order = new ArrayList<>(chains.keySet());
    order.sort(
        Comparator.<String>comparingInt(priorities::get).thenComparing(Comparator.naturalOrder()));
    List<CompiledRule> all = new ArrayList<>();
    int next = 0;
    for (FilterRule rule : root) {
      for (; next < order.size() && priorities.get(order.get(next)) <= rule.priority(); next++) {
        all.add(jump(order.get(next), chains.get(order.get(next))));
      }
      all.add(frame(rule, toGuest));
    }
    for (; next < order.size(); next++) {
      all.add(jump(order.get(next), chains.get(order.get(next))));
    }
    return all.toArray(NONE);
  }

  private static CompiledRule jump(String chain, List<CompiledRule> rules) {
    return new CompiledRule(protocolOf(chain), rules.toArray(NONE));
  }

  /** What a chain is asked for, by what its name begins with. */
  private static List<Condition> protocolOf(String chain) {
    if (chain.startsWith("mac")) {
      return List.of();
    }
    if (chain.startsWith("stp")) {
      return List.of(Condition.is(FrameField.DESTINATION_MAC, RuleFields.STP_GROUP));
    }
    int type =
        chain.startsWith("ipv4")
            ? Ethernet.IPV4
            : chain.startsWith("ipv6")
                ? Ethernet.IPV6
                : chain.startsWith("rarp")
                    ? FrameFields.RARP
                    : chain.startsWith("arp")
                        ? Ethernet.ARP
                        : chain.startsWith("vlan") ? Ethernet.VLAN : -1;
    if (type < 0) {
      throw new IllegalArgumentException("a chain cannot be called " + chain);
    }
    return List.of(Condition.is(FrameField.ETHER_TYPE, type));
  }

  /** A rule of both ways is written for frames to the guest: the other way it is turned round. */
  private static CompiledRule frame(FilterRule rule, boolean toGuest) {
    boolean turned = rule.direction() == Direction.INOUT && !toGuest;
    return new CompiledRule(
        RuleFields.conditions(rule, turned),
        rule.action() == Action.REJECT ? Action.DROP : rule.action());
  }

  /** The rules of connections for one way and family. */
  private CompiledRule[] packets(boolean toGuest, boolean six) {
    List<CompiledRule> all = new ArrayList<>();
    for (FilterRule rule : rules) {
      if (!FRAME_PROTOCOLS.contains(rule.protocol()) && rule.protocol().endsWith("v6") == six) {
        CompiledRule compiled = packet(rule, toGuest);
        if (compiled != null) {
          all.add(compiled);
        }
      }
    }
    return all.toArray(NONE);
  }

  /**
   * A rule for one way: its own, or turned round for what comes back; null where it has none for
   * that. A rule that accepts lets answers pass back only, and no answers forth.
   */
  private static CompiledRule packet(FilterRule rule, boolean toGuest) {
    boolean both = rule.direction() == Direction.INOUT;
    boolean own = both || rule.direction() == (toGuest ? Direction.IN : Direction.OUT);
    boolean turned = both ? !toGuest : !own;
    boolean states = rule.fields().containsKey("state");
    boolean type = rule.fields().containsKey("type");
    boolean limit = rule.fields().containsKey("connlimit-above");
    // The answer has another type; and how many connections there are is asked of who opens them.
    if (!own && (type || limit) || !own && states && rule.stateMatch()) {
      return null;
    }
    List<Condition> conditions = RuleFields.conditions(rule, turned);
    if (rule.stateMatch() && states) {
      RuleFields.states(rule).ifPresent(conditions::add);
    } else if (rule.stateMatch() && rule.action() == Action.ACCEPT && !both && !limit) {
      conditions.add(
          Condition.anyBit(
              FrameField.CONNECTION_STATE,
              own ? ConnectionTable.NEW | ConnectionTable.ESTABLISHED : ConnectionTable.ESTABLISHED,
              false));
      if (!type) {
        conditions.add(Condition.is(FrameField.CONNECTION_DIRECTION, own ? 0 : 1));
      }
    }
    return new CompiledRule(conditions, rule.action());
  }
}
