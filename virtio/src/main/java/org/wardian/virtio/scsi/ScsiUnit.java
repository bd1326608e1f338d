package org.wardian.virtio.scsi;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockRequest;
import org.wardian.virtio.UnderWay;

/** A logical unit: the commands that every kind has (SPC-3 §6). */
public abstract sealed class ScsiUnit permits ScsiDisk, ScsiCdRom {
  static final int REQUEST_SENSE = 0x03;
  static final int INQUIRY = 0x12;
  static final int REPORT_LUNS = 0xa0;

  private static final int PERIPHERAL_ABSENT = 0x7f;

  final BlockDevice medium;

  /** Commands that the unit has. */
  final UnderWay underWay = new UnderWay(1);

  final String serial;

  /** What the next command is told before anything else; null for nothing. */
  private final AtomicReference<Sense> attention = new AtomicReference<>(Sense.RESET);

  /** What the last command failed of, for REQUEST SENSE. */
  private final AtomicReference<Sense> last = new AtomicReference<>(Sense.NONE);

  /** What the host does when the medium has changed. */
  private volatile Runnable changed = () -> {};

  ScsiUnit(BlockDevice medium, String serial) {
    this.medium = medium;
    this.serial = serial;
  }

  /** Connects the unit with its host. */
  final void connect(Runnable whenChanged) {
    changed = whenChanged;
    medium.onChange(() -> {
      attention.set(mediumAttention());
      changed.run();
    });
  }

  abstract Sense mediumAttention();

  /** Other units of its target have come or gone. */
  final void unitsChanged() {
    attention.compareAndSet(null, Sense.UNITS_CHANGED);
  }

  /** The command of a driver, on the device's thread. */
  final void execute(ScsiTask task) {
    int operation = task.operation();
    boolean anyTime = operation == INQUIRY || operation == REQUEST_SENSE;
    Sense waiting = anyTime ? null : attention.getAndSet(null);
    if (waiting != null) {
      last.set(waiting);
      task.check(waiting);
      return;
    }
    switch (operation) {
      case REQUEST_SENSE -> {
        Sense sense = attention.getAndSet(null);
        Sense before = last.getAndSet(Sense.NONE);
        task.reply((sense == null ? before : sense).data(), task.field8(4));
      }
      case INQUIRY -> inquiry(task);
      case 0x16, 0x17, 0x56, 0x57, 0x1d -> task.good();
      default -> executeOwn(task);
    }
  }

  /** The commands of one kind of unit. */
  abstract void executeOwn(ScsiTask task);

  private void inquiry(ScsiTask task) {
    boolean vital = (task.field8(1) & 1) != 0;
    int page = task.field8(2);
    if (!vital && page != 0) {
      task.check(Sense.ILLEGAL_FIELD);
      return;
    }
    byte[] reply = vital ? vitalPage(page) : standardInquiry();
    if (reply == null) {
      task.check(Sense.ILLEGAL_FIELD);
    } else {
      task.reply(reply, task.field16(3));
    }
  }

  /** Standard INQUIRY data (SPC-3 §6.4.2). */
  abstract byte[] standardInquiry();

  /** A page of vital product data (SPC-3 §7.6), or null. */
  abstract byte[] vitalPage(int page);

  /** What INQUIRY says of a unit that is not there. */
  static byte[] absentInquiry() {
    byte[] reply = new byte[36];
    reply[0] = PERIPHERAL_ABSENT;
    reply[2] = 5;
    reply[3] = 2;
    reply[4] = 31;
    return reply;
  }

  static byte[] page(int type, int page, byte[] content) {
    return ByteBuffer.allocate(4 + content.length)
        .put((byte) type)
        .put((byte) page)
        .putShort((short) content.length)
        .put(content)
        .array();
  }

  static byte[] ascii(String text, int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) ' ');
    byte[] known = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(known, 0, bytes, 0, Math.min(length, known.length));
    return bytes;
  }

  /** What a failed request to the medium is for the driver. */
  static Sense sense(BlockRequest.Kind kind, BlockRequest.Result result) {
    return switch (result) {
      case OK -> Sense.NONE;
      case READ_ONLY -> Sense.WRITE_PROTECTED;
      case NO_SPACE -> Sense.SPACE_EXHAUSTED;
      case OUT_OF_RANGE -> Sense.OUT_OF_RANGE;
      case UNSUPPORTED -> Sense.ILLEGAL_OPERATION;
      case IO_ERROR -> kind == BlockRequest.Kind.READ ? Sense.READ_ERROR : Sense.WRITE_ERROR;
    };
  }

  /** The driver has reset the unit. */
  void reset() {
    attention.set(Sense.RESET);
    last.set(Sense.NONE);
  }

  void save(StateWriter out) {
    Sense waiting = attention.get();
    out.writeInt(waiting == null ? -1 : waiting.ordinal());
    out.writeInt(last.get().ordinal());
  }

  void load(StateReader in) {
    int waiting = in.readInt(-1, Sense.values().length - 1);
    attention.set(waiting < 0 ? null : Sense.values()[waiting]);
    last.set(Sense.values()[in.readInt(0, Sense.values().length - 1)]);
  }
}
