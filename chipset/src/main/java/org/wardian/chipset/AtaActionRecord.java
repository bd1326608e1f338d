package org.wardian.chipset;

import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.storage.BlockRequest;

/** The saved form of what a drive wants of its host. Data lies in the host's own record. */
final class AtaActionRecord {
  private static final int FINISHED = 0;
  private static final int DATA_IN = 1;
  private static final int DATA_OUT = 2;
  private static final int PACKET = 3;
  private static final int MEDIA = 4;
  private static final int ORDER = 5;

  private AtaActionRecord() {}

  static void save(AtaAction action, StateWriter out) {
    switch (action) {
      case AtaAction.Finished _ -> write(out, FINISHED, 0, 0, 0, false);
      case AtaAction.DataIn in -> write(out, DATA_IN, 0, 0, 0, in.dma());
      case AtaAction.DataOut from -> write(out, DATA_OUT, 0, from.length(), 0, from.dma());
      case AtaAction.Packet _ -> write(out, PACKET, 0, 0, 0, false);
      case AtaAction.Media m -> {
        int block = m.write() ? -m.block() : m.block();
        write(out, MEDIA, m.offset(), m.length(), block, m.dma());
      }
      case AtaAction.Order order ->
          write(out, ORDER, order.offset(), order.length(), order.kind().ordinal(), false);
    }
  }

  private static void write(
      StateWriter out, int kind, long offset, long length, int detail, boolean dma) {
    out.writeByte(kind);
    out.writeLong(offset);
    out.writeLong(length);
    out.writeInt(detail);
    out.writeBoolean(dma);
  }

  static AtaAction load(StateReader in) {
    int kind = in.readByte();
    long offset = in.readLong();
    long length = in.readLong();
    int detail = in.readInt();
    boolean dma = in.readBoolean();
    return switch (kind) {
      case DATA_IN -> new AtaAction.DataIn(new byte[0], dma);
      case DATA_OUT -> new AtaAction.DataOut(Math.clamp(length, 0, 0xffff), dma);
      case PACKET -> new AtaAction.Packet();
      case MEDIA ->
          new AtaAction.Media(
              detail < 0, offset, length, Math.clamp(Math.abs((long) detail), 1, 0x10000), dma);
      case ORDER -> {
        BlockRequest.Kind[] kinds = BlockRequest.Kind.values();
        yield new AtaAction.Order(kinds[Math.clamp(detail, 0, kinds.length - 1)], offset, length);
      }
      default -> AtaAction.FINISHED;
    };
  }

  /** Whether a loaded action lies within a drive's medium. */
  static boolean fits(AtaAction action, AtaDrive drive) {
    return switch (action) {
      case AtaAction.Media media -> within(media.offset(), media.length(), drive);
      case AtaAction.Order order -> within(order.offset(), order.length(), drive);
      default -> true;
    };
  }

  private static boolean within(long offset, long length, AtaDrive drive) {
    return offset >= 0
        && length >= 0
        && length <= drive.medium.length()
        && offset <= drive.medium.length() - length;
  }
}
