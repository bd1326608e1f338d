package org.wardian.storage.nbd;

import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Where an export is ("NBD URI specification"): {@code nbd://HOST[:PORT]/EXPORT} or {@code
 * nbd+unix:///EXPORT?socket=PATH}.
 *
 * <p>{@code reconnect-delay=SECONDS} in the query is ours: how long requests wait for a server that
 * was lost to come back before they fail; without, there is one attempt at once.
 *
 * @param host name or address; empty where there is a socket
 * @param port of TCP
 * @param socket file of a UNIX socket
 * @param export perhaps empty
 * @param reconnectDelay how long a lost server is waited for
 */
public record NbdUri(
    String host, int port, Optional<Path> socket, String export, Duration reconnectDelay) {
  private static final String TCP = "nbd";
  private static final String UNIX = "nbd+unix";
  private static final long LONGEST_DELAY = 86_400;

  /** Whether a text begins as one of these URIs does. */
  public static boolean matches(String text) {
    return text.startsWith(TCP + "://")
        || text.startsWith(UNIX + "://")
        || text.startsWith("nbds://")
        || text.startsWith("nbds+unix://");
  }

  /** An export at a TCP port; 0 for the protocol's. */
  public static NbdUri tcp(String host, int port, String export) {
    int used = port == 0 ? Protocol.PORT : port;
    return new NbdUri(host, used, Optional.empty(), export, Duration.ZERO);
  }

  /** An export at a UNIX socket. */
  public static NbdUri unix(Path socket, String export) {
    return new NbdUri("", 0, Optional.of(socket), export, Duration.ZERO);
  }

  /** The same with a time to wait for a lost server. */
  public NbdUri withReconnectDelay(Duration value) {
    return new NbdUri(host, port, socket, export, value);
  }

  /**
   * Reads a URI.
   *
   * @throws IllegalArgumentException where it is none of ours, with what one looks like
   */
  public static NbdUri parse(String text) {
    try {
      URI uri = new URI(text);
      String scheme = String.valueOf(uri.getScheme());
      boolean unix = scheme.equals(UNIX);
      if (!unix && !scheme.equals(TCP)) {
        throw bad(text, "TLS and other schemes are not spoken here");
      }
      String path = uri.getRawPath() == null ? "" : uri.getRawPath();
      String export = decode(text, path.startsWith("/") ? path.substring(1) : path);
      Optional<Path> socket = query(text, uri, "socket").map(Path::of);
      Duration delay =
          query(text, uri, "reconnect-delay")
              .map(value -> seconds(text, value))
              .orElse(Duration.ZERO);
      if (uri.getRawUserInfo() != null || uri.getRawFragment() != null) {
        throw bad(text, "there is no user and no fragment");
      }
      if (unix) {
        if (socket.isEmpty() || uri.getRawAuthority() != null) {
          throw bad(text, "a UNIX socket is named by ?socket=PATH, and no host");
        }
        return unix(socket.get(), export).withReconnectDelay(delay);
      }
      if (socket.isPresent() || uri.getRawAuthority() != null && uri.getHost() == null) {
        throw bad(text, "a host is needed, and no socket");
      }
      String host = uri.getHost() == null ? "localhost" : uri.getHost();
      String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
      if (uri.getPort() > 65535) {
        throw bad(text, "there is no such port");
      }
      return tcp(bare, Math.max(0, uri.getPort()), export).withReconnectDelay(delay);
    } catch (URISyntaxException | InvalidPathException e) {
      throw bad(text, e.getMessage());
    }
  }

  private static IllegalArgumentException bad(String text, String why) {
    return new IllegalArgumentException(
        text
            + " is no place of a disk: "
            + why
            + "; write nbd://HOST[:PORT]/EXPORT or nbd+unix:///EXPORT?socket=PATH");
  }

  private static Duration seconds(String text, String value) {
    try {
      long seconds = Long.parseLong(value);
      if (seconds >= 0 && seconds <= LONGEST_DELAY) {
        return Duration.ofSeconds(seconds);
      }
    } catch (NumberFormatException e) {
      throw bad(text, "reconnect-delay is a number of seconds");
    }
    throw bad(text, "reconnect-delay is a number of seconds up to " + LONGEST_DELAY);
  }

  private static Optional<String> query(String text, URI uri, String key) {
    String query = uri.getRawQuery() == null ? "" : uri.getRawQuery();
    for (String each : query.split("[&;]", -1)) {
      if (each.startsWith(key + "=")) {
        return Optional.of(decode(text, each.substring(key.length() + 1)));
      }
    }
    return Optional.empty();
  }

  /** Percent signs only: a plus is a plus. */
  private static String decode(String whole, String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] coded = text.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < coded.length; i++) {
      if (coded[i] == '%') {
        // The URI's syntax was checked: two hexadecimal digits follow.
        bytes.write(Character.digit(coded[i + 1], 16) << 4 | Character.digit(coded[i + 2], 16));
        i += 2;
      } else {
        bytes.write(coded[i]);
      }
    }
    try {
      ByteBuffer found = ByteBuffer.wrap(bytes.toByteArray());
      String decoded = StandardCharsets.UTF_8.newDecoder().decode(found).toString();
      if (found.limit() > Protocol.LONGEST_TEXT || decoded.indexOf('\0') >= 0) {
        throw bad(whole, "a name has a NUL or more than 4096 bytes");
      }
      return decoded;
    } catch (CharacterCodingException e) {
      throw bad(whole, "a name that is not UTF-8");
    }
  }

  private static String encode(String text, String kept) {
    StringBuilder coded = new StringBuilder();
    for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
      char letter = (char) (each & 0xff);
      boolean plain =
          letter < 128 && (Character.isLetterOrDigit(letter) || kept.indexOf(letter) >= 0);
      if (plain) {
        coded.append(letter);
      } else {
        coded.append('%').append(Character.forDigit(letter >> 4, 16));
        coded.append(Character.forDigit(letter & 15, 16));
      }
    }
    return coded.toString();
  }

  /** The address to connect to; a name is looked up now. */
  SocketAddress address() {
    return socket
        .<SocketAddress>map(UnixDomainSocketAddress::of)
        .orElseGet(() -> new InetSocketAddress(host, port));
  }

  /** The URI. */
  @Override
  public String toString() {
    String path = "/" + encode(export, "-._~/:");
    String delay = reconnectDelay.isZero() ? "" : "reconnect-delay=" + reconnectDelay.toSeconds();
    if (socket.isPresent()) {
      String place = encode(socket.get().toString(), "-._~/:");
      return UNIX + "://" + path + "?socket=" + place + (delay.isEmpty() ? "" : "&" + delay);
    }
    String shown = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    String at = port == Protocol.PORT ? shown : shown + ":" + port;
    return TCP + "://" + at + path + (delay.isEmpty() ? "" : "?" + delay);
  }
}
