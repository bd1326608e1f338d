package org.wardian.definition.storage;

/** Paths as documents have them. */
public final class Paths {
  private Paths() {}

  /**
   * A path without double slashes and without one at its end, as libvirt cleans it; dots stay, for
   * what they mean depends on links.
   */
  public static String clean(String path) {
    String single = path.replaceAll("/{2,}", "/");
    // Two slashes at the beginning mean something of their own to POSIX; three do not.
    if (path.startsWith("//") && !path.startsWith("///")) {
      single = "/" + single;
    }
    boolean root = single.equals("/") || single.equals("//");
    return single.endsWith("/") && !root ? single.substring(0, single.length() - 1) : single;
  }
}
