package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Frame information structures, by which host and drive speak over Serial ATA (SATA 3.0 §10.3). */
final class AhciFis {
  static final int REGISTER_TO_DEVICE = 0x27;
  static final int LENGTH = 64;

  /** Where the received structures lie (AHCI 1.3.1 §4.2.1). */
  static final int PIO_SETUP_OFFSET = 0x20;

  static final int REGISTER_OFFSET = 0x40;
  static final int DEVICE_BITS_OFFSET = 0x58;

  private static final int REGISTER_TO_HOST = 0x34;
  private static final int PIO_SETUP = 0x5f;
  private static final int SET_DEVICE_BITS = 0xa1;
  private static final int INTERRUPT = 0x40;
  private static final int TO_HOST = 0x20;

  private AhciFis() {}

  /** The task file of a register structure from the host. */
  static TaskFile taskFile(byte[] fis) {
    TaskFile f = new TaskFile();
    f.command = fis[2] & 0xff;
    f.features = fis[3] & 0xff | (fis[11] & 0xff) << 8;
    f.lbaLow = fis[4] & 0xff | (fis[8] & 0xff) << 8;
    f.lbaMiddle = fis[5] & 0xff | (fis[9] & 0xff) << 8;
    f.lbaHigh = fis[6] & 0xff | (fis[10] & 0xff) << 8;
    f.device = fis[7] & 0xff;
    f.count = fis[12] & 0xff | (fis[13] & 0xff) << 8;
    return f;
  }

  /** A register structure to the host: the result of a command. */
  static byte[] register(TaskFile f) {
    return registers(REGISTER_TO_HOST, INTERRUPT, f, 20).array();
  }

  private static ByteBuffer registers(int type, int flags, TaskFile f, int length) {
    ByteBuffer fis = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    fis.put((byte) type).put((byte) flags).put((byte) f.status).put((byte) f.error);
    fis.put((byte) f.lbaLow).put((byte) f.lbaMiddle).put((byte) f.lbaHigh).put((byte) f.device);
    fis.put((byte) (f.lbaLow >> 8)).put((byte) (f.lbaMiddle >> 8)).put((byte) (f.lbaHigh >> 8));
    fis.put((byte) 0);
    fis.put((byte) f.count).put((byte) (f.count >> 8));
    return fis;
  }

  /** What precedes programmed data to the host, with the status at its end. */
  static byte[] pioSetup(TaskFile f, int length) {
    ByteBuffer fis = registers(PIO_SETUP, INTERRUPT | TO_HOST, f, 20);
    fis.put(15, (byte) f.status);
    fis.putShort(16, (short) length);
    return fis.array();
  }

  /** The end of queued commands. */
  static byte[] deviceBits(TaskFile f, int finished) {
    return ByteBuffer.allocate(8)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) SET_DEVICE_BITS)
        .put((byte) INTERRUPT)
        .put((byte) (f.status & 0x77))
        .put((byte) f.error)
        .putInt(finished)
        .array();
  }
}
