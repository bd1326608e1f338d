package org.wardian.network.filter;

import java.util.List;

/** A rule as it is judged: all conditions hold, then the action, or the jump into a chain. */
final class CompiledRule {
  private static final Condition[] NONE = {};

  private final Condition[] conditions;
  private final FilterRule.Action action;
  private final CompiledRule[] chain;

  CompiledRule(List<Condition> conditions, FilterRule.Action action) {
    this.conditions = conditions.toArray(NONE);
    this.action = action;
    chain = null;
  }

  /** A jump into a chain. */
  CompiledRule(List<Condition> conditions, CompiledRule[] chain) {
    this.conditions = conditions.toArray(NONE);
    action = FilterRule.Action.CONTINUE;
    this.chain = chain;
  }

  boolean needsConnections() {
    for (Condition condition : conditions) {
      if (condition.needsConnections()) {
        return true;
      }
    }
    return false;
  }

  boolean counts() {
    for (Condition condition : conditions) {
      if (condition.counts()) {
        return true;
      }
    }
    return false;
  }

  private boolean holds(FrameFields frame) {
    for (Condition condition : conditions) {
      if (!condition.holds(frame)) {
        return false;
      }
    }
    return true;
  }

  /** What a chain says of a frame; RETURN where it comes to its end. Never CONTINUE. */
  static FilterRule.Action judge(CompiledRule[] rules, FrameFields frame) {
    for (CompiledRule rule : rules) {
      if (!rule.holds(frame)) {
        continue;
      }
      // A chain within a chain has none within itself: this goes two deep at most.
      FilterRule.Action said = rule.chain == null ? rule.action : judge(rule.chain, frame);
      boolean on =
          said == FilterRule.Action.CONTINUE
              || rule.chain != null && said == FilterRule.Action.RETURN;
      if (!on) {
        return said;
      }
    }
    return FilterRule.Action.RETURN;
  }
}
