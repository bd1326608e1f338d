package org.wardian.processor.software;

import static org.wardian.processor.software.translator.HostRegister.R8;
import static org.wardian.processor.software.translator.HostRegister.R9;
import static org.wardian.processor.software.translator.HostRegister.RAX;
import static org.wardian.processor.software.translator.HostRegister.RCX;
import static org.wardian.processor.software.translator.HostRegister.RDI;
import static org.wardian.processor.software.translator.HostRegister.RDX;
import static org.wardian.processor.software.translator.HostRegister.RSI;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.wardian.memory.RawMemory;
import org.wardian.processor.software.ParallelGuest.Execution;
import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.processor.software.translator.HostCondition;
import org.wardian.processor.software.translator.HostMemory;

/**
 * A litmus test of memory order: a few instructions a processor, executed at the same time on pairs
 * of variables, again and again; counted is what they have read. The vocabulary is that of Owens,
 * Sarkar and Sewell, "A Better x86 Memory Model: x86-TSO".
 *
 * <p>In pass p a store writes p + 1 to a variable that holds p; a register shows 1 where it has
 * read what was stored in its own pass and 0 where it has not.
 */
final class Litmus {
  /** What processors execute. */
  interface Body {
    /**
     * Writes the instructions of one processor; what it reads goes to RAX and RDX, which begin as
     * what is read before any store; RCX is what it stores.
     *
     * @param x operand of the first variable
     * @param y operand of the second, in another cache line
     */
    void write(int processor, HostAssembler a, long x, long y);
  }

  private static final int BARRIER = 0;
  private static final int VARIABLES = 0x1_0000;
  private static final int STRIDE = 256;
  private static final int SLOTS = 512;
  private static final int RESULTS = 0x10_0000;
  private static final int RESULTS_EACH = 0x8_0000;
  private static final int WARM_UP = 1;

  /** Iterations between two meetings. */
  private static final int BATCH = 32;

  private Litmus() {}

  /**
   * Counts outcomes, each named by its registers: two digits a processor that reads, in order.
   *
   * @param passes at most 60
   */
  static Map<String, Integer> run(List<Execution> executions, int passes, Body body) {
    try (ParallelGuest guest = new ParallelGuest(executions)) {
      int count = executions.size();
      guest.run((n, a) -> program(n, count, passes, a, body));
      Map<String, Integer> outcomes = new TreeMap<>();
      for (int pass = WARM_UP; pass < passes; pass++) {
        for (int slot = 0; slot < SLOTS; slot++) {
          StringBuilder name = new StringBuilder();
          for (int n = 0; n < count; n++) {
            long at = guest.host() + RESULTS + n * RESULTS_EACH + (pass * SLOTS + slot) * 8L;
            name.append(digit(RawMemory.getInt(at), pass))
                .append(digit(RawMemory.getInt(at + 4), pass))
                .append(n < count - 1 ? " " : "");
          }
          outcomes.merge(name.toString(), 1, Integer::sum);
        }
      }
      return outcomes;
    }
  }

  private static char digit(int value, int pass) {
    if (value != pass && value != pass + 1) {
      throw new AssertionError("read " + value + " in pass " + pass);
    }
    return value == pass ? '0' : '1';
  }

  /** R8 counts iterations, R9 passes, RSI is the slot's variables. */
  private static void program(int n, int count, int passes, HostAssembler a, Body body) {
    a.movImmediate(8, R8, 0);
    a.movImmediate(8, R9, 0);
    int pass = a.here();
    a.lea(8, RSI, HostMemory.at(RDI, VARIABLES));
    int slot = a.here();
    int together = a.newLabel();
    a.aluImmediate(HostAssembler.ADD, 4, R8, 1);
    a.mov(4, RAX, R8);
    a.aluImmediate(HostAssembler.AND, 4, RAX, BATCH - 1);
    a.jcc(HostCondition.NOT_EQUAL, together);
    // All are here.
    a.lock();
    a.incStore(4, HostMemory.at(RDI, BARRIER));
    a.mov(4, RAX, R8);
    a.shift(HostAssembler.SHR, 4, RAX, Integer.numberOfTrailingZeros(BATCH));
    a.imulImmediate(4, RAX, RAX, count);
    int spin = a.newLabel();
    int go = a.newLabel();
    a.bind(spin);
    a.aluLoad(HostAssembler.CMP, 4, RAX, HostMemory.at(RDI, BARRIER));
    a.jcc(HostCondition.LESS_EQUAL, go);
    a.pause();
    a.jmp(spin);
    a.bind(go);
    a.bind(together);
    // Some waste, different from time to time.
    a.imulImmediate(4, RCX, R8, 0x9e3779b1);
    a.shift(HostAssembler.SHR, 4, RCX, n % 2 == 0 ? 27 : 28);
    int waste = a.here();
    a.aluImmediate(HostAssembler.SUB, 4, RCX, 1);
    a.jcc(HostCondition.NOT_SIGN, waste);
    a.mov(4, RAX, R9);
    a.mov(4, RDX, R9);
    a.lea(4, RCX, HostMemory.at(R9, 1));
    body.write(n, a, HostMemory.at(RSI, 0), HostMemory.at(RSI, STRIDE / 2));
    a.lea(4, RCX, HostMemory.at(R8, -1));
    int results = RESULTS + n * RESULTS_EACH;
    a.movStore(4, HostMemory.at(RDI, RCX, 3, results), RAX);
    a.movStore(4, HostMemory.at(RDI, RCX, 3, results + 4), RDX);
    a.lea(8, RSI, HostMemory.at(RSI, STRIDE));
    a.lea(8, RCX, HostMemory.at(RDI, VARIABLES + SLOTS * STRIDE));
    a.alu(HostAssembler.CMP, 8, RSI, RCX);
    a.jcc(HostCondition.NOT_EQUAL, slot);
    a.aluImmediate(HostAssembler.ADD, 4, R9, 1);
    a.aluImmediate(HostAssembler.CMP, 4, R9, passes);
    a.jcc(HostCondition.NOT_EQUAL, pass);
  }
}
