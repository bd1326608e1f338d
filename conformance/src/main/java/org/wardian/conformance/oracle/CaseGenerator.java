package org.wardian.conformance.oracle;

import java.util.Optional;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Form;
import org.wardian.x86.FormSampler;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * Makes random cases of a form. Belongs to one thread; the same seed and the same calls give the
 * same cases.
 */
public final class CaseGenerator {
  private static final int ATTEMPTS = 200;
  private static final long AC = 0x40000;
  private static final long CACHE_LINE = 64;

  private final EdgeValues random;
  private final FormSampler sampler = new FormSampler();
  private final CaseBuilder builder;

  /** A generator of cases for what {@code model} has. */
  public CaseGenerator(long seed, CpuModel model) {
    random = new EdgeValues(seed);
    builder = new CaseBuilder(random, model);
  }

  /**
   * The next case of {@code form}.
   *
   * @param codeSize 2, 4 or 8; the form must be valid in such code
   * @return empty where no encoding was found that is safe to run
   */
  public Optional<OracleCase> next(Form form, int codeSize) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      OracleCase candidate = attempt(form, codeSize);
      if (candidate != null) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  private OracleCase attempt(Form form, int codeSize) {
    byte[] bytes = sampler.sample(form, random, codeSize);
    builder.start(random.bits(), codeSize);
    long place = ScratchLayout.CODE + 0x200 + random.below(0xc00);
    builder.put(Slots.RIP, builder.origin() + place);
    if (!builder.instruction(bytes) || !runnable(builder.instruction)) {
      return null;
    }
    Instruction i = builder.instruction;
    if (anyAlignmentFault(i.form.operation())) {
      builder.put(Slots.FLAGS, builder.state.flags & ~AC);
    }
    if (ComparisonRules.isTranscendental(i.form.operation())) {
      maskUnderflow();
    }
    new ImplicitOperands(builder).before();
    MemoryOperands memory = new MemoryOperands(builder);
    if (i.hasMemory() && !memory.place()) {
      return null;
    }
    new ImplicitOperands(builder).after();
    if (!new ControlTransfers(builder).direct() || splitsLock(i) || !AccessCheck.safe(builder)) {
      return null;
    }
    return builder.build();
  }

  /**
   * Whether #AC and another fault compete in an order that is the implementation's. Source: Intel
   * SDM vol. 2, FXSAVE; ENTER's probe of the new stack pointer is not described at all.
   */
  private static boolean anyAlignmentFault(Operation operation) {
    return switch (operation) {
      case FXSAVE, FXRSTOR, ENTER -> true;
      default -> false;
    };
  }

  /**
   * The last place of a transcendental result decides whether it is tiny, and so whether an
   * unmasked underflow scales it: with underflow masked the difference stays in the last place.
   */
  private void maskUnderflow() {
    long control = Slots.get(builder.state, Slots.FCW) | 0x10;
    long status = Slots.get(builder.state, Slots.FSW);
    builder.put(Slots.FCW, control);
    if ((status & ~control & 0x3f) == 0) {
      builder.put(Slots.FSW, status & ~0x8080);
    }
  }

  /** A locked access across cache lines would hold up the whole host, which Linux punishes. */
  private boolean splitsLock(Instruction i) {
    if (!i.hasMemory() || !(i.lock || i.form.operation() == Operation.XCHG)) {
      return false;
    }
    long offset = builder.operandOffset();
    long last = offset + Math.max(MemoryOperands.size(i), 1) - 1;
    return offset / CACHE_LINE != last / CACHE_LINE;
  }

  /** Refuses what would leave the case, or means another instruction on a newer processor. */
  private static boolean runnable(Instruction i) {
    Operation operation = i.form.operation();
    if (operation == Operation.INT && (i.immediate & 0xff) == 0x80) {
      return false;
    }
    // With F3 they are TZCNT and LZCNT on hosts that have them.
    return !(i.rep && (operation == Operation.BSF || operation == Operation.BSR));
  }
}
