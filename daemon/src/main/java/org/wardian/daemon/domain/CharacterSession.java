package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.wardian.host.Descriptor;
import org.wardian.host.TerminalLine;
import org.wardian.host.UnixSocket;
import org.wardian.libvirt.rpc.StreamItem;
import org.wardian.libvirt.server.ServerStream;

/** A client at a console: bytes both ways until either end closes. */
abstract class CharacterSession implements AutoCloseable {
  private volatile boolean closed;

  /**
   * Opens the host's end.
   *
   * @param type pty or unix
   * @throws org.wardian.host.HostException where it cannot be opened
   */
  static CharacterSession open(String type, Path path) {
    return type.equals("pty")
        ? new Line(TerminalLine.open(path))
        : new Socket(UnixSocket.connect(path));
  }

  abstract byte[] read() throws IOException;

  abstract void write(byte[] bytes) throws IOException;

  abstract void closeEnd();

  /** Copies until one of them ends. */
  final void serve(ServerStream stream) throws IOException {
    // A platform thread: a terminal that is waited for holds its thread.
    Thread reader =
        Thread.ofPlatform().daemon().name("console-reader").start(() -> fromGuest(stream));
    stream.whenEnded(this::close);
    try {
      while (stream.receive() instanceof StreamItem.Data data) {
        write(data.bytes());
      }
    } finally {
      close();
      try {
        reader.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void fromGuest(ServerStream stream) {
    try {
      byte[] bytes;
      while ((bytes = read()).length > 0) {
        stream.send(bytes, 0, bytes.length);
      }
      if (!closed) {
        stream.endData();
      }
    } catch (IOException e) {
      close();
    }
  }

  final boolean isClosed() {
    return closed;
  }

  @Override
  public final void close() {
    closed = true;
    closeEnd();
  }

  private static final class Line extends CharacterSession {
    private final TerminalLine line;

    Line(TerminalLine line) {
      this.line = line;
    }

    @Override
    byte[] read() throws IOException {
      return line.read();
    }

    @Override
    void write(byte[] bytes) throws IOException {
      line.write(bytes);
    }

    @Override
    void closeEnd() {
      line.close();
    }
  }

  private static final class Socket extends CharacterSession {
    private final UnixSocket socket;
    private final byte[] block = new byte[4096];

    Socket(UnixSocket socket) {
      this.socket = socket;
    }

    @Override
    byte[] read() throws IOException {
      int length = socket.read(block, 0, block.length, Socket::refuse);
      return java.util.Arrays.copyOf(block, Math.max(length, 0));
    }

    private static void refuse(List<Descriptor> files) {
      files.forEach(Descriptor::close);
    }

    @Override
    void write(byte[] bytes) throws IOException {
      socket.write(bytes, 0, bytes.length);
    }

    @Override
    void closeEnd() {
      socket.close();
    }
  }
}
