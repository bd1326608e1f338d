package org.wardian.network.nat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.zip.CRC32C;

/**
 * A server on the host's loopback that sends bytes of a seed while it receives others to their end,
 * and keeps a checksum of those.
 */
final class HostServer implements AutoCloseable {
  private final ServerSocket server;
  private final int sends;
  private final BlockingQueue<String> received = new LinkedBlockingQueue<>();

  /** Begins to serve: each connection is sent {@code sends} bytes. */
  HostServer(int sends) throws IOException {
    this.sends = sends;
    server = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
    Thread.ofPlatform().daemon().start(this::serve);
  }

  int port() {
    return server.getLocalPort();
  }

  /** Bytes of a seed. */
  static byte[] content(int length) {
    byte[] content = new byte[length];
    new SplittableRandom(length).nextBytes(content);
    return content;
  }

  static String checksum(byte[] bytes) {
    CRC32C sum = new CRC32C();
    sum.update(bytes);
    return bytes.length + ":" + HexFormat.of().toHexDigits((int) sum.getValue());
  }

  /** What the next connection received: its length and checksum. */
  BlockingQueue<String> received() {
    return received;
  }

  private void serve() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        Thread.ofPlatform().daemon().start(() -> converse(socket));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void converse(Socket socket) {
    try (socket) {
      Thread sender =
          Thread.ofPlatform()
              .daemon()
              .start(() -> {
                try {
                  OutputStream out = socket.getOutputStream();
                  out.write(content(sends));
                  out.flush();
                  socket.shutdownOutput();
                } catch (IOException e) {
                  received.add("sending failed: " + e.getMessage());
                }
              });
      InputStream in = socket.getInputStream();
      received.add(checksum(in.readAllBytes()));
      sender.join();
    } catch (IOException e) {
      received.add("receiving failed: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
