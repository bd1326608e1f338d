package org.wardian.daemon;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.wardian.daemon.domain.OverCommit;
import org.wardian.libvirt.sasl.DigestServer;
import org.wardian.libvirt.sasl.ScramServer;
import org.wardian.libvirt.server.AuthenticationType;
import org.wardian.libvirt.server.ServerLimits;

/**
 * What {@code wardiand.conf} says, with what holds where it says nothing.
 *
 * @param socketPermissions of the socket for reading and writing
 * @param readOnlyPermissions of the socket for looking only
 * @param unix how a user of a UNIX socket authenticates, who is not root
 * @param tcp where plain TCP is served, if it is
 * @param tls where TLS is served, if it is
 * @param tcpAuthentication how clients of TCP authenticate
 * @param tlsAuthentication how clients of TLS do, beside their certificates
 * @param certificates the folder with {@code CA} and {@code libvirt} in it
 * @param saslMechanisms how a password is proved, in order of preference
 * @param saslUsers the file of those who have a password
 * @param roles who may do what
 * @param limits how much clients may take
 * @param auditLog the file of what was changed, if there is one
 * @param metrics where figures for Prometheus are served, if they are
 * @param log the daemon's own log
 * @param sandbox whether machines' processes give up the system calls that they do not need: they
 *     must, they do not; where nothing is said, they do if the kernel can
 * @param overCommit how much of the host may be promised to machines
 */
public record DaemonSettings(
    Set<PosixFilePermission> socketPermissions,
    Set<PosixFilePermission> readOnlyPermissions,
    List<AuthenticationType> unix,
    Optional<InetSocketAddress> tcp,
    Optional<InetSocketAddress> tls,
    List<AuthenticationType> tcpAuthentication,
    List<AuthenticationType> tlsAuthentication,
    Path certificates,
    List<String> saslMechanisms,
    Path saslUsers,
    Roles roles,
    ServerLimits limits,
    Optional<Path> auditLog,
    Optional<InetSocketAddress> metrics,
    DaemonLog.Settings log,
    Optional<Boolean> sandbox,
    OverCommit overCommit) {
  /** The name of the file in the configuration's folder. */
  public static final String FILE = "wardiand.conf";

  private static final int TCP_PORT = 16_509;
  private static final int TLS_PORT = 16_514;

  private static final Set<String> NAMES =
      Set.of(
          "unix_sock_rw_perms",
          "unix_sock_ro_perms",
          "auth_unix",
          "listen_tcp",
          "listen_tls",
          "listen_addr",
          "tcp_port",
          "tls_port",
          "auth_tcp",
          "auth_tls",
          "certificates",
          "sasl_mechanisms",
          "sasl_users",
          "sasl_roles",
          "certificate_roles",
          "uid_roles",
          "default_role",
          "max_clients",
          "max_anonymous_clients",
          "max_client_requests",
          "memory_overcommit",
          "vcpu_overcommit",
          "seccomp_sandbox",
          "keepalive_interval",
          "keepalive_count",
          "audit_log",
          "log_format",
          "log_level",
          "log_file",
          "metrics_listen");

  /** What an option of the command line says beside the file. */
  public record Overrides(
      boolean tcp, boolean tls, Optional<String> address, Optional<String> metrics) {
    /** The file alone counts. */
    public static final Overrides NONE =
        new Overrides(false, false, Optional.empty(), Optional.empty());
  }

  /**
   * Reads the configuration.
   *
   * @param file that has to be there if it is given; else {@link #FILE} in the folder, if it is
   *     there
   * @throws IOException where the file is wrong; the message says where
   */
  public static DaemonSettings load(Folders folders, Optional<Path> file, Overrides overrides)
      throws IOException {
    Path usual = folders.configuration().resolve(FILE);
    if (file.isPresent()) {
      return of(ConfigurationFile.read(file.get()), folders, overrides);
    }
    return of(
        Files.exists(usual)
            ? ConfigurationFile.read(usual)
            : ConfigurationFile.parse("", usual.toString()),
        folders,
        overrides);
  }

  private static DaemonSettings of(ConfigurationFile file, Folders folders, Overrides overrides)
      throws IOException {
    file.requireKnown(NAMES);
    String address = overrides.address().orElse(file.string("listen_addr", "127.0.0.1"));
    String audit = file.string("audit_log", folders.log().resolve("wardiand-audit.log").toString());
    String metrics = overrides.metrics().orElse(file.string("metrics_listen", ""));
    try {
      return new DaemonSettings(
          permissions(file, "unix_sock_rw_perms", "0700"),
          permissions(file, "unix_sock_ro_perms", folders.system() ? "0777" : "0700"),
          authentication(file, "auth_unix", folders.system() ? "polkit" : "none"),
          overrides.tcp() || file.flag("listen_tcp", false)
              ? Optional.of(
                  new InetSocketAddress(address, file.number("tcp_port", TCP_PORT, 0, 65_535)))
              : Optional.empty(),
          overrides.tls() || file.flag("listen_tls", false)
              ? Optional.of(
                  new InetSocketAddress(address, file.number("tls_port", TLS_PORT, 0, 65_535)))
              : Optional.empty(),
          authentication(file, "auth_tcp", "sasl"),
          authentication(file, "auth_tls", "none"),
          Path.of(file.string("certificates", "/etc/pki")),
          mechanisms(file.strings("sasl_mechanisms")),
          Path.of(
              file.string(
                  "sasl_users", folders.configuration().resolve("wardiand.users").toString())),
          Roles.of(
              file.strings("sasl_roles"),
              file.strings("certificate_roles"),
              file.strings("uid_roles"),
              file.string("default_role", "administrator")),
          limits(file),
          audit.isEmpty() ? Optional.empty() : Optional.of(Path.of(audit)),
          metrics.isEmpty() ? Optional.empty() : Optional.of(address(metrics)),
          log(file),
          sandbox(file),
          new OverCommit(
              file.number("memory_overcommit", 0, 0, 100_000),
              file.number("vcpu_overcommit", 0, 0, 100_000)));
    } catch (IllegalArgumentException e) {
      throw new IOException(folders.configuration().resolve(FILE) + ": " + e.getMessage(), e);
    }
  }

  /** As qemu.conf has it, where nothing is -1. */
  private static Optional<Boolean> sandbox(ConfigurationFile file) throws IOException {
    int mode = file.number("seccomp_sandbox", -1, -1, 1);
    return mode < 0 ? Optional.empty() : Optional.of(mode == 1);
  }

  private static List<String> mechanisms(List<String> names) {
    List<String> known = List.of(ScramServer.NAME, DigestServer.NAME);
    for (String name : names) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            "sasl_mechanisms has '" + name + "'; there are " + String.join(", ", known));
      }
    }
    return names.isEmpty() ? List.of(ScramServer.NAME) : names;
  }

  private static DaemonLog.Settings log(ConfigurationFile file) throws IOException {
    String form = file.string("log_format", "text");
    String level = file.string("log_level", "info");
    String path = file.string("log_file", "");
    return new DaemonLog.Settings(
        switch (form) {
          case "text" -> DaemonLog.Form.TEXT;
          case "json" -> DaemonLog.Form.JSON;
          default -> throw new IOException("log_format is '" + form + "'; there are text, json");
        },
        switch (level) {
          case "error" -> System.Logger.Level.ERROR;
          case "warning" -> System.Logger.Level.WARNING;
          case "info" -> System.Logger.Level.INFO;
          case "debug" -> System.Logger.Level.DEBUG;
          default ->
              throw new IOException(
                  "log_level is '" + level + "'; there are error, warning, info, debug");
        },
        path.isEmpty() ? Optional.empty() : Optional.of(Path.of(path)));
  }

  private static ServerLimits limits(ConfigurationFile file) throws IOException {
    ServerLimits usual = ServerLimits.DEFAULT;
    return new ServerLimits(
        file.number("max_clients", usual.clients(), 1, 1_000_000),
        file.number("max_anonymous_clients", usual.anonymous(), 1, 1_000_000),
        file.number("max_client_requests", usual.requests(), 1, 1_000),
        usual.parked(),
        Duration.ofSeconds(
            file.number(
                "keepalive_interval", (int) usual.keepaliveInterval().toSeconds(), 1, 86_400)),
        file.number("keepalive_count", usual.keepaliveCount(), 0, 1_000),
        usual.login());
  }

  /** An address with a port: {@code 127.0.0.1:9177}, {@code [::1]:9177}. */
  private static InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 1) {
      throw new IllegalArgumentException("'" + text + "' is not of the form ADDRESS:PORT");
    }
    String host = text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    try {
      return new InetSocketAddress(host, Integer.parseInt(text.substring(colon + 1)));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' has no port", e);
    }
  }

  private static Set<PosixFilePermission> permissions(
      ConfigurationFile file, String key, String otherwise) throws IOException {
    String octal = file.string(key, otherwise);
    int bits;
    try {
      bits = Integer.parseInt(octal, 8);
    } catch (NumberFormatException e) {
      throw new IOException(key + " is '" + octal + "', and has to be octal, as \"0770\"", e);
    }
    EnumSet<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
    // From the owner's right to read downwards, as the bits are.
    for (PosixFilePermission permission : PosixFilePermission.values()) {
      if ((bits >> (8 - permission.ordinal()) & 1) != 0) {
        set.add(permission);
      }
    }
    return set;
  }

  private static List<AuthenticationType> authentication(
      ConfigurationFile file, String key, String otherwise) throws IOException {
    String type = file.string(key, otherwise);
    return switch (type) {
      case "none" -> List.of(AuthenticationType.NONE);
      case "sasl" -> List.of(AuthenticationType.SASL);
      case "polkit" -> List.of(AuthenticationType.POLKIT);
      default -> throw new IOException(key + " is '" + type + "'; there are none, sasl, polkit");
    };
  }
}
