package org.wardian.daemon;

import java.nio.file.Path;
import java.util.Map;

/**
 * Where a daemon keeps what. Within each folder there is one for each kind of object ({@code qemu},
 * {@code qemu/networks}, {@code storage}, {@code secrets}, {@code nwfilter}), as libvirt has them.
 *
 * @param configuration definitions of persistent objects
 * @param state sockets, and what is known of running objects; gone after the host's next start
 * @param library images, saved machines, snapshots' definitions
 * @param cache what can be made again
 * @param log words of each machine's process
 * @param system whether it is the host's daemon, and not a user's own
 */
public record Folders(
    Path configuration, Path state, Path library, Path cache, Path log, boolean system) {
  /** The host's daemon. */
  public static Folders ofHost() {
    return new Folders(
        Path.of("/etc/libvirt"),
        Path.of("/run/libvirt"),
        Path.of("/var/lib/libvirt"),
        Path.of("/var/cache/libvirt"),
        Path.of("/var/log/libvirt"),
        true);
  }

  /**
   * A user's own daemon.
   *
   * @param environment where the XDG variables are looked up
   * @param home the user's folder
   */
  public static Folders ofUser(Map<String, String> environment, Path home) {
    Path cache = folder(environment, "XDG_CACHE_HOME", home.resolve(".cache"));
    String runtime = environment.get("XDG_RUNTIME_DIR");
    return new Folders(
        folder(environment, "XDG_CONFIG_HOME", home.resolve(".config")),
        runtime != null && !runtime.isEmpty() ? Path.of(runtime, "libvirt") : cache,
        folder(environment, "XDG_DATA_HOME", home.resolve(".local/share")),
        cache,
        cache.resolve("log"),
        false);
  }

  private static Path folder(Map<String, String> environment, String name, Path otherwise) {
    String value = environment.get(name);
    return (value != null && !value.isEmpty() ? Path.of(value) : otherwise).resolve("libvirt");
  }

  /** A daemon that keeps all below one folder. */
  public static Folders under(Path root, boolean system) {
    return new Folders(
        root.resolve("etc"),
        root.resolve("run"),
        root.resolve("lib"),
        root.resolve("cache"),
        root.resolve("log"),
        system);
  }
}
