package org.wardian.libvirt.client;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Where the UNIX socket of a daemon is, as libvirt's own clients look for it: a driver's own daemon
 * if its socket exists, else the one daemon for all.
 *
 * @param environment the process's variables
 * @param root whether the process is root's
 * @param system folder of the host's sockets
 */
public record SocketPaths(Map<String, String> environment, boolean root, Path system) {
  private static final Path SYSTEM = Path.of("/var/run/libvirt");

  /** For this process. */
  public static SocketPaths ofThisProcess() {
    return new SocketPaths(System.getenv(), "root".equals(System.getProperty("user.name")), SYSTEM);
  }

  /** The socket for a URI. */
  public Path socket(ConnectionUri uri, boolean readOnly) {
    String given = uri.parameters().get("socket");
    if (given != null) {
      return Path.of(given);
    }
    boolean own = uri.isSession() && !root;
    Path folder = own ? sessionFolder() : system;
    String ending = readOnly && !own ? "-sock-ro" : "-sock";
    Path direct = folder.resolve("virt" + uri.driver() + "d" + ending);
    Path legacy = folder.resolve("libvirt" + ending);
    return switch (uri.parameters().getOrDefault("mode", "auto")) {
      case "direct" -> direct;
      case "legacy" -> legacy;
      default -> Files.exists(direct) ? direct : legacy;
    };
  }

  /** Folder of a user's sockets. */
  public Path sessionFolder() {
    String runtime = environment.get("XDG_RUNTIME_DIR");
    if (runtime != null && !runtime.isEmpty()) {
      return Path.of(runtime, "libvirt");
    }
    String cache = environment.get("XDG_CACHE_HOME");
    if (cache != null && !cache.isEmpty()) {
      return Path.of(cache, "libvirt");
    }
    return Path.of(environment.getOrDefault("HOME", "/"), ".cache", "libvirt");
  }
}
