package org.wardian.machine;

import java.util.List;
import java.util.function.IntConsumer;
import org.wardian.processor.Vcpu;

/** Which of a machine's processors are there, and those that come and go while it lives. */
public final class ProcessorSlots {
  private final Board board;
  private final Pauses pauses;
  private final List<Vcpu> vcpus;

  ProcessorSlots(Board board, Pauses pauses, List<Vcpu> vcpus) {
    this.board = board;
    this.pauses = pauses;
    this.vcpus = vcpus;
  }

  /** Whether a processor is there; of a number below that of all. */
  public boolean isPresent(int processor) {
    return board.isPresent(processor);
  }

  private boolean exists(int processor) {
    return processor >= 0 && processor < vcpus.size();
  }

  private void requireStanding() {
    pauses.requireStanding("a processor comes or goes");
  }

  /**
   * Puts a processor in; the machine is paused, or does not run yet.
   *
   * @throws IllegalArgumentException where processors stay, or it is there
   */
  public void plug(int processor) {
    requireStanding();
    board.requireProcessorHotplug();
    if (!exists(processor) || board.isPresent(processor)) {
      throw new IllegalArgumentException("processor " + processor + " is there, or cannot be");
    }
    board.present(processor, true);
    GuestEntry.await(vcpus.get(processor));
  }

  /**
   * Asks the guest to let a processor go; {@link #onEjection} tells when it does.
   *
   * @throws IllegalArgumentException where it cannot go
   */
  public void requestUnplug(int processor) {
    if (!exists(processor) || !board.isPresent(processor)) {
      throw new IllegalArgumentException("there is no processor " + processor);
    }
    board.requestProcessorUnplug(processor);
  }

  /**
   * Has somebody told of processors that the guest lets go.
   *
   * @param told called on a vCPU's thread, which it must not hold up
   */
  public void onEjection(IntConsumer told) {
    board.onProcessorEjection(told);
  }

  /** Takes out a processor; the machine is paused, or does not run yet. */
  public void unplug(int processor) {
    requireStanding();
    if (board.isPresent(processor)) {
      board.present(processor, false);
    }
  }
}
