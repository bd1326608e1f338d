package org.wardian.storage.nbd;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A server of others, at a UNIX socket. */
final class PeerServer implements AutoCloseable {
  private final Process process;
  private final Path socket;

  private PeerServer(Process process, Path socket) {
    this.process = process;
    this.socket = socket;
  }

  /** {@code qemu-nbd} with options and an image; it stays when clients leave. */
  static PeerServer qemu(Path socket, Object... arguments) throws IOException {
    return start(socket, List.of("qemu-nbd", "-t", "-e", "8", "-k", socket.toString()), arguments);
  }

  /** {@code nbdkit} with options, filters, plugin and parameters. */
  static PeerServer kit(Path socket, Object... arguments) throws IOException {
    return start(
        socket, List.of("nbdkit", "--exit-with-parent", "-f", "-U", socket.toString()), arguments);
  }

  private static PeerServer start(Path socket, List<String> begin, Object... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(begin);
    for (Object each : arguments) {
      command.add(each.toString());
    }
    Files.deleteIfExists(socket);
    Path log = Files.createTempFile("peer", ".log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    PeerServer server = new PeerServer(process, socket);
    while (!answers(socket)) {
      try {
        if (process.waitFor(10, TimeUnit.MILLISECONDS)) {
          throw new IOException(command + ": " + Files.readString(log));
        }
      } catch (InterruptedException e) {
        server.close();
        throw new IOException(e);
      }
    }
    return server;
  }

  /** The file is there before somebody listens. */
  private static boolean answers(Path socket) {
    try {
      SocketChannel.open(UnixDomainSocketAddress.of(socket)).close();
      return true;
    } catch (IOException notYet) {
      return false;
    }
  }

  /** An export of it. */
  NbdUri uri(String export) {
    return NbdUri.unix(socket, export);
  }

  /** Ends it, as a crash would. */
  void kill() {
    process.destroyForcibly();
    process.onExit().join();
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().join();
  }
}
