package org.wardian.network.capture;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.wardian.network.Frame;

/**
 * A file of frames in the pcap format with times in nanoseconds (draft-ietf-opsawg-pcap, magic
 * 0xA1B23C4D).
 *
 * <p>Safe for any number of threads.
 */
public final class CaptureFile implements AutoCloseable {
  private static final int MAGIC = 0xa1b2_3c4d;
  private static final int VERSION = 2 << 16 | 4;
  private static final int ETHERNET = 1;
  private static final int FILE_HEADER = 24;
  private static final int RECORD_HEADER = 16;
  private static final int BUFFER = 1 << 16;

  private final Path path;
  private final OutputStream out;
  private final long most;
  private final ByteBuffer header = ByteBuffer.allocate(RECORD_HEADER);
  private long written;
  private IOException failure;
  private boolean closed;

  /**
   * Creates the file, or empties it.
   *
   * @param most bytes that it may have; what comes later is left out
   * @throws IOException where it cannot be written
   */
  public CaptureFile(Path path, long most) throws IOException {
    this.path = path;
    this.most = most;
    out = new BufferedOutputStream(Files.newOutputStream(path), BUFFER);
    ByteBuffer file = ByteBuffer.allocate(FILE_HEADER);
    file.putInt(MAGIC).putInt(VERSION).putInt(0).putInt(0).putInt(Frame.LONGEST).putInt(ETHERNET);
    out.write(file.array());
    written = FILE_HEADER;
  }

  /** Adds a frame. A disk that is full ends the capture, not the network. */
  public synchronized void add(Frame frame) {
    if (closed || failure != null || written + RECORD_HEADER + frame.length() > most) {
      return;
    }
    Instant now = Instant.now();
    header.clear();
    header.putInt((int) now.getEpochSecond()).putInt(now.getNano());
    header.putInt(frame.length()).putInt(frame.length());
    try {
      out.write(header.array());
      out.write(frame.bytes(), frame.offset(), frame.length());
      written += RECORD_HEADER + frame.length();
    } catch (IOException e) {
      failure = new IOException("the capture " + path + " ended early: " + e.getMessage(), e);
    }
  }

  /** Writes out what is buffered. */
  synchronized void flush() {
    if (!closed && failure == null) {
      try {
        out.flush();
      } catch (IOException e) {
        failure = new IOException("the capture " + path + " ended early: " + e.getMessage(), e);
      }
    }
  }

  /** Why the capture ended early; null where it did not. */
  public synchronized IOException failure() {
    return failure;
  }

  /** Completes the file; a second call does nothing. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    flush();
    closed = true;
    try {
      out.close();
    } catch (IOException e) {
      failure = failure == null ? e : failure;
    }
  }
}
