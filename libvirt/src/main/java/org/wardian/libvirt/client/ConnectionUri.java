package org.wardian.libvirt.client;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A libvirt URI, {@code driver[+transport]://[user@][host][:port]/path[?parameters]}, taken apart.
 *
 * @param driver such as {@code qemu}; {@code remote} leaves it to the daemon
 * @param transport how the daemon is reached
 * @param user who logs in, or null
 * @param host where the daemon is, or null for this host
 * @param port of TCP; the usual one where the URI has none; of ssh 0 then, which leaves it to that
 * @param path such as {@code /system}
 * @param parameters those that the client itself uses, by name in lower case
 * @param name what the daemon is told to open
 */
public record ConnectionUri(
    String driver,
    Transport transport,
    String user,
    String host,
    int port,
    String path,
    Map<String, String> parameters,
    String name) {
  /** How a daemon is reached. */
  public enum Transport {
    /** A UNIX socket of this host. */
    UNIX,
    /** Plain TCP. */
    TCP,
    /** TLS. */
    TLS,
    /** A UNIX socket of another host, by its ssh. */
    SSH
  }

  /** Port of plain TCP. */
  public static final int TCP_PORT = 16_509;

  /** Port of TLS. */
  public static final int TLS_PORT = 16_514;

  private static final Set<String> OWN =
      Set.of(
          "name",
          "command",
          "socket",
          "auth",
          "sshauth",
          "netcat",
          "keyfile",
          "pkipath",
          "known_hosts",
          "known_hosts_verify",
          "tls_priority",
          "mode",
          "proxy",
          "no_sanity",
          "no_verify",
          "no_tty",
          "authfile");

  /**
   * Takes a URI apart.
   *
   * @throws IllegalArgumentException where it is none, or of a transport that is not supported
   */
  public static ConnectionUri parse(String text) {
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(text + " is no URI: " + e.getMessage(), e);
    }
    if (uri.getScheme() == null) {
      throw new IllegalArgumentException(text + " has no driver, such as qemu:///system has");
    }
    String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
    int plus = scheme.indexOf('+');
    String driver = plus < 0 ? scheme : scheme.substring(0, plus);
    String host = uri.getHost() == null || uri.getHost().isEmpty() ? null : uri.getHost();
    if (host != null && host.startsWith("[")) {
      host = host.substring(1, host.length() - 1);
    }
    Transport transport = transport(text, plus < 0 ? "" : scheme.substring(plus + 1), host);
    Map<String, String> all = query(uri.getRawQuery());
    Map<String, String> own = new LinkedHashMap<>();
    all.forEach((key, value) -> {
      if (OWN.contains(key.toLowerCase(Locale.ROOT))) {
        own.put(key.toLowerCase(Locale.ROOT), value);
      }
    });
    all.keySet().removeIf(key -> OWN.contains(key.toLowerCase(Locale.ROOT)));
    String path = uri.getRawPath() == null ? "" : uri.getRawPath();
    int port = uri.getPort();
    if (port < 0) {
      port =
          switch (transport) {
            case TLS -> TLS_PORT;
            case TCP -> TCP_PORT;
            case UNIX, SSH -> 0;
          };
    }
    return new ConnectionUri(
        driver,
        transport,
        uri.getUserInfo(),
        host,
        port,
        path,
        Map.copyOf(own),
        own.getOrDefault("name", name(driver, path, all)));
  }

  private static Transport transport(String text, String word, String host) {
    return switch (word) {
      case "" -> host == null ? Transport.UNIX : Transport.TLS;
      case "unix" -> {
        if (host != null) {
          throw new IllegalArgumentException(
              text + " names a host, and a UNIX socket is on this one; use +ssh, +tls or +tcp");
        }
        yield Transport.UNIX;
      }
      case "tcp" -> Transport.TCP;
      case "tls" -> Transport.TLS;
      // libvirt's three implementations of it are one here: the system's own.
      case "ssh", "libssh", "libssh2" -> Transport.SSH;
      default ->
          throw new IllegalArgumentException(
              "the transport " + word + " is not supported; unix, ssh, tls and tcp are");
    };
  }

  private static String name(String driver, String path, Map<String, String> parameters) {
    if (driver.equals("remote")) {
      return "";
    }
    String query =
        parameters.entrySet().stream()
            .map(one -> one.getKey() + "=" + one.getValue())
            .collect(Collectors.joining("&"));
    return driver + "://" + path + (query.isEmpty() ? "" : "?" + query);
  }

  private static Map<String, String> query(String raw) {
    Map<String, String> values = new LinkedHashMap<>();
    if (raw != null) {
      for (String part : raw.split("[&;]")) {
        int equals = part.indexOf('=');
        String key = equals < 0 ? part : part.substring(0, equals);
        String value = equals < 0 ? "" : part.substring(equals + 1);
        // Only what is escaped is decoded: a plus sign is a plus sign here.
        values.put(key, URLDecoder.decode(value.replace("+", "%2B"), StandardCharsets.UTF_8));
      }
    }
    return values;
  }

  /** Whether the path asks for the daemon of the user and not that of the host. */
  public boolean isSession() {
    return path.equals("/session");
  }
}
