package org.wardian.machine;

import java.io.IOException;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.machine.state.SavedState;
import org.wardian.machine.state.StateFileException;

/**
 * What a saved state has of a machine beside its memory: the record of all that is on the board.
 */
final class MachineState {
  private static final String RECORD = "machine";

  /** The first one did not tell which processors are there. */
  private static final int RECORD_VERSION = 2;

  private final Board board;
  private final PanicWatch panic;

  MachineState(Board board, PanicWatch panic) {
    this.board = board;
    this.panic = panic;
  }

  /** The state of a machine that stands still. */
  byte[] save() {
    StateWriter devices = new StateWriter();
    devices.begin(RECORD, RECORD_VERSION);
    devices.writeBoolean(panic.panicked());
    devices.writeLong(board.present());
    board.save(devices);
    devices.end();
    return devices.toByteArray();
  }

  /**
   * Reads what {@link #save} wrote, before the start.
   *
   * @throws StateFileException where it is not this machine's
   */
  void load(SavedState saved) throws IOException {
    StateReader in = new StateReader(saved.devices());
    try {
      int version = in.begin(RECORD, RECORD_VERSION);
      panic.panicked(in.readBoolean());
      if (version > 1) {
        board.loadPresent(in.readLong() | 1);
      }
      board.load(in);
      in.end();
      in.finish();
    } catch (StateException e) {
      throw new StateFileException(
          saved.name() + " does not fit this machine: " + e.getMessage(), e);
    }
  }
}
