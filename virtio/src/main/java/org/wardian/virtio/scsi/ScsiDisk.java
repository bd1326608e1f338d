package org.wardian.virtio.scsi;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockRequest.Kind;
import org.wardian.storage.BlockRequest.Result;

/** A disk (SBC-3 §5). */
public final class ScsiDisk extends ScsiUnit {
  private static final int MOST_RANGES = 64;

  /** The most blocks of one WRITE SAME with a pattern. */
  private static final int MOST_SAME = 1 << 16;

  /** The most bytes of one UNMAP, or WRITE SAME with zeroes. */
  private static final long MOST_UNMAPPED = 1L << 31;

  private static final int PATTERN = 1 << 16;
  private static final int FORCE_ACCESS = 0x08;
  private static final int UNMAP = 0x08;
  private static final int NO_DATA = 0x01;

  /**
   * A disk.
   *
   * @param serial up to 20 ASCII characters
   */
  public ScsiDisk(BlockDevice medium, String serial) {
    super(medium, serial);
  }

  @Override
  Sense mediumAttention() {
    return Sense.CAPACITY_CHANGED;
  }

  private long blocks() {
    return medium.length() / medium.blockSize();
  }

  @Override
  void executeOwn(ScsiTask task) {
    switch (task.operation()) {
      case 0x00, 0x1b, 0x1e, 0x01, 0x2b -> task.good();
      case 0x1a -> modeSense(task, task.field8(4), false);
      case 0x5a -> modeSense(task, task.field16(7), true);
      case 0x15, 0x55 -> task.good();
      case 0x25 -> capacity(task);
      case 0x9e -> longCapacity(task);
      case 0x08 -> read(task, task.field32(0) & 0x1fffff, six(task));
      case 0x28 -> read(task, task.field32(2), task.field16(7));
      case 0xa8 -> read(task, task.field32(2), task.field32(6));
      case 0x88 -> read(task, task.field64(2), task.field32(10));
      case 0x0a -> write(task, task.field32(0) & 0x1fffff, six(task), false);
      case 0x2a -> write(task, task.field32(2), task.field16(7), forced(task));
      case 0xaa -> write(task, task.field32(2), task.field32(6), forced(task));
      case 0x8a -> write(task, task.field64(2), task.field32(10), forced(task));
      case 0x2e -> write(task, task.field32(2), task.field16(7), true);
      case 0x8e -> write(task, task.field64(2), task.field32(10), true);
      case 0x2f -> verify(task, task.field32(2), task.field16(7));
      case 0x8f -> verify(task, task.field64(2), task.field32(10));
      case 0x35, 0x91 -> order(task, Kind.FLUSH, 0, 0, false);
      case 0x41 -> writeSame(task, task.field32(2), task.field16(7));
      case 0x93 -> writeSame(task, task.field64(2), task.field32(10));
      case 0x42 -> unmap(task);
      default -> task.check(Sense.ILLEGAL_OPERATION);
    }
  }

  /** In commands of six bytes no blocks are 256. */
  private static int six(ScsiTask task) {
    int count = task.field8(4);
    return count == 0 ? 256 : count;
  }

  private static boolean forced(ScsiTask task) {
    return (task.field8(1) & FORCE_ACCESS) != 0;
  }

  private boolean absent(ScsiTask task, long block, long count) {
    if (block < 0 || block > blocks() || count > blocks() - block) {
      task.check(Sense.OUT_OF_RANGE);
      return true;
    }
    return false;
  }

  private boolean refused(ScsiTask task) {
    if (medium.readOnly()) {
      task.check(Sense.WRITE_PROTECTED);
      return true;
    }
    return false;
  }

  // Reading and writing.

  private void read(ScsiTask task, long block, long count) {
    if (absent(task, block, count)) {
      return;
    }
    long length = count * medium.blockSize();
    if (length > task.room()) {
      task.overrun();
    } else if (length == 0) {
      task.good();
    } else {
      task.submit(
          Kind.READ,
          block * medium.blockSize(),
          length,
          task.roomBuffers((int) length),
          false,
          result -> {
            if (result == Result.OK) {
              task.transferred((int) length);
            } else {
              task.check(sense(Kind.READ, result));
            }
          });
    }
  }

  private void write(ScsiTask task, long block, long count, boolean stable) {
    if (refused(task) || absent(task, block, count)) {
      return;
    }
    long length = count * medium.blockSize();
    if (length > task.sent()) {
      task.overrun();
    } else if (length == 0) {
      task.good();
    } else {
      submitWrite(task, block, length, task.sentBuffers((int) length), stable);
    }
  }

  private void submitWrite(
      ScsiTask task, long block, long length, List<ByteBuffer> buffers, boolean stable) {
    task.submit(
        Kind.WRITE,
        block * medium.blockSize(),
        length,
        buffers,
        false,
        result -> {
          if (result == Result.OK && stable) {
            order(task, Kind.FLUSH, 0, 0, false);
          } else {
            end(task, Kind.WRITE, result);
          }
        });
  }

  private static void end(ScsiTask task, Kind kind, Result result) {
    if (result == Result.OK) {
      task.good();
    } else {
      task.check(sense(kind, result));
    }
  }

  private static void order(ScsiTask task, Kind kind, long offset, long length, boolean mayUnmap) {
    task.submit(kind, offset, length, List.of(), mayUnmap, result -> end(task, kind, result));
  }

  /** Nothing is compared: what is there can be read, or the next read tells. */
  private void verify(ScsiTask task, long block, long count) {
    if ((task.field8(1) & 0x06) != 0) {
      task.check(Sense.ILLEGAL_FIELD);
    } else if (!absent(task, block, count)) {
      task.good();
    }
  }

  private void writeSame(ScsiTask task, long block, long count) {
    if (refused(task) || absent(task, block, count)) {
      return;
    }
    int size = medium.blockSize();
    boolean noData = task.operation() == 0x93 && (task.field8(1) & NO_DATA) != 0;
    byte[] pattern = new byte[size];
    if (!noData && task.read(0, pattern, size) < size) {
      task.overrun();
      return;
    }
    // No number of blocks means up to the end.
    long all = count == 0 ? blocks() - block : count;
    boolean zero = true;
    for (byte b : pattern) {
      zero &= b == 0;
    }
    if (zero) {
      if (all * size > MOST_UNMAPPED) {
        task.check(Sense.ILLEGAL_FIELD);
      } else {
        boolean mayUnmap = (task.field8(1) & UNMAP) != 0;
        order(task, Kind.WRITE_ZEROES, block * size, all * size, mayUnmap);
      }
    } else if (all > MOST_SAME) {
      task.check(Sense.ILLEGAL_FIELD);
    } else {
      submitWrite(task, block, all * size, repeated(pattern, all), false);
    }
  }

  private static List<ByteBuffer> repeated(byte[] pattern, long count) {
    int perPiece = (int) Math.min(count, PATTERN / pattern.length);
    ByteBuffer piece = ByteBuffer.allocateDirect(perPiece * pattern.length);
    for (int i = 0; i < perPiece; i++) {
      piece.put(pattern);
    }
    piece.flip();
    List<ByteBuffer> buffers = new ArrayList<>();
    for (long left = count; left > 0; left -= perPiece) {
      ByteBuffer view = piece.duplicate();
      view.limit((int) Math.min(left, perPiece) * pattern.length);
      buffers.add(view);
    }
    return Collections.unmodifiableList(buffers);
  }

  private void unmap(ScsiTask task) {
    int listed = task.field16(7);
    if (listed == 0) {
      task.good();
      return;
    }
    if (refused(task)) {
      return;
    }
    byte[] list = new byte[Math.min(listed, 8 + 16 * MOST_RANGES)];
    if (listed > list.length || task.read(0, list, listed) < listed || listed < 8) {
      task.check(Sense.ILLEGAL_PARAMETER);
      return;
    }
    ByteBuffer fields = ByteBuffer.wrap(list);
    int count = Math.min(fields.getShort(2) & 0xffff, listed - 8) / 16;
    long total = 0;
    for (int i = 0; i < count; i++) {
      long blocks = Integer.toUnsignedLong(fields.getInt(16 + 16 * i));
      total += blocks * medium.blockSize();
      if (absent(task, fields.getLong(8 + 16 * i), blocks)) {
        return;
      }
    }
    if (total > MOST_UNMAPPED) {
      task.check(Sense.ILLEGAL_PARAMETER);
    } else {
      discard(task, fields, count);
    }
  }

  private void discard(ScsiTask task, ByteBuffer fields, int count) {
    AtomicInteger left = new AtomicInteger(1);
    AtomicReference<Result> worst = new AtomicReference<>(Result.OK);
    ScsiTask.Ending ending =
        result -> {
          if (result != Result.OK && result != Result.UNSUPPORTED) {
            worst.set(result);
          }
          if (left.decrementAndGet() == 0) {
            end(task, Kind.DISCARD, worst.get());
          }
        };
    for (int i = 0; i < count; i++) {
      long blocks = Integer.toUnsignedLong(fields.getInt(16 + 16 * i));
      if (blocks != 0) {
        left.incrementAndGet();
        long offset = fields.getLong(8 + 16 * i) * medium.blockSize();
        task.submit(Kind.DISCARD, offset, blocks * medium.blockSize(), List.of(), false, ending);
      }
    }
    ending.ended(Result.OK);
  }

  // What it is.

  private void capacity(ScsiTask task) {
    long last = Math.min(Math.max(0, blocks() - 1), 0xffff_ffffL);
    task.reply(ByteBuffer.allocate(8).putInt((int) last).putInt(medium.blockSize()).array(), 8);
  }

  private void longCapacity(ScsiTask task) {
    if ((task.field8(1) & 0x1f) != 0x10) {
      task.check(Sense.ILLEGAL_FIELD);
      return;
    }
    ByteBuffer reply =
        ByteBuffer.allocate(32).putLong(Math.max(0, blocks() - 1)).putInt(medium.blockSize());
    if (medium.discards() && !medium.readOnly()) {
      reply.put(14, (byte) 0x80); // blocks can be unmapped
    }
    task.reply(reply.array(), (int) Math.min(32, task.field32(10)));
  }

  private void modeSense(ScsiTask task, int allocated, boolean wide) {
    int page = task.field8(2) & 0x3f;
    int control = task.field8(2) >> 6;
    if (control == 3) {
      task.check(Sense.SAVING_NOT_SUPPORTED);
      return;
    }
    ByteBuffer reply = ByteBuffer.allocate(64);
    reply.position(wide ? 8 : 4);
    if (page == 0x08 || page == 0x3f) {
      // Caching: the write cache is on.
      int flags = control == 1 ? 0 : 4;
      reply.put((byte) 0x08).put((byte) 18).put((byte) flags);
      reply.position(reply.position() + 17);
    }
    if (page == 0x0a || page == 0x3f) {
      reply.put((byte) 0x0a).put((byte) 10);
      reply.position(reply.position() + 10);
    }
    int length = reply.position();
    if (length == (wide ? 8 : 4) && page != 0) {
      task.check(Sense.ILLEGAL_FIELD);
      return;
    }
    // Write protection; FUA is understood.
    byte parameter = (byte) ((medium.readOnly() ? 0x80 : 0) | 0x10);
    if (wide) {
      reply.putShort(0, (short) (length - 2)).put(3, parameter);
    } else {
      reply.put(0, (byte) (length - 1)).put(2, parameter);
    }
    task.reply(Arrays.copyOf(reply.array(), length), allocated);
  }

  @Override
  byte[] standardInquiry() {
    return ByteBuffer.allocate(36)
        // A disk of SPC-3 that queues commands.
        .put(new byte[] {0, 0, 5, 2, 31, 0, 0, 2})
        .put(ascii("WARDIAN", 8))
        .put(ascii("DISK", 16))
        .put(ascii("1.0", 4))
        .array();
  }

  @Override
  byte[] vitalPage(int page) {
    return switch (page) {
      case 0x00 ->
          page(
              0,
              page,
              new byte[] {0, (byte) 0x80, (byte) 0x83, (byte) 0xb0, (byte) 0xb1, (byte) 0xb2});
      case 0x80 -> page(0, page, ascii(serial, 20));
      case 0x83 -> {
        byte[] name = ascii("WARDIAN " + serial, 28);
        yield page(
            0,
            page,
            ByteBuffer.allocate(4 + name.length)
                // ASCII, by vendor ID.
                .put(new byte[] {2, 1, 0, (byte) name.length})
                .put(name)
                .array());
      }
      case 0xb0 -> limits();
      case 0xb1 -> {
        byte[] content = new byte[60];
        content[1] = 1; // does not rotate
        yield page(0, page, content);
      }
      case 0xb2 -> {
        boolean discards = medium.discards() && !medium.readOnly();
        byte flags = (byte) (discards ? 0xe0 : 0x60);
        yield page(0, page, new byte[] {0, flags, (byte) (discards ? 2 : 0), 0});
      }
      default -> null;
    };
  }

  /** Block limits (SBC-3 §6.5.3). */
  private byte[] limits() {
    ByteBuffer content = ByteBuffer.allocate(60);
    boolean discards = medium.discards() && !medium.readOnly();
    int unmapped = (int) (MOST_UNMAPPED / medium.blockSize());
    content.put(0, (byte) 1); // a WRITE SAME names its number of blocks
    content.putInt(16, discards ? unmapped : 0);
    content.putInt(20, discards ? MOST_RANGES : 0);
    content.putInt(24, 1);
    content.putLong(32, MOST_SAME);
    return page(0, 0xb0, content.array());
  }
}
