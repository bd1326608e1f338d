package org.wardian.boot.catalogue;

/**
 * A Debian package version, {@code [epoch:]upstream[-revision]}, ordered as dpkg orders it (Debian
 * Policy Manual §5.6.12). Two versions that compare equal are equal, however they are written
 * ({@code 1.0} and {@code 0:1.0-0}).
 */
public final class DebianVersion implements Comparable<DebianVersion> {
  private final String text;
  private final long epoch;
  private final String upstream;
  private final String revision;

  private DebianVersion(String text, long epoch, String upstream, String revision) {
    this.text = text;
    this.epoch = epoch;
    this.upstream = upstream;
    this.revision = revision;
  }

  /**
   * Parses a version.
   *
   * @throws IllegalArgumentException if it is empty, has an epoch that is not a number, or holds a
   *     character outside {@code [A-Za-z0-9.+~:-]}
   */
  public static DebianVersion parse(String text) {
    String rest = text;
    long epoch = 0;
    int colon = text.indexOf(':');
    if (colon >= 0) {
      String number = text.substring(0, colon);
      if (number.isEmpty()
          || number.length() > 9
          || !number.chars().allMatch(DebianVersion::isDigit)) {
        throw new IllegalArgumentException("bad epoch in Debian version: " + text);
      }
      epoch = Long.parseLong(number);
      rest = text.substring(colon + 1);
    }
    int dash = rest.lastIndexOf('-');
    String upstream = dash < 0 ? rest : rest.substring(0, dash);
    String revision = dash < 0 ? "" : rest.substring(dash + 1);
    if (upstream.isEmpty() || !rest.chars().allMatch(DebianVersion::isAllowed)) {
      throw new IllegalArgumentException("bad Debian version: " + text);
    }
    return new DebianVersion(text, epoch, upstream, revision);
  }

  @Override
  public int compareTo(DebianVersion other) {
    int byEpoch = Long.compare(epoch, other.epoch);
    if (byEpoch != 0) {
      return byEpoch;
    }
    int byUpstream = compareParts(upstream, other.upstream);
    return byUpstream != 0 ? byUpstream : compareParts(revision, other.revision);
  }

  /**
   * Alternates between a non-digit prefix, compared by {@link #weight}, and a number, compared as
   * one, until a difference is found.
   */
  private static int compareParts(String a, String b) {
    int i = 0;
    int j = 0;
    while (i < a.length() || j < b.length()) {
      while ((i < a.length() && !isDigit(a.charAt(i)))
          || (j < b.length() && !isDigit(b.charAt(j)))) {
        int byWeight = Integer.compare(weight(a, i), weight(b, j));
        if (byWeight != 0) {
          return byWeight;
        }
        i++;
        j++;
      }
      i = skipZeros(a, i);
      j = skipZeros(b, j);
      int firstDifference = 0;
      while (i < a.length() && isDigit(a.charAt(i)) && j < b.length() && isDigit(b.charAt(j))) {
        if (firstDifference == 0) {
          firstDifference = Character.compare(a.charAt(i), b.charAt(j));
        }
        i++;
        j++;
      }
      // The number with more digits is the greater one, whatever the digits are.
      if (i < a.length() && isDigit(a.charAt(i))) {
        return 1;
      }
      if (j < b.length() && isDigit(b.charAt(j))) {
        return -1;
      }
      if (firstDifference != 0) {
        return firstDifference;
      }
    }
    return 0;
  }

  private static int skipZeros(String text, int from) {
    int i = from;
    while (i < text.length() && text.charAt(i) == '0') {
      i++;
    }
    return i;
  }

  /** A tilde sorts before the end of the part, the end before letters, letters before the rest. */
  private static int weight(String text, int index) {
    if (index >= text.length() || isDigit(text.charAt(index))) {
      return 0;
    }
    char c = text.charAt(index);
    if (c == '~') {
      return -1;
    }
    return isLetter(c) ? c : c + 256;
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isLetter(int c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  }

  private static boolean isAllowed(int c) {
    return isDigit(c) || isLetter(c) || ".+~:-".indexOf(c) >= 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof DebianVersion version && compareTo(version) == 0;
  }

  @Override
  public int hashCode() {
    // Leading zeros make unequal texts equal, so only what compareTo cannot ignore may count.
    return Long.hashCode(epoch);
  }

  /** The version as it was written. */
  @Override
  public String toString() {
    return text;
  }
}
