package org.wardian.chipset;

import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockRequest;

/**
 * A drive behind an ATA interface: what commands mean, whatever the host adapter. The adapter calls
 * with its monitor held, and does what the answer says.
 */
abstract sealed class AtaDrive permits AtaDisk, AtapiDrive {
  final BlockDevice medium;

  AtaDrive(BlockDevice medium) {
    this.medium = medium;
  }

  /** A reset of hardware or software: settings to their defaults, the signature into the file. */
  abstract void reset(TaskFile file);

  /** Begins the command in the task file. */
  abstract AtaAction command(TaskFile file);

  /** Takes a command packet of at least 12 bytes. */
  AtaAction packet(TaskFile file, byte[] packet) {
    return abort(file);
  }

  /** Takes the bytes that {@link AtaAction.DataOut} asked for. */
  AtaAction received(TaskFile file, byte[] data) {
    return abort(file);
  }

  /** The host has taken all of {@link AtaAction.DataIn}. */
  AtaAction taken(TaskFile file) {
    file.succeed();
    return AtaAction.FINISHED;
  }

  /** What was asked of the medium has ended. */
  abstract AtaAction finished(TaskFile file, AtaAction action, BlockRequest.Result result);

  /** Whether it takes command packets, and so has another signature. */
  abstract boolean packets();

  abstract void save(StateWriter out);

  abstract void load(StateReader in);

  static AtaAction done(TaskFile file) {
    file.succeed();
    return AtaAction.FINISHED;
  }

  static AtaAction abort(TaskFile file) {
    file.fail(TaskFile.ERROR_ABORTED);
    return AtaAction.FINISHED;
  }

  /** Writes a text into words of IDENTIFY data, the first character in the high byte. */
  static void text(byte[] identity, int word, int words, String text) {
    for (int i = 0; i < 2 * words; i++) {
      identity[2 * word + (i ^ 1)] = (byte) (i < text.length() ? text.charAt(i) : ' ');
    }
  }

  static void word(byte[] identity, int word, int value) {
    identity[2 * word] = (byte) value;
    identity[2 * word + 1] = (byte) (value >> 8);
  }

  /** Closes IDENTIFY data with its checksum (word 255). */
  static byte[] checked(byte[] identity) {
    identity[510] = (byte) 0xa5;
    identity[511] = checksum(identity);
    return identity;
  }

  /** What makes the sum of 512 bytes zero. */
  static byte checksum(byte[] bytes) {
    int sum = 0;
    for (int i = 0; i < 511; i++) {
      sum += bytes[i];
    }
    return (byte) -sum;
  }
}
