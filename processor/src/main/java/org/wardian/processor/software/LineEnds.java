package org.wardian.processor.software;

import static org.wardian.processor.software.DenseOperands.ripAfter;
import static org.wardian.processor.software.DenseOperands.ripOf;

/** Operations with which {@link Interpreter}'s straight line ends, beside branches. */
final class LineEnds {
  private final SoftwareVcpu cpu;
  private final CodeCache cache;
  private final CodeStore store;
  private final Units units;
  private final Interpreter interpreter;

  LineEnds(SoftwareVcpu cpu, CodeCache cache, Units units, Interpreter interpreter) {
    this.cpu = cpu;
    this.cache = cache;
    this.store = cache.store;
    this.units = units;
    this.interpreter = interpreter;
  }

  /**
   * Executes an operation after which RIP in the state block says where to go on.
   *
   * @param pc index behind it in the store
   */
  void leave(int op, long w0, long w1, int pc) {
    units.leaving = false;
    switch (op) {
      case Ops.STALE -> {
        cpu.rip(ripOf(cpu, w0));
        cache.replace(pc - 2, cpu.rip(), w1);
      }
      // The instruction before it, alone, has run.
      case Ops.LEAVE -> cpu.rip(ripAfter(cpu, store.word(pc - 4)));
      case Ops.STRADDLE -> single(interpreter.enterSingle(ripOf(cpu, w0)));
      default -> last(op, w0, w1);
    }
  }

  private void last(int op, long w0, long w1) {
    cpu.instructionRip = ripOf(cpu, w0);
    cpu.nextRip = ripAfter(cpu, w0);
    cpu.rip(cpu.nextRip);
    units.executeLast(op, w0, w1, op > Ops.RET32 ? store.instructions[(int) w1] : null);
  }

  /** Runs the instruction alone at index {@code at}. */
  private void single(int at) {
    long w0 = store.word(at);
    long w1 = store.word(at + 1);
    int op = (int) w0 & Ops.MASK;
    cpu.retire(2);
    if (op < Ops.END) {
      cpu.instructionRip = ripOf(cpu, w0);
      cpu.nextRip = ripAfter(cpu, w0);
      if (units.execute(op, w0, store.instructions[(int) w1])) {
        cpu.rip(cpu.nextRip);
      }
      return;
    }
    last(op, w0, w1);
  }
}
