package org.wardian.display.vnc;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where a VNC server listens: {@link #parse} says how that is written. */
public sealed interface VncAddress {
  /** The port of display 0. */
  int FIRST_PORT = 5900;

  /** The highest number that counts as a display, not as a port. */
  int LAST_DISPLAY = 99;

  /**
   * A port.
   *
   * @param host name or address of this machine
   * @param port 0 to 65535; 0 for any that is free
   */
  record Tcp(String host, int port) implements VncAddress {
    @Override
    public String toString() {
      String name = host.contains(":") ? "[" + host + "]" : host;
      int display = port - FIRST_PORT;
      return display >= 0 && display <= LAST_DISPLAY ? name + ":" + display : name + "::" + port;
    }
  }

  /**
   * A UNIX socket.
   *
   * @param path of a file that is made, and that only its owner may use
   */
  record Unix(Path path) implements VncAddress {
    @Override
    public String toString() {
      return "unix:" + path;
    }
  }

  /** Host, one or two colons, number. */
  Pattern SHAPE =
      Pattern.compile(
          "(?:\\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%\\w+)?)]|([^:\\[\\]]*))(::?)([0-9]{1,5})");

  /**
   * Reads an address.
   *
   * <ul>
   *   <li>{@code :1}: display 1, which is port 5901, for clients on this machine (127.0.0.1)
   *   <li>{@code 0.0.0.0:1}, {@code [::]:1}: the same for clients from everywhere
   *   <li>{@code host:1}, {@code [::1]:1}: the same on one of this machine's addresses
   *   <li>{@code host:5901}: a number of 1024 or more is the port itself
   *   <li>{@code host::80}: after two colons any number is the port; 0 is one that is free
   *   <li>{@code unix:/run/screen}: a UNIX socket
   * </ul>
   *
   * @throws IllegalArgumentException where it is none of these; the message says what they are
   */
  static VncAddress parse(String text) {
    if (text.startsWith("unix:")) {
      String path = text.substring("unix:".length());
      if (path.isEmpty() || path.indexOf('\0') >= 0) {
        throw new IllegalArgumentException("unix: is followed by a path, as in unix:/run/screen");
      }
      return new Unix(Path.of(path));
    }
    Matcher matcher = SHAPE.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'%s' is no VNC address; one is :1 (display 1, for this machine), 0.0.0.0:1 (for all), host:5901, or unix:/path"
              .formatted(text));
    }
    String host = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
    int number = Integer.parseInt(matcher.group(4));
    boolean display = matcher.group(3).length() == 1 && number <= LAST_DISPLAY;
    if (matcher.group(3).length() == 1 && !display && number < 1024) {
      throw new IllegalArgumentException(
          "'%s': displays are 0 to %d; port %d is written %s::%d"
              .formatted(text, LAST_DISPLAY, number, host, number));
    }
    if (number > 65535) {
      throw new IllegalArgumentException("'%s': ports are 0 to 65535".formatted(text));
    }
    return new Tcp(host.isEmpty() ? "127.0.0.1" : host, display ? FIRST_PORT + number : number);
  }

  /**
   * Listens.
   *
   * @throws IOException where that cannot be; the message says why, and what to do
   */
  default ServerSocketChannel listen() throws IOException {
    return switch (this) {
      case Tcp tcp -> listen(tcp);
      case Unix unix -> listen(unix);
    };
  }

  private static ServerSocketChannel listen(Tcp tcp) throws IOException {
    InetAddress address;
    try {
      address = InetAddress.getByName(tcp.host);
    } catch (UnknownHostException e) {
      throw new IOException("VNC at %s: there is no host %s".formatted(tcp, tcp.host), e);
    }
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      channel.bind(new InetSocketAddress(address, tcp.port));
      return channel;
    } catch (SocketException e) {
      channel.close();
      String cause = String.valueOf(e.getMessage());
      String why;
      if (cause.contains("in use")) {
        why = "port %d is taken; take another display".formatted(tcp.port);
      } else if (cause.contains("ermission") && tcp.port < 1024) {
        why = "port %d needs the rights of root; take a display, as in :1".formatted(tcp.port);
      } else if (cause.contains("annot assign")) {
        why = "this machine has no address " + address.getHostAddress();
      } else {
        why = cause;
      }
      throw new IOException("VNC at %s: %s".formatted(tcp, why), e);
    }
  }

  private static ServerSocketChannel listen(Unix unix) throws IOException {
    removeStale(unix);
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.bind(UnixDomainSocketAddress.of(unix.path));
      Files.setPosixFilePermissions(unix.path, PosixFilePermissions.fromString("rw-------"));
      return channel;
    } catch (IOException e) {
      channel.close();
      Path folder = unix.path.toAbsolutePath().getParent();
      String why;
      if (e instanceof BindException && String.valueOf(e.getMessage()).contains("in use")) {
        why = "there is a file of that name";
      } else if (!Files.isDirectory(folder)) {
        why = "there is no folder " + folder;
      } else if (!Files.isWritable(folder)) {
        why = "no permission to write into " + folder;
      } else {
        why = String.valueOf(e.getMessage());
      }
      throw new IOException("VNC at %s: %s".formatted(unix, why), e);
    }
  }

  /** Removes the socket of a server that is gone; one that answers, and another file, stay. */
  private static void removeStale(Unix unix) throws IOException {
    if (!Files.exists(unix.path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    boolean socket =
        Files.getAttribute(unix.path, "unix:mode", LinkOption.NOFOLLOW_LINKS)
                instanceof Integer mode
            && (mode & 0170000) == 0140000;
    if (!socket) {
      throw new IOException("VNC at %s: there is a file of that name".formatted(unix));
    }
    SocketAddress address = UnixDomainSocketAddress.of(unix.path);
    try {
      SocketChannel.open(address).close();
    } catch (SocketException e) {
      Files.deleteIfExists(unix.path);
      return;
    }
    throw new IOException("VNC at %s: another server listens there".formatted(unix));
  }
}
