package org.wardian.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.wardian.storage.Extent;
import org.wardian.storage.Ranges;
import org.wardian.storage.ReadOnlyImage;
import org.wardian.storage.ReadOnlyImageException;
import org.wardian.storage.Scatter;

/** The disk of a snapshot, for reading. */
final class SnapshotView implements ReadOnlyImage {
  private final Qcow2Image image;
  private final String name;
  private final long length;
  private final long[] l1;

  SnapshotView(Qcow2Image image, String name, Snapshot snapshot, long[] l1) {
    this.image = image;
    this.name = name;
    this.length = snapshot.diskSize() & ~511L;
    this.l1 = l1;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public void read(long offset, ByteBuffer to) throws IOException {
    Ranges.check(offset, to.remaining(), length);
    long stamp = image.gate.readLock();
    try {
      image.read(l1, length, offset, Scatter.of(to), to.remaining());
    } catch (CorruptMappingException e) {
      throw image.marks.corrupt(e);
    } finally {
      image.gate.unlockRead(stamp);
    }
  }

  @Override
  public Extent extent(long offset, long bytes) throws IOException {
    Ranges.check(offset, bytes, length);
    Run run = new Run();
    long stamp = image.gate.readLock();
    try {
      image.mapping.find(l1, offset, bytes, run);
    } catch (CorruptMappingException e) {
      throw image.marks.corrupt(e);
    } finally {
      image.gate.unlockRead(stamp);
    }
    return image.through(run.extentAt(offset));
  }

  @Override
  public ReadOnlyImageException refusal() {
    return new ReadOnlyImageException("snapshot " + name + " of " + image.path() + " is read-only");
  }

  @Override
  public void close() {
    // The image belongs to who opened it.
  }

  @Override
  public String toString() {
    return image + ", snapshot " + name;
  }
}
