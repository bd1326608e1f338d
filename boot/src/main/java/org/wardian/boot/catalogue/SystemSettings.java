package org.wardian.boot.catalogue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Files of a new system beside those of its packages. */
final class SystemSettings {
  /** What lies among the program's resources under its last name. */
  private static final List<String> RESOURCES =
      List.of(
          "etc/cloud/cloud.cfg.d/90_wardian.cfg",
          "etc/profile.d/wardian-console.sh",
          "etc/systemd/system/serial-getty@ttyS0.service.d/login.conf");

  private static final Set<String> OWN_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");

  private SystemSettings() {}

  /**
   * The files' texts by their paths without leading slash.
   *
   * @param mirrors where the packages came from; the system goes on with the first of each, except
   *     where that is on this machine itself
   */
  static Map<String, String> of(SystemDefinition system, DebianMirrors mirrors) {
    Map<String, String> files = new LinkedHashMap<>();
    files.put("etc/apt/sources.list", sources(system.suite(), mirrors));
    files.put("etc/default/locale", "LANG=C.UTF-8\n");
    files.put("etc/fstab", "LABEL=root / ext4 errors=remount-ro 0 1\n");
    files.put("etc/hostname", system.name() + "\n");
    files.put(
        "etc/hosts",
        "127.0.0.1 localhost\n127.0.1.1 "
            + system.name()
            + "\n::1 localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\n"
            + "ff02::2 ip6-allrouters\n");
    for (String path : RESOURCES) {
      files.put(path, resource(path.substring(path.lastIndexOf('/') + 1)));
    }
    return files;
  }

  private static String sources(String suite, DebianMirrors mirrors) {
    URI archive = mirrors.archive().getFirst();
    if (OWN_NAMES.contains(archive.getHost())) {
      archive = DebianMirrors.DEFAULT_ARCHIVE;
    }
    StringBuilder text = new StringBuilder();
    text.append("deb ").append(archive).append(' ').append(suite).append(" main\n");
    text.append("deb ").append(archive).append(' ').append(suite).append("-updates main\n");
    if (!mirrors.security().isEmpty()) {
      URI security = mirrors.security().getFirst();
      if (OWN_NAMES.contains(security.getHost())) {
        security = DebianMirrors.DEFAULT_SECURITY;
      }
      text.append("deb ").append(security).append(' ').append(suite).append("-security main\n");
    }
    return text.toString();
  }

  private static String resource(String name) {
    try (InputStream in = SystemSettings.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("this build lacks the resource " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the resource " + name, e);
    }
  }
}
