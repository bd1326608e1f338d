package org.wardian.network.filter;

import java.util.Map;

/**
 * A rule of a filter with nothing left open, as the compiler takes it. Names of protocols and
 * fields, and how values are written, are libvirt's ("Network Filters", "Supported protocols").
 *
 * @param chain in which it stands: {@code root}, or a name that begins with a protocol's
 * @param chainPriority where the chain stands within the root chain, -1000 to 1000
 * @param action what becomes of a frame that meets it
 * @param direction seen from the guest
 * @param priority where it stands within its chain, -1000 to 1000
 * @param stateMatch whether a rule of TCP and the like also lets the answers pass, and nothing else
 *     back
 * @param protocol what it is about; empty for every frame
 * @param negated whether each field is to be another than given
 * @param fields values by name
 */
public record FilterRule(
    String chain,
    int chainPriority,
    Action action,
    Direction direction,
    int priority,
    boolean stateMatch,
    String protocol,
    boolean negated,
    Map<String, String> fields) {
  /** What becomes of a frame. */
  public enum Action {
    /** It is lost. */
    DROP,
    /** It passes. */
    ACCEPT,
    /** It is lost, and its sender is told by ICMP. */
    REJECT,
    /** The rest of this chain is left out. */
    RETURN,
    /** The next rule decides. */
    CONTINUE
  }

  /** Which way a frame goes. */
  public enum Direction {
    /** To the guest. */
    IN,
    /** From the guest. */
    OUT,
    /** Either. */
    INOUT
  }

  /** Copies the fields. */
  public FilterRule {
    fields = Map.copyOf(fields);
  }
}
