package org.wardian.virtio.scsi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.wardian.storage.BlockRequest;

/**
 * One command on its way through a unit: its bytes, its data, and how it ends. It ends once, by one
 * of {@link #good}, {@link #reply}, {@link #check} and {@link #transferred}; any thread.
 */
abstract class ScsiTask {
  /** The most bytes of a command that a unit looks at. */
  static final int COMMAND_BYTES = 16;

  private final ByteBuffer command;

  /**
   * A command.
   *
   * @param command at least {@link #COMMAND_BYTES} bytes, filled up with zeroes
   */
  ScsiTask(byte[] command) {
    this.command = ByteBuffer.wrap(command).order(ByteOrder.BIG_ENDIAN);
  }

  final int operation() {
    return field8(0);
  }

  final int field8(int at) {
    return command.get(at) & 0xff;
  }

  final int field16(int at) {
    return command.getShort(at) & 0xffff;
  }

  final long field32(int at) {
    return Integer.toUnsignedLong(command.getInt(at));
  }

  final long field64(int at) {
    return command.getLong(at);
  }

  /** The command's bytes. */
  final ByteBuffer command() {
    return command;
  }

  /** Bytes that the driver sends with the command. */
  abstract int sent();

  /** Copies what the driver sends; bytes copied. */
  abstract int read(int offset, byte[] to, int count);

  /** What the driver sends, as views of guest memory. */
  abstract List<ByteBuffer> sentBuffers(int count);

  /** Room for what the driver gets. */
  abstract int room();

  /** That room as views of guest memory. */
  abstract List<ByteBuffer> roomBuffers(int count);

  /** Done, without data. */
  final void good() {
    finish(0, null, false);
  }

  /** Done: the driver gets as much of {@code data} as it has asked for and has room for. */
  abstract void reply(byte[] data, int allocated);

  /** Refused or failed. */
  final void check(Sense sense) {
    finish(0, sense, false);
  }

  /** The driver has not provided for the data of its command. */
  final void overrun() {
    finish(0, null, true);
  }

  /**
   * Done.
   *
   * @param count bytes of {@link #roomBuffers} that were filled
   */
  final void transferred(int count) {
    finish(count, null, false);
  }

  /** Ends the command. */
  abstract void finish(int filled, Sense sense, boolean overrun);

  /** A request to a medium, counted as the command's until it has ended. */
  abstract void submit(
      BlockRequest.Kind kind,
      long offset,
      long length,
      List<ByteBuffer> buffers,
      boolean mayUnmap,
      Ending ending);

  /** What follows the end of a request to a medium. */
  @FunctionalInterface
  interface Ending {
    void ended(BlockRequest.Result result);
  }
}
