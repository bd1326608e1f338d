package org.wardian.network.filter;

import java.util.Arrays;
import java.util.stream.Stream;
import org.wardian.network.filter.FilterRule.Action;

/**
 * All rules of a card, compiled; it does not change. A frame passes where neither the rules of
 * Ethernet (chains {@code root}, {@code mac}, {@code arp}, ...) nor those of connections ({@code
 * tcp}, {@code udp}, {@code all}, ...) drop it; what no rule knows passes. From the guest, the
 * first are asked first, to the guest the others, as on a bridge whose frames go through ebtables
 * and iptables.
 */
public final class FilterProgram {
  private static final CompiledRule[] NO_RULES = {};

  private final CompiledRule[] frameFromGuest;
  private final CompiledRule[] frameToGuest;
  private final CompiledRule[] fromGuest4;
  private final CompiledRule[] toGuest4;
  private final CompiledRule[] fromGuest6;
  private final CompiledRule[] toGuest6;
  private final boolean judgesPackets;
  private final boolean tracks;

  FilterProgram(
      CompiledRule[] frameFromGuest,
      CompiledRule[] frameToGuest,
      CompiledRule[] fromGuest4,
      CompiledRule[] toGuest4,
      CompiledRule[] fromGuest6,
      CompiledRule[] toGuest6) {
    this.frameFromGuest = frameFromGuest;
    this.frameToGuest = frameToGuest;
    this.fromGuest4 = fromGuest4;
    this.toGuest4 = toGuest4;
    this.fromGuest6 = fromGuest6;
    this.toGuest6 = toGuest6;
    judgesPackets = fromGuest4.length + toGuest4.length + fromGuest6.length + toGuest6.length > 0;
    tracks = needs(fromGuest4) || needs(toGuest4) || needs(fromGuest6) || needs(toGuest6);
  }

  /** Whether a rule asks how many connections there are. */
  boolean counts() {
    return Stream.of(fromGuest4, toGuest4, fromGuest6, toGuest6)
        .flatMap(Arrays::stream)
        .anyMatch(CompiledRule::counts);
  }

  private static boolean needs(CompiledRule[] rules) {
    for (CompiledRule rule : rules) {
      if (rule.needsConnections()) {
        return true;
      }
    }
    return false;
  }

  /**
   * What becomes of a frame.
   *
   * @param toGuest which way it goes
   * @return ACCEPT, DROP or REJECT
   */
  Action judge(FrameFields frame, boolean toGuest, ConnectionTable connections, long nanoseconds) {
    if (frame.type() < 0) {
      return Action.DROP;
    }
    if (!toGuest
        && CompiledRule.judge(frameFromGuest, frame) instanceof Action first
        && refuses(first)) {
      return Action.DROP;
    }
    if (judgesPackets) {
      Action packet = packet(frame, toGuest, connections, nanoseconds);
      if (refuses(packet)) {
        return packet;
      }
    }
    if (toGuest && refuses(CompiledRule.judge(frameToGuest, frame))) {
      // Ethernet has no word for a refusal.
      return Action.DROP;
    }
    if (judgesPackets && tracks && frame.version() != 0) {
      connections.confirm(frame, nanoseconds);
    }
    return Action.ACCEPT;
  }

  private static boolean refuses(Action action) {
    return action == Action.DROP || action == Action.REJECT;
  }

  private Action packet(
      FrameFields frame, boolean toGuest, ConnectionTable connections, long nanoseconds) {
    if (frame.malformed()) {
      return Action.DROP;
    }
    CompiledRule[] rules =
        switch (frame.version()) {
          case 4 -> toGuest ? toGuest4 : fromGuest4;
          case 6 -> toGuest ? toGuest6 : fromGuest6;
          default -> NO_RULES;
        };
    if (tracks && frame.version() != 0) {
      connections.look(frame, nanoseconds);
    }
    return CompiledRule.judge(rules, frame);
  }
}
