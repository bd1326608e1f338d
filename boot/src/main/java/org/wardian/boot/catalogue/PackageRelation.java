package org.wardian.boot.catalogue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One term of a relationship field such as {@code Depends} (Debian Policy Manual §7.1): a package's
 * name, perhaps with a version to compare with.
 *
 * @param name of a package, or of a virtual one
 * @param operator how its version is to stand to {@code version}
 * @param version to compare with, or null where any does
 */
record PackageRelation(String name, Operator operator, DebianVersion version) {
  /** How two versions are to stand to each other. */
  enum Operator {
    ANY(""),
    EARLIER("<<"),
    NOT_LATER("<="),
    EQUAL("="),
    NOT_EARLIER(">="),
    LATER(">>");

    private final String text;

    Operator(String text) {
      this.text = text;
    }

    private boolean holds(int comparison) {
      return switch (this) {
        case ANY -> true;
        case EARLIER -> comparison < 0;
        case NOT_LATER -> comparison <= 0;
        case EQUAL -> comparison == 0;
        case NOT_EARLIER -> comparison >= 0;
        case LATER -> comparison > 0;
      };
    }

    private static Operator of(String text) {
      for (Operator operator : values()) {
        if (operator.text.equals(text)) {
          return operator;
        }
      }
      // Older than "<=" and ">=", with their meaning (§7.1).
      return text.equals("<") ? NOT_LATER : NOT_EARLIER;
    }
  }

  /** A kernel's longest field has some 2,000 terms. */
  private static final int MAX_TERMS = 20_000;

  private static final Pattern TERM =
      Pattern.compile(
          "([a-zA-Z0-9][a-zA-Z0-9.+-]*)(?::([a-z0-9-]+))?"
              + "(?:\\s*\\(\\s*(<<|<=|=|>=|>>|<|>)\\s*([^\\s)]+)\\s*\\))?");

  /** Qualifiers (§7.1, Multi-Arch) that a package of the guest's own architecture meets. */
  private static final Set<String> OWN_QUALIFIERS = Set.of("any", "native", "all");

  /**
   * Reads a field: groups that must all be met, each by any of its alternatives. An alternative of
   * another architecture is left out.
   *
   * @param field the field's value, perhaps empty
   * @param architecture Debian's name of the guest's own
   * @throws IllegalArgumentException if it is no such field
   */
  static List<List<PackageRelation>> parse(String field, String architecture) {
    List<List<PackageRelation>> groups = new ArrayList<>();
    if (field.isBlank()) {
      return groups;
    }
    int terms = 0;
    for (String group : field.strip().split(",", -1)) {
      if (group.isBlank()) {
        continue; // a trailing comma is tolerated by dpkg, too
      }
      List<PackageRelation> alternatives = new ArrayList<>();
      for (String term : group.split("\\|", -1)) {
        if (++terms > MAX_TERMS) {
          throw new IllegalArgumentException("more than " + MAX_TERMS + " terms");
        }
        Matcher matcher = TERM.matcher(term.strip());
        if (!matcher.matches()) {
          throw new IllegalArgumentException("no relation to a package: " + term.strip());
        }
        String qualifier = matcher.group(2);
        if (qualifier == null
            || qualifier.equals(architecture)
            || OWN_QUALIFIERS.contains(qualifier)) {
          alternatives.add(relation(matcher));
        }
      }
      groups.add(List.copyOf(alternatives));
    }
    return List.copyOf(groups);
  }

  private static PackageRelation relation(Matcher term) {
    return term.group(3) == null
        ? new PackageRelation(term.group(1), Operator.ANY, null)
        : new PackageRelation(
            term.group(1), Operator.of(term.group(3)), DebianVersion.parse(term.group(4)));
  }

  /**
   * Whether something of our name meets this.
   *
   * @param candidate its version; null for a virtual package that was provided without one, which
   *     meets no comparison (§7.5)
   */
  boolean isMetBy(DebianVersion candidate) {
    return operator == Operator.ANY
        || (candidate != null && operator.holds(candidate.compareTo(version)));
  }

  @Override
  public String toString() {
    return operator == Operator.ANY ? name : name + " (" + operator.text + " " + version + ")";
  }
}
