package org.wardian.storage;

/** A file whose flushes are left out: for files that are thrown away if the host fails. */
final class UnflushedStore extends ForwardingStore {
  /** Before {@code file}. */
  UnflushedStore(FileStore file) {
    super(file);
  }

  @Override
  public void flush() {
    // That is the purpose.
  }
}
