package org.wardian.virtio.scsi;

import java.nio.ByteBuffer;
import java.util.List;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.chipset.AtapiReplies;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockRequest.Kind;
import org.wardian.storage.BlockRequest.Result;

/** A CD-ROM and DVD-ROM drive (MMC-5 §6). A medium of length 0 is an empty tray. */
public final class ScsiCdRom extends ScsiUnit {
  private static final int SECTOR = 2048;

  private volatile boolean open;
  private volatile boolean locked;

  /** Whether the next status of the tray tells of a new medium. */
  private volatile boolean newMedium = true;

  /**
   * A drive.
   *
   * @param serial up to 20 ASCII characters
   */
  public ScsiCdRom(BlockDevice medium, String serial) {
    super(medium, serial);
  }

  @Override
  Sense mediumAttention() {
    open = false;
    newMedium = true;
    return Sense.MEDIUM_CHANGED;
  }

  private boolean loaded() {
    return !open && medium.length() >= SECTOR;
  }

  private long sectors() {
    return Math.min(medium.length() / SECTOR, 0xffff_ffffL);
  }

  @Override
  void executeOwn(ScsiTask task) {
    int length = task.field16(7);
    switch (task.operation()) {
      case 0x1a -> modeSense(task, task.field8(4), false);
      case 0x5a -> modeSense(task, length, true);
      case 0x15, 0x55 -> task.good();
      case 0x1b -> startStop(task);
      case 0x1e -> {
        locked = (task.field8(4) & 1) != 0;
        task.good();
      }
      case 0x46 ->
          task.reply(
              AtapiReplies.configuration(
                  loaded(), sectors(), task.command().array(), task.command()),
              length);
      case 0x4a -> event(task, length);
      case 0xbd -> task.reply(AtapiReplies.mechanism(open), task.field16(8));
      case 0xa4 -> task.reply(new byte[8], task.field16(8));
      case 0x00, 0x25, 0x28, 0xa8, 0x43, 0x51, 0x52, 0xad, 0x2b, 0xbb, 0x35, 0x2f, 0x4e, 0x01 -> {
        if (loaded()) {
          executeLoaded(task, length);
        } else {
          task.check(Sense.NO_MEDIUM);
        }
      }
      default -> task.check(Sense.ILLEGAL_OPERATION);
    }
  }

  private void executeLoaded(ScsiTask task, int length) {
    switch (task.operation()) {
      case 0x25 -> task.reply(AtapiReplies.capacity(sectors()), 8);
      case 0x28 -> read(task, task.field32(2), length);
      case 0xa8 -> read(task, task.field32(2), task.field32(6));
      case 0x43 -> contents(task, length);
      case 0x51 -> task.reply(AtapiReplies.discInformation(), length);
      case 0x52 -> task.reply(AtapiReplies.trackInformation(sectors()), length);
      case 0xad ->
          replyIfAny(task, AtapiReplies.dvdStructure(task.field8(7), sectors()), task.field16(8));
      // Seek, speed, synchronise, streaming, verify: nothing turns here.
      default -> task.good();
    }
  }

  private static void replyIfAny(ScsiTask task, byte[] reply, int length) {
    if (reply == null) {
      task.check(Sense.ILLEGAL_FIELD);
    } else {
      task.reply(reply, length);
    }
  }

  private void read(ScsiTask task, long sector, long count) {
    if (sector + count > sectors()) {
      task.check(Sense.OUT_OF_RANGE);
      return;
    }
    long length = count * SECTOR;
    if (length > task.room()) {
      task.overrun();
    } else if (length == 0) {
      task.good();
    } else {
      List<ByteBuffer> room = task.roomBuffers((int) length);
      task.submit(
          Kind.READ,
          sector * SECTOR,
          length,
          room,
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

  private void modeSense(ScsiTask task, int allocated, boolean wide) {
    if (task.field8(2) >> 6 == 3) {
      task.check(Sense.SAVING_NOT_SUPPORTED);
      return;
    }
    boolean changeable = task.field8(2) >> 6 == 1;
    replyIfAny(
        task, AtapiReplies.modePages(task.field8(2) & 0x3f, changeable, locked, wide), allocated);
  }

  private void startStop(ScsiTask task) {
    int what = task.field8(4) & 3;
    if ((what & 2) != 0) {
      boolean eject = (what & 1) == 0;
      if (eject && locked) {
        task.check(Sense.REMOVAL_PREVENTED);
        return;
      }
      newMedium |= open && !eject;
      open = eject;
    }
    task.good();
  }

  private void contents(ScsiTask task, int length) {
    int format = task.field8(2) & 0xf;
    if (format == 0) {
      format = task.field8(9) >> 6;
    }
    boolean minutes = (task.field8(1) & 2) != 0;
    byte[] reply =
        switch (format) {
          case 0 -> AtapiReplies.toc(task.field8(6), minutes, sectors());
          case 1 -> AtapiReplies.sessions(minutes);
          case 2 -> AtapiReplies.fullToc(sectors());
          default -> null;
        };
    replyIfAny(task, reply, length);
  }

  private void event(ScsiTask task, int length) {
    if ((task.field8(1) & 1) == 0) {
      task.check(Sense.ILLEGAL_FIELD); // asynchronous notification
      return;
    }
    boolean media = (task.field8(4) & 0x10) != 0;
    byte[] reply = AtapiReplies.event(media, open, loaded(), newMedium);
    if (media) {
      newMedium = false;
    }
    task.reply(reply, length);
  }

  @Override
  byte[] standardInquiry() {
    byte[] reply = AtapiReplies.inquiry();
    reply[3] = 2; // a SCSI device, not one behind ATA
    reply[7] = 2;
    return reply;
  }

  @Override
  byte[] vitalPage(int page) {
    return AtapiReplies.vitalPage(page, serial);
  }

  @Override
  void reset() {
    super.reset();
    locked = false;
  }

  @Override
  void save(StateWriter out) {
    super.save(out);
    out.writeBoolean(open);
    out.writeBoolean(locked);
    out.writeBoolean(newMedium);
  }

  @Override
  void load(StateReader in) {
    super.load(in);
    open = in.readBoolean();
    locked = in.readBoolean();
    newMedium = in.readBoolean();
  }
}
