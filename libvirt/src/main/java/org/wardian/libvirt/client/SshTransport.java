package org.wardian.libvirt.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.wardian.libvirt.rpc.Peer;
import org.wardian.libvirt.rpc.Transport;

/**
 * A daemon's UNIX socket on another host, by the system's {@code ssh} as a child of this process.
 * What it asks its user for, it asks at the terminal; what it says is kept for the error.
 */
final class SshTransport implements Transport {
  private static final int MOST_WORDS = 4_096;
  private static final int SSH_ITSELF = 255;
  private static final int MOMENT_SECONDS = 5;

  private final Process process;
  private final InputStream input;
  private final OutputStream output;
  private final Thread listener;
  private final Peer peer;
  private final String byHand;
  private final byte[] said = new byte[MOST_WORDS];
  private int saidLength;
  private volatile boolean closed;
  private volatile String failure;

  private SshTransport(Process process, ConnectionUri uri, String byHand) {
    this.process = process;
    this.byHand = byHand;
    input = process.getInputStream();
    output = process.getOutputStream();
    peer = new Peer(Peer.Kind.SSH, uri.host() == null ? "localhost" : uri.host(), null, null);
    listener = Thread.ofVirtual().name("ssh-words").start(this::listen);
  }

  static SshTransport start(ConnectionUri uri, boolean readOnly) throws IOException {
    SshCommand command = new SshCommand(uri, readOnly);
    try {
      return new SshTransport(new ProcessBuilder(command.words()).start(), uri, command.byHand());
    } catch (IOException e) {
      throw new IOException(
          "ssh cannot be started: "
              + e.getMessage()
              + "; Debian's package is openssh-client, ?command=PATH names another program",
          e);
    }
  }

  private void listen() {
    byte[] piece = new byte[512];
    try (InputStream errors = process.getErrorStream()) {
      int count;
      while ((count = errors.read(piece)) >= 0) {
        keep(piece, count);
      }
    } catch (IOException e) {
      // It has ended; what it said until then is there.
    }
  }

  /** The end of what it says is what tells why it failed. */
  private synchronized void keep(byte[] piece, int count) {
    int kept = Math.min(saidLength, MOST_WORDS - count);
    System.arraycopy(said, saidLength - kept, said, 0, kept);
    System.arraycopy(piece, 0, said, kept, count);
    saidLength = kept + count;
  }

  private synchronized String words() {
    String text = new String(Arrays.copyOf(said, saidLength), StandardCharsets.UTF_8);
    return text.strip().replaceAll("\\s*\\R\\s*", " / ");
  }

  /** Why the connection ended; null while nobody knows. */
  String failure() {
    return failure;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    int count = input.read(into, offset, length);
    if (count < 0 && !closed) {
      failure = ending();
      throw new IOException(failure);
    }
    return count;
  }

  private String ending() {
    try {
      listener.join(TimeUnit.SECONDS.toMillis(MOMENT_SECONDS));
      if (!process.waitFor(MOMENT_SECONDS, TimeUnit.SECONDS)) {
        return "ssh has closed its output";
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted while ssh ended";
    }
    String words = words().isEmpty() ? "" : ": " + words();
    if (process.exitValue() == SSH_ITSELF) {
      return "ssh to " + peer.address() + " failed" + words + "; see that '" + byHand + "' gets in";
    }
    return "what ssh ran on "
        + peer.address()
        + " ended with status "
        + process.exitValue()
        + words
        + "; the daemon has to run there, and virt-ssh-helper, ward or a nc that knows -U be on the"
        + " path";
  }

  @Override
  public void write(byte[] from, int offset, int length) throws IOException {
    try {
      output.write(from, offset, length);
      output.flush();
    } catch (IOException e) {
      if (!closed) {
        failure = ending();
        throw new IOException(failure, e);
      }
      throw e;
    }
  }

  @Override
  public Peer peer() {
    return peer;
  }

  @Override
  public void close() {
    closed = true;
    process.destroy();
  }
}
