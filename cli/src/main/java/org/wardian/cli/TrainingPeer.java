package org.wardian.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * What the guest of {@link TrainVerb} talks to over the network: a server on this host's loopback
 * address that sends much to whoever's first line is {@code D}, and sends every other line back.
 */
final class TrainingPeer implements AutoCloseable {
  private static final int CHUNK = 64 << 10;
  private static final int CHUNKS = 512;

  /** So long a line that is no line of the guest's, in characters. */
  private static final int MOST = 4096;

  private final ServerSocket server;

  TrainingPeer() throws IOException {
    server = new ServerSocket(0, 4, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().name("training-peer").start(this::accept);
  }

  /** The TCP port. */
  int port() {
    return server.getLocalPort();
  }

  private void accept() {
    while (!server.isClosed()) {
      try (Socket client = server.accept()) {
        client.setTcpNoDelay(true);
        serve(client);
      } catch (IOException e) {
        // The guest went, or all is over: it learns as much as it can from the rest.
      }
    }
  }

  private static void serve(Socket client) throws IOException {
    OutputStream out = client.getOutputStream();
    BufferedReader in =
        new BufferedReader(
            new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII), MOST);
    String line = in.readLine();
    if ("D".equals(line)) {
      byte[] chunk = new byte[CHUNK];
      for (int i = 0; i < CHUNKS; i++) {
        out.write(chunk);
      }
      return;
    }
    while (line != null && line.length() <= MOST) {
      out.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
      line = in.readLine();
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
