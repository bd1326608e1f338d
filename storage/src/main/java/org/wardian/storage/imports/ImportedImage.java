package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.wardian.storage.Extent;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.ReadOnlyImage;
import org.wardian.storage.ReadOnlyImageException;

/** A disk image of another virtual machine: read only, perhaps with parents of the same format. */
public abstract class ImportedImage implements ReadOnlyImage {
  /** No disk is larger: 8 PiB. Sums of offsets below it cannot overflow. */
  static final long MOST_BYTES = 1L << 53;

  /** Steps of one {@link #extent}: what it does not look at, the next call does. */
  private static final int EXTENT_STEPS = 4096;

  private final ImageFormat format;
  private final String subformat;
  private final long length;
  private final List<ByteSource> sources = new ArrayList<>();
  private final Map<String, String> details = new LinkedHashMap<>();
  private ImportedImage parent;
  private volatile boolean closed;

  /**
   * @param length bytes of the disk, 0 to {@link #MOST_BYTES}, a multiple of 512
   */
  ImportedImage(ImageFormat format, String subformat, long length) {
    if (length < 0 || length > MOST_BYTES || length % 512 != 0) {
      throw new IllegalArgumentException("a disk of " + length + " bytes");
    }
    this.format = format;
    this.subformat = subformat;
    this.length = length;
  }

  /** Where the bytes from {@code offset} on are; the answer has at most {@code length} bytes. */
  abstract Piece locate(long offset, long length) throws IOException;

  /** Closed with this image. */
  final void owns(ByteSource source) {
    sources.add(source);
  }

  /** Whose bytes stand where this image has none; closed with this image. */
  final void standsOn(ImportedImage theParent) {
    parent = theParent;
  }

  /** Something that {@code ward disk info} shows. */
  final void detail(String name, Object value) {
    details.put(name, String.valueOf(value));
  }

  /** Its format. */
  public final ImageFormat format() {
    return format;
  }

  /** Which kind of its format, in that format's own word, such as {@code streamOptimized}. */
  public final String subformat() {
    return subformat;
  }

  /** The image that this one is a difference to. */
  public final Optional<ImportedImage> parent() {
    return Optional.ofNullable(parent);
  }

  /** The files that it is made of, less the parent's, the one that was opened first. */
  public final List<String> files() {
    return sources.stream().map(ByteSource::name).distinct().toList();
  }

  /** Bytes of its files, holes counted. */
  public final long fileBytes() {
    return sources.stream().mapToLong(ByteSource::size).sum();
  }

  /** What else the header says, in the order to show it: identifiers, block sizes, creators. */
  public final Map<String, String> details() {
    return Collections.unmodifiableMap(details);
  }

  @Override
  public final long length() {
    return length;
  }

  @Override
  public final void read(long offset, ByteBuffer to) throws IOException {
    Objects.checkFromIndexSize(offset, to.remaining(), length);
    requireOpen();
    long at = offset;
    while (to.hasRemaining()) {
      Piece piece = locate(at, to.remaining());
      int count = (int) piece.length();
      switch (piece) {
        case Piece.Stored stored -> {
          ByteBuffer part = to.slice(to.position(), count);
          stored.source().read(stored.position(), part);
          to.position(to.position() + count);
        }
        case Piece.Packed packed -> {
          byte[] grain = packed.unpacker().unpack(packed.grain());
          to.put(grain, packed.skip(), count);
        }
        case Piece.Zero zero -> zeroes(to, count);
        case Piece.Absent absent -> inherited(at, to, count);
      }
      at += count;
    }
  }

  private void inherited(long offset, ByteBuffer to, int count) throws IOException {
    int fromParent =
        parent == null ? 0 : (int) Math.min(count, Math.max(0, parent.length() - offset));
    if (fromParent > 0) {
      ByteBuffer part = to.slice(to.position(), fromParent);
      parent.read(offset, part);
      to.position(to.position() + fromParent);
    }
    zeroes(to, count - fromParent);
  }

  private static void zeroes(ByteBuffer to, int count) {
    int left = count;
    while (left >= 8) {
      to.putLong(0);
      left -= 8;
    }
    while (left > 0) {
      to.put((byte) 0);
      left--;
    }
  }

  @Override
  public final Extent extent(long offset, long wanted) throws IOException {
    Objects.checkFromIndexSize(offset, wanted, length);
    requireOpen();
    if (wanted == 0) {
      throw new IndexOutOfBoundsException("an extent of no bytes at " + offset);
    }
    Extent run = step(offset, wanted);
    for (int i = 0; i < EXTENT_STEPS && run.length() < wanted; i++) {
      Extent next = step(offset + run.length(), wanted - run.length());
      boolean follows =
          run.hostOffset() < 0
              ? next.hostOffset() < 0
              : next.hostOffset() == run.hostOffset() + run.length();
      if (next.kind() != run.kind() || next.depth() != run.depth() || !follows) {
        break;
      }
      run =
          new Extent(
              offset, run.length() + next.length(), run.kind(), run.depth(), run.hostOffset());
    }
    return run;
  }

  private Extent step(long offset, long wanted) throws IOException {
    Piece piece = locate(offset, wanted);
    long count = piece.length();
    return switch (piece) {
      case Piece.Stored stored -> {
        long run = stored.source().run(stored.position(), count);
        long alike = Math.abs(run);
        yield new Extent(
            offset,
            alike,
            run > 0 ? Extent.Kind.DATA : Extent.Kind.ZERO,
            0,
            stored.source().hostOffset(stored.position(), alike));
      }
      case Piece.Packed packed -> new Extent(offset, count, Extent.Kind.DATA, 0, -1);
      case Piece.Zero zero -> new Extent(offset, count, Extent.Kind.ZERO, 0, -1);
      case Piece.Absent absent -> {
        if (parent == null || offset >= parent.length()) {
          yield new Extent(offset, count, Extent.Kind.ABSENT, 0, -1);
        }
        Extent below = parent.extent(offset, Math.min(count, parent.length() - offset));
        yield new Extent(
            offset, below.length(), below.kind(), below.depth() + 1, below.hostOffset());
      }
    };
  }

  private void requireOpen() throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
  }

  @Override
  public final ReadOnlyImageException refusal() {
    return new ReadOnlyImageException(
        sources.getFirst().name()
            + ": a "
            + format.text()
            + " image is only read; convert it to qcow2 ('ward disk convert') to write to it");
  }

  @Override
  public final void close() throws IOException {
    closed = true;
    IOException failure = null;
    List<AutoCloseable> owned = new ArrayList<>(sources);
    if (parent != null) {
      owned.add(parent);
    }
    for (AutoCloseable each : owned) {
      try {
        each.close();
      } catch (IOException e) {
        failure = e;
      } catch (Exception e) {
        failure = new IOException(e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
