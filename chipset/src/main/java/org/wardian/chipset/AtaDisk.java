package org.wardian.chipset;

import java.util.ArrayDeque;
import java.util.Deque;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockRequest;

/** A hard disk: the general feature set with 48-bit addresses, queueing and TRIM (ATA8-ACS). */
final class AtaDisk extends AtaDrive {
  private static final int TRIM_BLOCKS = 8;
  private static final int TRIM_UNIT = 512;
  private static final long LARGEST_28 = 0x0fffffff;

  private final String serial;
  private final int queueDepth;
  private final int sectorSize;
  private final AtaSettings settings = new AtaSettings();

  /** Ranges that the running TRIM has still to discard: offset and length in bytes. */
  private final Deque<long[]> trims = new ArrayDeque<>();

  /** What log 0x10 holds: the queued command that failed last. */
  private byte[] failure = noFailure();

  /**
   * Makes a disk.
   *
   * @param serial up to 20 characters of ASCII
   * @param queueDepth commands that may be queued, 0 for none
   */
  AtaDisk(BlockDevice medium, String serial, int queueDepth) {
    super(medium);
    this.serial = serial;
    this.queueDepth = queueDepth;
    this.sectorSize = medium.blockSize();
  }

  private long sectors() {
    return medium.length() / sectorSize;
  }

  @Override
  boolean packets() {
    return false;
  }

  @Override
  void reset(TaskFile file) {
    settings.reset();
    trims.clear();
    signature(file);
    file.status = TaskFile.STATUS_READY | TaskFile.STATUS_SEEK_COMPLETE;
  }

  private static void signature(TaskFile file) {
    file.count = 1;
    file.lbaLow = 1;
    file.lbaMiddle = 0;
    file.lbaHigh = 0;
    file.device &= TaskFile.DEVICE_SELECT;
    file.error = 1; // diagnostics passed
  }

  @Override
  AtaAction command(TaskFile f) {
    return switch (f.command) {
      case 0x20, 0x21 -> media(f, false, false, false, 1);
      case 0xc4 -> settings.multiple == 0 ? abort(f) : media(f, false, false, false, block());
      case 0xc8, 0xc9 -> media(f, false, false, true, 1);
      case 0x24 -> media(f, false, true, false, 1);
      case 0x29 -> settings.multiple == 0 ? abort(f) : media(f, false, true, false, block());
      case 0x25 -> media(f, false, true, true, 1);
      case 0x30, 0x31 -> media(f, true, false, false, 1);
      case 0xc5 -> settings.multiple == 0 ? abort(f) : media(f, true, false, false, block());
      case 0xca, 0xcb -> media(f, true, false, true, 1);
      case 0x34 -> media(f, true, true, false, 1);
      case 0x39, 0xce -> settings.multiple == 0 ? abort(f) : media(f, true, true, false, block());
      case 0x35, 0x3d -> media(f, true, true, true, 1);
      case 0x60 -> queued(f, false);
      case 0x61 -> queued(f, true);
      case 0x40, 0x41 -> verify(f, false);
      case 0x42 -> verify(f, true);
      case 0x06 -> trim(f);
      case 0xe7, 0xea -> new AtaAction.Order(BlockRequest.Kind.FLUSH, 0, 0);
      case 0xec -> new AtaAction.DataIn(identity(), false);
      case 0xa1 -> {
        signature(f);
        yield abort(f);
      }
      case 0x90 -> {
        signature(f);
        f.status = TaskFile.STATUS_READY | TaskFile.STATUS_SEEK_COMPLETE;
        yield AtaAction.FINISHED;
      }
      case 0x91 -> geometry(f);
      case 0xc6 -> multiple(f);
      case 0xef -> settings.set(f.features & 0xff, f.count & 0xff) ? done(f) : abort(f);
      case 0xf8 -> {
        f.device |= TaskFile.DEVICE_LBA;
        f.lba28(Math.min(sectors() - 1, LARGEST_28));
        yield done(f);
      }
      case 0x27 -> {
        f.lba48(sectors() - 1);
        yield done(f);
      }
      case 0xe5, 0x98 -> {
        f.count = 0xff; // active
        yield done(f);
      }
      case 0xb0 -> smart(f);
      case 0x2f -> log(f);
      // Recalibrate, seek, idle and standby: nothing turns here.
      case 0x10, 0x70, 0xe0, 0xe1, 0xe2, 0xe3, 0xe6, 0x94, 0x95, 0x96, 0x97, 0x99 -> done(f);
      default -> abort(f);
    };
  }

  private int block() {
    return settings.multiple;
  }

  private byte[] identity() {
    return AtaIdentity.disk(
        sectors(),
        sectorSize,
        serial,
        settings,
        queueDepth,
        medium.discards() && !medium.readOnly(),
        TRIM_BLOCKS);
  }

  // Where a command points.

  /** First sector, or -1 for a place that does not exist. */
  private long start(TaskFile f, boolean wide) {
    if (wide) {
      return f.lba48();
    }
    if ((f.device & TaskFile.DEVICE_LBA) != 0) {
      return f.lba28();
    }
    if (f.sector() == 0 || f.sector() > settings.sectorsPerTrack || f.head() >= settings.heads) {
      return -1;
    }
    return ((long) f.cylinder() * settings.heads + f.head()) * settings.sectorsPerTrack
        + f.sector()
        - 1;
  }

  private static int count(TaskFile f, boolean wide) {
    int count = wide ? f.count : f.count & 0xff;
    return count != 0 ? count : wide ? 0x10000 : 0x100;
  }

  private boolean within(long start, long count) {
    return start >= 0 && start <= sectors() - count;
  }

  private AtaAction media(TaskFile f, boolean write, boolean wide, boolean dma, int block) {
    return media(f, write, start(f, wide), count(f, wide), dma, block);
  }

  private AtaAction media(
      TaskFile f, boolean write, long start, int count, boolean dma, int block) {
    if (!within(start, count)) {
      f.fail(TaskFile.ERROR_NOT_FOUND | TaskFile.ERROR_ABORTED);
      return AtaAction.FINISHED;
    }
    if (write && medium.readOnly()) {
      return abort(f);
    }
    return new AtaAction.Media(
        write, start * sectorSize, (long) count * sectorSize, block * sectorSize, dma);
  }

  /** READ and WRITE FPDMA QUEUED have their count where others have their feature. */
  private AtaAction queued(TaskFile f, boolean write) {
    if (queueDepth == 0) {
      return abort(f);
    }
    int count = f.features == 0 ? 0x10000 : f.features;
    return media(f, write, f.lba48(), count, true, 1);
  }

  private AtaAction verify(TaskFile f, boolean wide) {
    if (!within(start(f, wide), count(f, wide))) {
      f.fail(TaskFile.ERROR_NOT_FOUND);
      return AtaAction.FINISHED;
    }
    return done(f);
  }

  private AtaAction geometry(TaskFile f) {
    int perTrack = f.count & 0xff;
    if (perTrack == 0) {
      return abort(f);
    }
    settings.sectorsPerTrack = perTrack;
    settings.heads = f.head() + 1;
    return done(f);
  }

  private AtaAction multiple(TaskFile f) {
    int sectors = f.count & 0xff;
    if (sectors > AtaSettings.MOST_MULTIPLE || Integer.bitCount(sectors) > 1) {
      return abort(f);
    }
    settings.multiple = sectors;
    return done(f);
  }

  // TRIM, the one function of DATA SET MANAGEMENT.

  private AtaAction trim(TaskFile f) {
    int blocks = f.count;
    if ((f.features & 1) == 0
        || !medium.discards()
        || medium.readOnly()
        || blocks == 0
        || blocks > TRIM_BLOCKS) {
      return abort(f);
    }
    return new AtaAction.DataOut(blocks * TRIM_UNIT, true);
  }

  @Override
  AtaAction received(TaskFile f, byte[] data) {
    if (f.command != 0x06) {
      return abort(f);
    }
    trims.clear();
    for (int at = 0; at + 8 <= data.length; at += 8) {
      long start = 0;
      for (int i = 5; i >= 0; i--) {
        start = start << 8 | data[at + i] & 0xff;
      }
      int count = data[at + 6] & 0xff | (data[at + 7] & 0xff) << 8;
      if (count == 0) {
        continue;
      }
      if (!within(start, count)) {
        trims.clear();
        f.fail(TaskFile.ERROR_NOT_FOUND | TaskFile.ERROR_ABORTED);
        return AtaAction.FINISHED;
      }
      trims.add(new long[] {start * sectorSize, (long) count * sectorSize});
    }
    return nextTrim(f);
  }

  private AtaAction nextTrim(TaskFile f) {
    long[] range = trims.poll();
    // Zeroes rather than a mere discard: IDENTIFY promises what trimmed ranges read as.
    return range == null
        ? done(f)
        : new AtaAction.Order(BlockRequest.Kind.WRITE_ZEROES, range[0], range[1]);
  }

  // SMART and logs: a disk that has never had an error.

  private AtaAction smart(TaskFile f) {
    boolean key = (f.lbaMiddle & 0xff) == 0x4f && (f.lbaHigh & 0xff) == 0xc2;
    int function = f.features & 0xff;
    if (!key || !settings.smart && function != 0xd8) {
      return abort(f);
    }
    return switch (function) {
      case 0xd0 -> {
        byte[] data = new byte[512];
        data[0] = 0x10;
        data[362] = 2; // never collected off-line
        data[368] = 3;
        data[511] = checksum(data);
        yield new AtaAction.DataIn(data, false);
      }
      case 0xd1 -> {
        byte[] data = new byte[512];
        data[0] = 0x10;
        data[511] = checksum(data);
        yield new AtaAction.DataIn(data, false);
      }
      case 0xd5 -> {
        byte[] data = new byte[512];
        data[0] = 1;
        data[511] = checksum(data);
        yield new AtaAction.DataIn(data, false);
      }
      case 0xd8 -> {
        settings.smart = true;
        yield done(f);
      }
      case 0xd9 -> {
        settings.smart = false;
        yield done(f);
      }
      case 0xd2, 0xd3, 0xda -> done(f); // status: the key comes back, thresholds are kept
      default -> abort(f);
    };
  }

  private static byte[] noFailure() {
    byte[] page = new byte[512];
    page[0] = (byte) 0x80;
    return page;
  }

  /** A queued command has failed: what log 0x10 tells of it (ATA8-ACS, annex A.7). */
  void failed(int tag, TaskFile f) {
    byte[] page = new byte[512];
    page[0] = (byte) (tag & 0x1f);
    page[2] = (byte) f.status;
    page[3] = (byte) f.error;
    page[4] = (byte) f.lbaLow;
    page[5] = (byte) f.lbaMiddle;
    page[6] = (byte) f.lbaHigh;
    page[7] = (byte) f.device;
    page[8] = (byte) (f.lbaLow >> 8);
    page[9] = (byte) (f.lbaMiddle >> 8);
    page[10] = (byte) (f.lbaHigh >> 8);
    failure = page;
  }

  private AtaAction log(TaskFile f) {
    byte[] page = new byte[512];
    switch (f.lbaLow & 0xff) {
      case 0x00 -> {
        page[0] = 1;
        page[0x20] = 1; // log 0x10 has a page
      }
      case 0x10 -> {
        page = failure.clone();
        page[511] = checksum(page);
        failure = noFailure();
      }
      default -> {
        return abort(f);
      }
    }
    return f.count == 1 ? new AtaAction.DataIn(page, false) : abort(f);
  }

  // The medium's answer.

  @Override
  AtaAction finished(TaskFile f, AtaAction action, BlockRequest.Result result) {
    boolean write = action instanceof AtaAction.Media media && media.write();
    if (result == BlockRequest.Result.OK) {
      if (write && (forced(f) || !settings.writeCache)) {
        return new AtaAction.Order(BlockRequest.Kind.FLUSH, 0, 0);
      }
      return nextTrim(f);
    }
    trims.clear();
    f.fail(
        switch (result) {
          case OUT_OF_RANGE -> TaskFile.ERROR_NOT_FOUND;
          case IO_ERROR -> write ? TaskFile.ERROR_ABORTED : TaskFile.ERROR_UNCORRECTABLE;
          default -> TaskFile.ERROR_ABORTED;
        });
    if (write || action instanceof AtaAction.Order) {
      f.status |= TaskFile.STATUS_FAULT;
    }
    return AtaAction.FINISHED;
  }

  /** Whether a write must be on stable storage when it ends. */
  private static boolean forced(TaskFile f) {
    return f.command == 0x3d
        || f.command == 0xce
        || f.command == 0x61 && (f.device & TaskFile.DEVICE_FORCED_ACCESS) != 0;
  }

  @Override
  void save(StateWriter out) {
    settings.save(out);
    out.writeBytes(failure);
  }

  @Override
  void load(StateReader in) {
    settings.load(in);
    in.readBytes(failure);
    trims.clear();
  }
}
