package org.wardian.chipset;

import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * The registers by which an ATA host and a drive speak (ATA/ATAPI-7 §5, ATA8-ACS §4): those that
 * take two bytes in turn have the earlier one in bits 15 to 8.
 */
final class TaskFile {
  static final int STATUS_BUSY = 0x80;
  static final int STATUS_READY = 0x40;
  static final int STATUS_FAULT = 0x20;
  static final int STATUS_SEEK_COMPLETE = 0x10;
  static final int STATUS_DATA_REQUEST = 0x08;
  static final int STATUS_ERROR = 0x01;

  static final int ERROR_UNCORRECTABLE = 0x40;
  static final int ERROR_NOT_FOUND = 0x10;
  static final int ERROR_ABORTED = 0x04;

  static final int DEVICE_LBA = 0x40;
  static final int DEVICE_SELECT = 0x10;

  /** Bit 7 of the device register in a write with forced unit access by queued commands. */
  static final int DEVICE_FORCED_ACCESS = 0x80;

  int features;
  int count;
  int lbaLow;
  int lbaMiddle;
  int lbaHigh;
  int device;
  int command;
  int status;
  int error;

  /** The 48-bit address. */
  long lba48() {
    return lbaLow & 0xff
        | (lbaMiddle & 0xff) << 8
        | (long) (lbaHigh & 0xff) << 16
        | (long) (lbaLow >> 8 & 0xff) << 24
        | (long) (lbaMiddle >> 8 & 0xff) << 32
        | (long) (lbaHigh >> 8 & 0xff) << 40;
  }

  /** Sets the 48-bit address. */
  void lba48(long address) {
    lbaLow = (int) (address & 0xff | address >> 16 & 0xff00);
    lbaMiddle = (int) (address >> 8 & 0xff | address >> 24 & 0xff00);
    lbaHigh = (int) (address >> 16 & 0xff | address >> 32 & 0xff00);
  }

  /** The 28-bit address. */
  long lba28() {
    return lbaLow & 0xff
        | (lbaMiddle & 0xff) << 8
        | (lbaHigh & 0xff) << 16
        | (long) (device & 0xf) << 24;
  }

  /** Sets the 28-bit address. */
  void lba28(long address) {
    lbaLow = (int) address & 0xff;
    lbaMiddle = (int) (address >> 8) & 0xff;
    lbaHigh = (int) (address >> 16) & 0xff;
    device = device & 0xf0 | (int) (address >> 24) & 0xf;
  }

  /** The address in cylinders, heads and sectors; cylinder and head from 0, sector from 1. */
  int cylinder() {
    return lbaMiddle & 0xff | (lbaHigh & 0xff) << 8;
  }

  int head() {
    return device & 0xf;
  }

  int sector() {
    return lbaLow & 0xff;
  }

  /** The command is done. */
  void succeed() {
    status = STATUS_READY | STATUS_SEEK_COMPLETE;
    error = 0;
  }

  /** The command has failed. */
  void fail(int bits) {
    status = STATUS_READY | STATUS_SEEK_COMPLETE | STATUS_ERROR;
    error = bits;
  }

  void save(StateWriter out) {
    out.writeInts(
        new int[] {features, count, lbaLow, lbaMiddle, lbaHigh, device, command, status, error});
  }

  void load(StateReader in) {
    int[] fields = new int[9];
    in.readInts(fields);
    features = fields[0] & 0xffff;
    count = fields[1] & 0xffff;
    lbaLow = fields[2] & 0xffff;
    lbaMiddle = fields[3] & 0xffff;
    lbaHigh = fields[4] & 0xffff;
    device = fields[5] & 0xff;
    command = fields[6] & 0xff;
    status = fields[7] & 0xff;
    error = fields[8] & 0xff;
  }
}
