package org.wardian.storage.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A stream of bytes to and from the other end, plain or encrypted. One thread reads. */
interface Wire extends AutoCloseable {
  /** Reads at least a byte; -1 at the end of the stream. */
  int read(ByteBuffer to) throws IOException;

  /** Writes all of the buffers; one thread at a time. */
  void write(ByteBuffer... from) throws IOException;

  /** Has {@link #read} come to the stream's end; what is written still goes. */
  void endInput();

  /** Gives the connection up, whoever is in a call of it. */
  @Override
  void close();
}
