package org.wardian.process.character;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A UNIX or TCP socket: listens for one program at a time, or is connected to one from the start.
 */
public final class SocketBackend extends CharacterBackend {
  private static final int PIECE = 4096;

  private final String address;
  private final ServerSocketChannel listening;
  private final Path file;
  private volatile SocketChannel peer;

  private SocketBackend(
      String id, String address, ServerSocketChannel listening, SocketChannel peer, Path file) {
    super(id);
    this.address = address;
    this.listening = listening;
    this.peer = peer;
    this.file = file;
  }

  /**
   * Listens on a UNIX socket that only its owner may open; a socket of that name that nobody serves
   * is replaced.
   *
   * @throws IOException where it cannot
   */
  public static SocketBackend listen(String id, Path path) throws IOException {
    Files.deleteIfExists(path);
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.bind(UnixDomainSocketAddress.of(path));
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
    } catch (IOException e) {
      channel.close();
      throw new IOException(path + ": " + e.getMessage(), e);
    }
    return new SocketBackend(id, "unix:" + path + ",server=on", channel, null, path);
  }

  /**
   * Listens on a TCP port.
   *
   * @throws IOException where it cannot
   */
  public static SocketBackend listen(String id, String host, int port) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      channel.bind(new InetSocketAddress(host, port));
    } catch (IOException e) {
      channel.close();
      throw new IOException(host + " port " + port + ": " + e.getMessage(), e);
    }
    return new SocketBackend(id, "tcp:" + host + ":" + port + ",server=on", channel, null, null);
  }

  /**
   * Connects to a UNIX socket.
   *
   * @throws IOException where nobody listens there
   */
  public static SocketBackend connect(String id, Path path) throws IOException {
    return connect(id, UnixDomainSocketAddress.of(path), "unix:" + path);
  }

  /**
   * Connects to a TCP port.
   *
   * @throws IOException where nobody listens there
   */
  public static SocketBackend connect(String id, String host, int port) throws IOException {
    return connect(id, new InetSocketAddress(host, port), "tcp:" + host + ":" + port);
  }

  private static SocketBackend connect(String id, SocketAddress to, String address)
      throws IOException {
    try {
      return new SocketBackend(id, address, null, SocketChannel.open(to), null);
    } catch (IOException e) {
      throw new IOException(address + ": " + e.getMessage(), e);
    }
  }

  @Override
  public String filename() {
    return (peer == null ? "disconnected:" : "") + address;
  }

  @Override
  void begin() {
    guest().connected(peer != null);
    Thread.ofVirtual().name(id() + "-input").start(listening == null ? this::serve : this::accept);
  }

  private void accept() {
    while (!isClosed()) {
      try {
        peer = listening.accept();
      } catch (IOException closed) {
        return;
      }
      guest().connected(true);
      serve();
      guest().connected(false);
    }
  }

  private void serve() {
    SocketChannel from = peer;
    ByteBuffer piece = ByteBuffer.allocate(PIECE);
    try (from) {
      while (from.read(piece.clear()) >= 0) {
        guest().input(piece.array(), 0, piece.position());
      }
    } catch (IOException e) {
      // It is gone.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      peer = null;
    }
  }

  @Override
  void deliver(byte[] bytes, int length) throws IOException {
    SocketChannel to = peer;
    ByteBuffer left = ByteBuffer.wrap(bytes, 0, length);
    while (to != null && left.hasRemaining()) {
      to.write(left);
    }
  }

  @Override
  public void close() {
    super.close();
    try {
      if (listening != null) {
        listening.close();
      }
      SocketChannel connected = peer;
      if (connected != null) {
        connected.close();
      }
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      // The process ends, and with it the sockets.
    }
  }
}
