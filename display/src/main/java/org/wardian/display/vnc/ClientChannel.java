package org.wardian.display.vnc;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;

/** A client's connection, of which it is known for how long a write has been waiting. */
final class ClientChannel implements ByteChannel {
  private static final long NOT_WRITING = Long.MIN_VALUE;

  private final ByteChannel below;
  private volatile long since = NOT_WRITING;

  ClientChannel(ByteChannel below) {
    this.below = below;
  }

  /** Whether a write has been waiting for that long, in nanoseconds. */
  boolean stuck(long now, long limit) {
    long start = since;
    return start != NOT_WRITING && now - start > limit;
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    return below.read(to);
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    since = System.nanoTime();
    try {
      return below.write(from);
    } finally {
      since = NOT_WRITING;
    }
  }

  @Override
  public boolean isOpen() {
    return below.isOpen();
  }

  @Override
  public void close() throws IOException {
    below.close();
  }
}
