package org.wardian.storage;

import java.io.IOException;
import java.nio.ByteBuffer;

/** An image that is never written, however it is opened. */
public interface ReadOnlyImage extends BlockImage {
  /** Why it is not written, and what to do. */
  ReadOnlyImageException refusal();

  @Override
  default boolean writable() {
    return false;
  }

  @Override
  default void write(long offset, ByteBuffer from) throws IOException {
    throw refusal();
  }

  @Override
  default void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    throw refusal();
  }

  @Override
  default void discard(long offset, long length) throws IOException {
    throw refusal();
  }

  @Override
  default void flush() {
    // Nothing was written.
  }
}
