package org.wardian.chipset;

import java.util.Arrays;

/**
 * The bytes of a command to a floppy disk controller, as far as the guest has written them (82077AA
 * data sheet, table 5-1).
 */
final class FloppyCommand {
  /** No byte yet. */
  static final FloppyCommand NONE = new FloppyCommand(new byte[0]);

  static final int READ_TRACK = 0x02;
  static final int SPECIFY = 0x03;
  static final int SENSE_DRIVE = 0x04;
  static final int WRITE = 0x05;
  static final int READ = 0x06;
  static final int RECALIBRATE = 0x07;
  static final int SENSE_INTERRUPT = 0x08;
  static final int WRITE_DELETED = 0x09;
  static final int READ_ID = 0x0a;
  static final int READ_DELETED = 0x0c;
  static final int FORMAT = 0x0d;
  static final int DUMP_REGISTERS = 0x0e;
  static final int SEEK = 0x0f;
  static final int VERSION = 0x10;
  static final int SCAN_EQUAL = 0x11;
  static final int PERPENDICULAR = 0x12;
  static final int CONFIGURE = 0x13;
  static final int LOCK = 0x14;
  static final int VERIFY = 0x16;
  static final int PART_ID = 0x18;
  static final int SCAN_LOW = 0x19;
  static final int SCAN_HIGH = 0x1d;

  private static final int CODE = 0x1f;
  private static final int MULTI_TRACK = 0x80;

  /** Bytes of the commands that name a place on the disk. */
  private static final int PLACED = 9;

  private final byte[] bytes;

  FloppyCommand(byte[] bytes) {
    this.bytes = bytes;
  }

  /** The command with one more byte. */
  FloppyCommand with(int value) {
    byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
    longer[bytes.length] = (byte) value;
    return new FloppyCommand(longer);
  }

  boolean isEmpty() {
    return bytes.length == 0;
  }

  /** Whether all of its bytes are there. */
  boolean isComplete() {
    return bytes.length > 0 && bytes.length == length(at(0));
  }

  /** Whether there are more bytes than a command has. */
  boolean isTooLong() {
    return bytes.length > (bytes.length == 0 ? 0 : length(at(0)));
  }

  /** Bytes of a command, the first included. */
  private static int length(int first) {
    return switch (first & CODE) {
      case READ_TRACK,
          WRITE,
          READ,
          WRITE_DELETED,
          READ_DELETED,
          SCAN_EQUAL,
          VERIFY,
          SCAN_LOW,
          SCAN_HIGH ->
          PLACED;
      case SPECIFY, SEEK -> 3;
      case SENSE_DRIVE, RECALIBRATE, READ_ID, PERPENDICULAR -> 2;
      case FORMAT -> 6;
      case CONFIGURE -> 4;
      default -> 1;
    };
  }

  /** Byte {@code index}, 0 to 255; 0 where it is missing. */
  int at(int index) {
    return index < bytes.length ? bytes[index] & 0xff : 0;
  }

  /** What it commands, without its modifiers. */
  int code() {
    return at(0) & CODE;
  }

  /** Whether it moves data, in either direction. */
  boolean isTransfer() {
    return reads() || code() == WRITE || code() == WRITE_DELETED || code() == FORMAT;
  }

  /** Whether it brings data to the guest. */
  boolean reads() {
    return code() == READ || code() == READ_DELETED || code() == READ_TRACK && !isEmpty();
  }

  int drive() {
    return at(1) & 3;
  }

  int head() {
    return at(1) >> 2 & 1;
  }

  /** Whether it names a place. */
  boolean isPlaced() {
    return bytes.length == PLACED;
  }

  /** The place that it names. */
  FloppyPlace place() {
    return new FloppyPlace(at(2), at(3), at(4));
  }

  /** The code of its sectors' size: 2 for 512 bytes. */
  int sizeCode() {
    return at(5);
  }

  /** The last sector of a track, as it names it. */
  int lastSector() {
    return at(6);
  }

  /** Whether it goes on at the other head of a cylinder. */
  boolean bothHeads() {
    return (at(0) & MULTI_TRACK) != 0;
  }

  byte[] bytes() {
    return bytes.clone();
  }
}
