package org.wardian.machine.state;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/** Where a saved state comes from. */
public interface StateSource extends AutoCloseable {
  /** For messages. */
  String name();

  /** Bytes. */
  long size() throws IOException;

  /**
   * Fills {@code to} from {@code offset} on.
   *
   * @throws IOException also where the state ends before
   */
  void read(long offset, ByteBuffer to) throws IOException;

  /** The file that has exactly these bytes, for memory to be mapped from; or none. */
  Optional<Path> file();

  @Override
  void close() throws IOException;
}
