package org.wardian.daemon.network.gateway;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where the daemon tells a network's process what to do: one word and a newline for a connection,
 * {@code status}, {@code reload} or {@code stop}, answered by one line. The folder of the socket is
 * its owner's only, so nobody else gets here.
 */
final class ControlSocket {
  private static final int LONGEST = 16;

  /** What a word does. */
  interface Action {
    void run() throws IOException;
  }

  private final Path path;

  ControlSocket(Path folder, String name) {
    path = folder.resolve("control-" + name + ".sock");
  }

  /** Answers until it is told to stop. */
  void serve(Action reload) throws IOException {
    Files.deleteIfExists(path);
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(path));
      boolean going = true;
      while (going) {
        try (SocketChannel client = server.accept()) {
          String word = word(client);
          String answer = "error there is no word " + word;
          if (word.equals("status")) {
            answer = "ok " + ProcessHandle.current().pid();
          } else if (word.equals("stop")) {
            going = false;
            answer = "ok";
          } else if (word.equals("reload")) {
            answer = reload(reload);
          }
          client.write(StandardCharsets.UTF_8.encode(answer + "\n"));
        } catch (IOException e) {
          // That client is gone; the next one may come.
          System.err.println("control socket: " + e.getMessage());
        }
      }
    } finally {
      Files.deleteIfExists(path);
    }
  }

  private static String reload(Action action) {
    try {
      action.run();
      return "ok";
    } catch (IOException | RuntimeException e) {
      return "error " + String.valueOf(e.getMessage()).replace('\n', ' ');
    }
  }

  private static String word(SocketChannel client) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(LONGEST);
    while (buffer.hasRemaining() && client.read(buffer) > 0) {
      if (buffer.get(buffer.position() - 1) == '\n') {
        break;
      }
    }
    return StandardCharsets.UTF_8.decode(buffer.flip()).toString().strip();
  }
}
