package org.wardian.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Before a file: hands on everything. What changes a part of it extends this. */
abstract class ForwardingStore implements FileStore {
  private final FileStore file;

  /** Before {@code file}, which is this one's from then on: it is closed with it. */
  ForwardingStore(FileStore file) {
    this.file = file;
  }

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public boolean writable() {
    return file.writable();
  }

  @Override
  public long size() throws IOException {
    return file.size();
  }

  @Override
  public int read(long offset, ByteBuffer to) throws IOException {
    return file.read(offset, to);
  }

  @Override
  public void read(long offset, Scatter to, long bytes) throws IOException {
    file.read(offset, to, bytes);
  }

  @Override
  public boolean readNow(long offset, Scatter to, long bytes) throws IOException {
    return file.readNow(offset, to, bytes);
  }

  @Override
  public void write(long offset, ByteBuffer from) throws IOException {
    file.write(offset, from);
  }

  @Override
  public void write(long offset, Scatter from, long bytes) throws IOException {
    file.write(offset, from, bytes);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    file.writeZeroes(offset, length, mayUnmap);
  }

  @Override
  public boolean punch(long offset, long length) throws IOException {
    return file.punch(offset, length);
  }

  @Override
  public void allocate(long offset, long length) throws IOException {
    file.allocate(offset, length);
  }

  @Override
  public void resize(long size) throws IOException {
    file.resize(size);
  }

  @Override
  public void flush() throws IOException {
    file.flush();
  }

  @Override
  public long nextData(long offset) throws IOException {
    return file.nextData(offset);
  }

  @Override
  public long nextHole(long offset) throws IOException {
    return file.nextHole(offset);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
