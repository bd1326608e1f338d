package org.wardian.daemon.network;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The process of an active network, by its control socket: a line with a word goes there, a line
 * that begins with {@code ok} or {@code error} comes back.
 */
final class GatewayConnection {
  private static final long PATIENCE_SECONDS = 60;
  private static final int MOST_LOG = 600;

  private final GatewayFiles files;
  private final ProcessHandle process;

  private GatewayConnection(GatewayFiles files, ProcessHandle process) {
    this.files = files;
    this.process = process;
  }

  /**
   * Starts a process, and waits until it serves.
   *
   * @throws IOException where it ends before, with its last words
   */
  static GatewayConnection start(GatewayLauncher launcher, GatewayFiles files) throws IOException {
    Files.deleteIfExists(files.control());
    List<String> command = new ArrayList<>(launcher.command());
    command.addAll(files.arguments());
    Files.createDirectories(files.log().getParent());
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectInput(new File("/dev/null"));
    builder.redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(files.log().toFile()));
    long said = Files.exists(files.log()) ? Files.size(files.log()) : 0;
    Process process = builder.start();
    GatewayConnection connection = new GatewayConnection(files, process.toHandle());
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    try {
      while (!connection.answers()) {
        if (!process.isAlive() || System.nanoTime() > end) {
          process.destroyForcibly();
          throw new IOException("the network's process did not start: " + tail(files.log(), said));
        }
        process.waitFor(10, TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the network's process started", e);
    }
    return connection;
  }

  private static String tail(Path log, long from) {
    try {
      byte[] all = Files.readAllBytes(log);
      int at = (int) Math.max(Math.min(from, all.length), all.length - MOST_LOG);
      return new String(all, at, all.length - at, StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      return "see " + log;
    }
  }

  /** The process that was started before, by this daemon or another; null where it has ended. */
  static GatewayConnection find(GatewayFiles files) {
    try {
      String answer = ask(files.control(), "status");
      String[] words = answer.split(" ");
      if (words.length >= 2 && words[0].equals("ok")) {
        ProcessHandle process = ProcessHandle.of(Long.parseLong(words[1])).orElse(null);
        return process == null ? null : new GatewayConnection(files, process);
      }
      return null;
    } catch (IOException | NumberFormatException e) {
      // Nobody is there: that is the answer.
      return null;
    }
  }

  GatewayFiles files() {
    return files;
  }

  long pid() {
    return process.pid();
  }

  boolean alive() {
    return process.isAlive();
  }

  /** Runs something when the process has ended. */
  void whenEnded(Runnable action) {
    process.onExit().thenRun(action).exceptionally(GatewayConnection::failed);
  }

  private static Void failed(Throwable e) {
    System.getLogger(GatewayConnection.class.getName())
        .log(System.Logger.Level.ERROR, "the end of a process was not dealt with", e);
    return null;
  }

  private boolean answers() {
    try {
      return ask(files.control(), "status").startsWith("ok");
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Has it read its definition again.
   *
   * @throws IOException where it cannot, or is gone
   */
  void reload() throws IOException {
    String answer = ask(files.control(), "reload");
    if (!answer.startsWith("ok")) {
      throw new IOException(answer);
    }
  }

  /** Ends the process; returns when it has ended. */
  void stop() {
    try {
      ask(files.control(), "stop");
    } catch (IOException e) {
      process.destroy();
    }
    try {
      process.onExit().get(10, TimeUnit.SECONDS);
    } catch (TimeoutException | java.util.concurrent.ExecutionException e) {
      process.destroyForcibly();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    files.deleteSockets();
  }

  private static String ask(Path socket, String word) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.write(StandardCharsets.UTF_8.encode(word + "\n"));
      BufferedReader reader =
          new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
      String line = reader.readLine();
      if (line == null) {
        throw new IOException("the network's process closed its control socket");
      }
      return line;
    }
  }
}
