package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockRequest;

/**
 * A CD-ROM and DVD-ROM drive behind ATA (ATA/ATAPI-7 §7, packet commands of MMC-5). A medium of
 * length 0 is an empty tray.
 */
final class AtapiDrive extends AtaDrive {
  /** Bytes of a sector. */
  static final int SECTOR = 2048;

  private static final int PACKET = 12;
  private static final int FEATURE_DMA = 1;

  /** Interrupt reason, in the count register. */
  private static final int REASON_COMMAND = 1;

  private static final int REASON_TO_HOST = 2;

  private static final int MOST_DATA = 0x10000;

  private final String serial;
  private AtapiSense sense = AtapiSense.RESET;
  private boolean attention = true;
  private boolean open;
  private boolean locked;

  /** Whether the next status of the tray tells of a new medium (MMC-5 §6.7). */
  private boolean newMedium = true;

  /**
   * Makes a drive.
   *
   * @param serial up to 20 characters of ASCII
   */
  AtapiDrive(BlockDevice medium, String serial) {
    super(medium);
    this.serial = serial;
    resetDrive();
  }

  private void resetDrive() {
    sense = AtapiSense.RESET;
    attention = true;
    locked = false;
  }

  @Override
  boolean packets() {
    return true;
  }

  @Override
  void reset(TaskFile file) {
    resetDrive();
    signature(file);
    file.status = 0;
  }

  private static void signature(TaskFile file) {
    file.count = 1;
    file.lbaLow = 1;
    file.lbaMiddle = 0x14;
    file.lbaHigh = 0xeb;
    file.device &= TaskFile.DEVICE_SELECT;
    file.error = 1;
  }

  /** The medium was changed. */
  void mediumChanged() {
    open = false;
    attention = true;
    newMedium = true;
    sense = AtapiSense.MEDIUM_CHANGED;
  }

  private boolean loaded() {
    return !open && medium.length() >= SECTOR;
  }

  private long sectors() {
    return Math.min(medium.length() / SECTOR, 0xffffffffL);
  }

  @Override
  AtaAction command(TaskFile f) {
    return switch (f.command) {
      case 0xa0 -> {
        f.count = REASON_COMMAND;
        yield new AtaAction.Packet();
      }
      case 0xa1 -> new AtaAction.DataIn(identity(), false);
      case 0x08 -> {
        resetDrive();
        signature(f);
        f.status = 0;
        yield AtaAction.FINISHED;
      }
      case 0x90 -> {
        signature(f);
        f.status = 0;
        yield AtaAction.FINISHED;
      }
      case 0xec, 0x20 -> {
        signature(f);
        yield abort(f);
      }
      case 0xef -> {
        int mode = f.count & 0xff;
        boolean known = (f.features & 0xff) != 3 || mode < 0x10 || mode >> 4 == 2 || mode >> 4 == 4;
        yield known ? done(f) : abort(f);
      }
      case 0xe0, 0xe1, 0xe2, 0xe3, 0xe6, 0xe7, 0xea -> done(f);
      case 0xe5 -> {
        f.count = 0xff;
        yield done(f);
      }
      default -> abort(f);
    };
  }

  private byte[] identity() {
    byte[] d = new byte[512];
    word(d, 0, 0x85c0); // ATAPI, CD-ROM, removable, DRQ within 50 us, 12-byte packets
    text(d, 10, 10, serial);
    text(d, 23, 4, "1.0");
    text(d, 27, 20, "WARDIAN DVD-ROM");
    word(d, 48, 1);
    word(d, 49, 0x0b00); // DMA, LBA, IORDY
    word(d, 53, 7);
    word(d, 63, 0x0007);
    word(d, 64, 0x0003);
    for (int word = 65; word <= 68; word++) {
      word(d, word, 120);
    }
    word(d, 80, 0x01f0);
    word(d, 82, 0x4210); // NOP, device reset, packets
    word(d, 83, 0x4000);
    word(d, 84, 0x4000);
    word(d, 85, 0x4210);
    word(d, 87, 0x4000);
    word(d, 88, 0x203f);
    return checked(d);
  }

  // Packets.

  @Override
  AtaAction packet(TaskFile f, byte[] p) {
    if (p.length < PACKET) {
      return check(f, AtapiSense.ILLEGAL_FIELD);
    }
    int operation = p[0] & 0xff;
    boolean anyTime = operation == 0x12 || operation == 0x03 || operation == 0x4a;
    if (attention && !anyTime) {
      attention = false;
      return check(f, sense);
    }
    if (operation != 0x03) {
      sense = AtapiSense.NONE;
    }
    ByteBuffer fields = ByteBuffer.wrap(p);
    int length16 = fields.getShort(7) & 0xffff;
    return switch (operation) {
      case 0x00 -> loaded() ? good(f) : check(f, AtapiSense.NO_MEDIUM);
      case 0x03 -> {
        byte[] data = sense.data();
        sense = AtapiSense.NONE;
        attention = false;
        yield data(f, data, p[4] & 0xff);
      }
      case 0x12 -> inquiry(f, p);
      case 0x1a -> modeSense(f, p, p[4] & 0xff, false);
      case 0x5a -> modeSense(f, p, length16, true);
      case 0x15 -> modeSelect(f, p[4] & 0xff);
      case 0x55 -> modeSelect(f, length16);
      case 0x1b -> startStop(f, p[4] & 3);
      case 0x1e -> {
        locked = (p[4] & 1) != 0;
        yield good(f);
      }
      case 0x25 ->
          loaded() ? data(f, AtapiReplies.capacity(sectors()), 8) : check(f, AtapiSense.NO_MEDIUM);
      case 0x28 -> read(f, word(fields, 2), length16);
      case 0xa8 -> read(f, word(fields, 2), word(fields, 6));
      case 0xbe -> readCd(f, fields);
      case 0x43 -> toc(f, p, length16);
      case 0x46 -> data(f, AtapiReplies.configuration(loaded(), sectors(), p, fields), length16);
      case 0x4a -> event(f, p, length16);
      case 0x51 ->
          loaded()
              ? data(f, AtapiReplies.discInformation(), length16)
              : check(f, AtapiSense.NO_MEDIUM);
      case 0x52 ->
          loaded()
              ? data(f, AtapiReplies.trackInformation(sectors()), length16)
              : check(f, AtapiSense.NO_MEDIUM);
      case 0xad -> dvdStructure(f, p, fields.getShort(8) & 0xffff);
      case 0xbd -> data(f, AtapiReplies.mechanism(open), fields.getShort(8) & 0xffff);
      case 0xa4 -> data(f, new byte[] {0, 0, 0, 0, 0, 0, 0, 0}, fields.getShort(8) & 0xffff);
      // Seek, speed, synchronise, streaming, verify: nothing turns here.
      case 0x2b, 0xbb, 0x35, 0x2f, 0x4e -> loaded() ? good(f) : check(f, AtapiSense.NO_MEDIUM);
      default -> check(f, AtapiSense.ILLEGAL_OPERATION);
    };
  }

  private static long word(ByteBuffer fields, int at) {
    return Integer.toUnsignedLong(fields.getInt(at));
  }

  private static AtaAction good(TaskFile f) {
    f.count = REASON_COMMAND | REASON_TO_HOST;
    return done(f);
  }

  private AtaAction check(TaskFile f, AtapiSense reason) {
    sense = reason;
    f.count = REASON_COMMAND | REASON_TO_HOST;
    f.fail(reason.key << 4 | (reason.key == 5 ? TaskFile.ERROR_ABORTED : 0));
    return AtaAction.FINISHED;
  }

  private static boolean dma(TaskFile f) {
    return (f.features & FEATURE_DMA) != 0;
  }

  private static AtaAction data(TaskFile f, byte[] data, int allocated) {
    int length = Math.min(data.length, allocated);
    if (length == 0) {
      return good(f);
    }
    f.count = REASON_TO_HOST;
    return new AtaAction.DataIn(Arrays.copyOf(data, length), dma(f));
  }

  @Override
  AtaAction taken(TaskFile f) {
    return f.command == 0xa0 ? good(f) : done(f);
  }

  private AtaAction inquiry(TaskFile f, byte[] p) {
    if ((p[1] & 1) != 0) {
      byte[] page = AtapiReplies.vitalPage(p[2] & 0xff, serial);
      return page == null
          ? check(f, AtapiSense.ILLEGAL_FIELD)
          : data(f, page, (p[3] & 0xff) << 8 | p[4] & 0xff);
    }
    return data(f, AtapiReplies.inquiry(), (p[3] & 0xff) << 8 | p[4] & 0xff);
  }

  private AtaAction modeSense(TaskFile f, byte[] p, int allocated, boolean wide) {
    if ((p[2] & 0xc0) == 0xc0) {
      return check(f, AtapiSense.SAVING_NOT_SUPPORTED);
    }
    byte[] reply = AtapiReplies.modePages(p[2] & 0x3f, (p[2] & 0xc0) == 0x40, locked, wide);
    return reply == null ? check(f, AtapiSense.ILLEGAL_FIELD) : data(f, reply, allocated);
  }

  /** Pages may be sent; none of them changes anything. */
  private AtaAction modeSelect(TaskFile f, int length) {
    if (length == 0) {
      return good(f);
    }
    f.count = 0;
    return new AtaAction.DataOut(length, dma(f));
  }

  @Override
  AtaAction received(TaskFile f, byte[] data) {
    return good(f);
  }

  private AtaAction startStop(TaskFile f, int what) {
    if ((what & 2) != 0) {
      boolean eject = (what & 1) == 0;
      if (eject && locked) {
        return check(f, AtapiSense.REMOVAL_PREVENTED);
      }
      if (open && !eject) {
        newMedium = true;
      }
      open = eject;
    }
    return good(f);
  }

  private AtaAction read(TaskFile f, long start, long count) {
    if (!loaded()) {
      return check(f, AtapiSense.NO_MEDIUM);
    }
    if (start + count > sectors()) {
      return check(f, AtapiSense.OUT_OF_RANGE);
    }
    if (count == 0) {
      return good(f);
    }
    f.count = REASON_TO_HOST;
    return new AtaAction.Media(false, start * SECTOR, count * SECTOR, SECTOR, dma(f));
  }

  /** READ CD: user data of mode 1 sectors only. */
  private AtaAction readCd(TaskFile f, ByteBuffer fields) {
    int what = fields.get(9) & 0xf8;
    long count = word(fields, 5) & 0xffffff;
    if (what == 0 || count == 0) {
      return good(f);
    }
    return what == 0x10 ? read(f, word(fields, 2), count) : check(f, AtapiSense.ILLEGAL_TRACK_MODE);
  }

  private AtaAction toc(TaskFile f, byte[] p, int allocated) {
    if (!loaded()) {
      return check(f, AtapiSense.NO_MEDIUM);
    }
    int format = p[2] & 0xf;
    if (format == 0) {
      format = p[9] >> 6 & 3;
    }
    boolean minutes = (p[1] & 2) != 0;
    byte[] reply =
        switch (format) {
          case 0 -> AtapiReplies.toc(p[6] & 0xff, minutes, sectors());
          case 1 -> AtapiReplies.sessions(minutes);
          case 2 -> AtapiReplies.fullToc(sectors());
          default -> null;
        };
    return reply == null ? check(f, AtapiSense.ILLEGAL_FIELD) : data(f, reply, allocated);
  }

  private AtaAction event(TaskFile f, byte[] p, int allocated) {
    if ((p[1] & 1) == 0) {
      return check(f, AtapiSense.ILLEGAL_FIELD); // asynchronous notification
    }
    boolean media = (p[4] & 0x10) != 0;
    byte[] reply = AtapiReplies.event(media, open, loaded(), newMedium);
    if (media) {
      newMedium = false;
    }
    return data(f, reply, allocated);
  }

  private AtaAction dvdStructure(TaskFile f, byte[] p, int allocated) {
    if (!loaded()) {
      return check(f, AtapiSense.NO_MEDIUM);
    }
    byte[] reply = AtapiReplies.dvdStructure(p[7] & 0xff, sectors());
    return reply == null ? check(f, AtapiSense.ILLEGAL_FIELD) : data(f, reply, allocated);
  }

  @Override
  AtaAction finished(TaskFile f, AtaAction action, BlockRequest.Result result) {
    return switch (result) {
      case OK -> good(f);
      case OUT_OF_RANGE -> check(f, AtapiSense.OUT_OF_RANGE);
      default -> check(f, AtapiSense.READ_ERROR);
    };
  }

  /** Bytes that the host takes at once of what a packet command returns, from its byte count. */
  static int byteCountLimit(TaskFile f) {
    int limit = f.lbaMiddle & 0xff | (f.lbaHigh & 0xff) << 8;
    // Odd limits count as the even number below; 0 and 0xffff as the most.
    return limit == 0 || limit == 0xffff ? MOST_DATA - 2 : Math.max(2, limit & ~1);
  }

  @Override
  void save(StateWriter out) {
    out.writeInt(sense.ordinal());
    out.writeBoolean(attention);
    out.writeBoolean(open);
    out.writeBoolean(locked);
    out.writeBoolean(newMedium);
  }

  @Override
  void load(StateReader in) {
    sense = AtapiSense.values()[in.readInt(0, AtapiSense.values().length - 1)];
    attention = in.readBoolean();
    open = in.readBoolean();
    locked = in.readBoolean();
    newMedium = in.readBoolean();
  }
}
