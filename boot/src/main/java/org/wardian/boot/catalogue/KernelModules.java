package org.wardian.boot.catalogue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tukaani.xz.XZInputStream;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/**
 * Takes loadable modules out of a kernel's package: certain ones, and those that they depend on
 * ({@code depends=} in their section {@code .modinfo}). The package has no {@code modules.dep};
 * that is made where it is installed.
 */
final class KernelModules {
  private static final Pattern MODULE_PATH =
      Pattern.compile("(?:usr/)?lib/modules/[^/]+/kernel/.+/([^/]+)\\.ko(\\.xz)?");

  private static final int MAX_MODULE_BYTES = 32 << 20;
  private static final int XZ_MEMORY_LIMIT_KIB = 128 << 10;

  private KernelModules() {}

  /**
   * The modules of these names and what they need.
   *
   * @param kernel the kernel's package
   * @param wanted names with {@code _} for {@code -}; one that the package has not is taken to be
   *     built into the kernel
   * @return contents by name, in an order in which they can be loaded
   */
  static Map<String, byte[]> of(Path kernel, Collection<String> wanted) throws IOException {
    Map<String, List<String>> needs = new HashMap<>();
    DebPackage.visit(
        kernel,
        (path, content) -> {
          Matcher matcher = MODULE_PATH.matcher(path);
          if (matcher.matches()) {
            byte[] module = read(path, matcher, content);
            needs.put(name(matcher), depends(module));
          }
        });
    List<String> order = new ArrayList<>();
    for (String name : wanted) {
      visit(name, needs, order, 0);
    }
    Map<String, byte[]> contents = new HashMap<>();
    DebPackage.visit(
        kernel,
        (path, content) -> {
          Matcher matcher = MODULE_PATH.matcher(path);
          if (matcher.matches() && order.contains(name(matcher))) {
            contents.put(name(matcher), read(path, matcher, content));
          }
        });
    Map<String, byte[]> ordered = new LinkedHashMap<>();
    order.forEach(name -> ordered.put(name, contents.get(name)));
    return ordered;
  }

  private static String name(Matcher path) {
    return path.group(1).replace('-', '_');
  }

  private static byte[] read(String path, Matcher matcher, InputStream content) throws IOException {
    InputStream plain =
        matcher.group(2) == null
            ? content
            : new XZInputStream(
                new ByteArrayInputStream(limited(path, content)), XZ_MEMORY_LIMIT_KIB);
    return limited(path, plain);
  }

  private static byte[] limited(String path, InputStream in) throws IOException {
    byte[] bytes = in.readNBytes(MAX_MODULE_BYTES + 1);
    if (bytes.length > MAX_MODULE_BYTES) {
      throw new CatalogueException(
          Kind.MALFORMED, "refused the kernel module " + path + ": it is too large");
    }
    return bytes;
  }

  /** What a module needs, after the strings of its {@code .modinfo}; empty where it has none. */
  static List<String> depends(byte[] module) {
    List<String> all = strings(module, "depends=");
    return all.isEmpty() || all.get(0).isEmpty()
        ? List.of()
        : List.of(all.get(0).replace('-', '_').split(","));
  }

  /** The names of devices, with wildcards, that a module is the driver of. */
  static List<String> aliases(byte[] module) {
    return strings(module, "alias=").stream().filter(alias -> !alias.isBlank()).toList();
  }

  /** What follows a key in each of the strings of {@code .modinfo} that begin with it. */
  private static List<String> strings(byte[] module, String name) {
    byte[] key = ("\0" + name).getBytes(StandardCharsets.US_ASCII);
    List<String> found = new ArrayList<>();
    for (int at = 0; at + key.length < module.length; at++) {
      if (module[at] != 0 || !matches(module, at, key)) {
        continue;
      }
      int start = at + key.length;
      int end = start;
      while (end < module.length && module[end] != 0) {
        end++;
      }
      found.add(new String(module, start, end - start, StandardCharsets.US_ASCII));
      at = end - 1;
    }
    return found;
  }

  private static boolean matches(byte[] in, int at, byte[] key) {
    for (int n = 0; n < key.length; n++) {
      if (in[at + n] != key[n]) {
        return false;
      }
    }
    return true;
  }

  private static void visit(
      String name, Map<String, List<String>> needs, List<String> order, int depth)
      throws CatalogueException {
    if (order.contains(name) || !needs.containsKey(name)) {
      return;
    }
    if (depth > needs.size()) {
      throw new CatalogueException(
          Kind.MALFORMED, "refused the kernel's modules: " + name + " needs itself");
    }
    for (String need : needs.get(name)) {
      visit(need, needs, order, depth + 1);
    }
    order.add(name);
  }
}
