package org.wardian.conformance.oracle;

import org.wardian.host.HostException;
import org.wardian.host.HostProcessor;
import org.wardian.host.Mapping;
import org.wardian.host.NativeFunction;
import org.wardian.host.SystemCall;
import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * The host's own processor. Belongs to the thread that made it, and to one at a time in the
 * process, because the window's addresses are fixed.
 */
public final class HostEngine implements InstructionEngine {
  private static final int CODE_BYTES = 0x1000;
  private static final int SIGNAL_PAGE = 0x1000;
  private static final int SIGNAL_STACK = 0x4_0000;
  private static final int MMAP = 9;
  private static final int MPROTECT = 10;
  private static final int READ = 1;
  private static final int WRITE = 2;
  private static final int EXECUTE = 4;
  private static final int MAP_SHARED_FIXED = 1 | 0x10;
  private static final int MODIFY_LDT = 154;
  private static final int WRITE_LDT = 0x11;
  private static final int USER_DESC_BYTES = 16;

  /** {@code UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS}: the stack selector is loaded as given. */
  private static final long UC_FLAGS = 2 | 4;

  /** What the default model promises and not every x86-64 host has, by the kernel's names. */
  private static final String[] NEEDED = {
    "fsgsbase", "ssse3", "sse4_1", "sse4_2", "popcnt", "cx16", "lahf_lm", "aes", "pclmulqdq"
  };

  private final Thread owner = Thread.currentThread();
  private final Mapping window;

  /** The code page once more, writable: in the window it may only be read and executed. */
  private final Mapping code;

  private final Mapping control;
  private final long block;
  private final HostSignals signals;
  private final NativeFunction entry;
  private final long formerMask;
  private long rip;
  private boolean closed;

  private HostEngine() {
    window = Mapping.at(ScratchLayout.WINDOW, ScratchLayout.WINDOW_SIZE, true);
    code = Mapping.shared(ScratchLayout.PAGE, "wardian-oracle-code");
    control = Mapping.executable(CODE_BYTES + Trampoline.CONTROL_SIZE + SIGNAL_PAGE + SIGNAL_STACK);
    block = control.address() + CODE_BYTES;
    long page = block + Trampoline.CONTROL_SIZE;
    long stack = page + SIGNAL_PAGE;
    Trampoline trampoline = new Trampoline(block);
    RawMemory.copy(trampoline.code, 0, control.address(), trampoline.code.length);
    entry = NativeFunction.at(control.address());
    prepareWindow();
    installDescriptors(page);
    RawMemory.putLong(block + Trampoline.STACK_BASE, stack);
    RawMemory.putLong(block + Trampoline.STACK_SIZE, SIGNAL_STACK);
    signals = new HostSignals(page);
    formerMask = signals.mask(HostSignals.maskOfOthers());
    signals.useStack(stack, SIGNAL_STACK);
    prepareContext(stack);
    signals.installHandlers(control.address() + trampoline.handler, block + Trampoline.PREVIOUS);
  }

  /** Why this host cannot serve as the oracle, or an empty text where it can. */
  public static String refusal() {
    HostProcessor processor = HostProcessor.current();
    if (processor.architecture() != HostProcessor.Architecture.X86_64) {
      return "the host is not x86-64";
    }
    for (String flag : NEEDED) {
      if (!processor.has(flag)) {
        return "the host's processor or kernel has no " + flag;
      }
    }
    return Attempt.REFUSAL;
  }

  /** Whether the kernel allows what the engine does; tried once. */
  private static final class Attempt {
    static final String REFUSAL = attempt();

    private static String attempt() {
      try (HostEngine engine = open()) {
        return engine.closed ? "closed" : "";
      } catch (HostException e) {
        return e.getMessage();
      }
    }
  }

  /**
   * Opens the host's processor for cases on this thread.
   *
   * @throws HostException where {@link #refusal()} is not empty or the window is taken
   */
  public static HostEngine open() {
    return new HostEngine();
  }

  private void prepareWindow() {
    // Touch every page, so that error codes tell of protection and not of absence.
    RawMemory.fill(window.address(), window.size(), (byte) 0);
    RawMemory.fill(code.address(), ScratchLayout.PAGE, ScratchLayout.BREAKPOINT);
    SystemCall.invoke(
        "mmap",
        MMAP,
        window.address() + ScratchLayout.CODE,
        ScratchLayout.PAGE,
        READ | EXECUTE,
        MAP_SHARED_FIXED,
        code.fd(),
        0);
    for (int offset = 0; offset < ScratchLayout.WINDOW_SIZE; offset += ScratchLayout.PAGE) {
      int protection;
      if (ScratchLayout.inData(offset, ScratchLayout.PAGE)) {
        protection = READ | WRITE;
      } else if (offset == ScratchLayout.CODE) {
        protection = READ | EXECUTE;
      } else if (offset == ScratchLayout.READ_ONLY) {
        protection = READ;
      } else {
        protection = 0;
      }
      SystemCall.invoke(
          "mprotect", MPROTECT, window.address() + offset, ScratchLayout.PAGE, protection);
    }
  }

  /** {@code struct user_desc}: {@code arch/x86/include/uapi/asm/ldt.h}. */
  private static void installDescriptors(long scratch) {
    for (Selectors segment : Selectors.values()) {
      if (!segment.isLocal()) {
        continue;
      }
      boolean code = (segment.attributes & 8) != 0;
      boolean expandDown = !code && (segment.attributes & 4) != 0;
      boolean readOnly = !code && (segment.attributes & 2) == 0;
      int flags = (segment.attributes >> 14) & 1;
      flags |= (code ? 2 : expandDown ? 1 : 0) << 1;
      flags |= readOnly ? 8 : 0;
      RawMemory.putInt(scratch, segment.index());
      RawMemory.putInt(scratch + 4, (int) segment.base);
      RawMemory.putInt(scratch + 8, (int) segment.limit);
      RawMemory.putInt(scratch + 12, flags);
      SystemCall.invoke("modify_ldt", MODIFY_LDT, WRITE_LDT, scratch, USER_DESC_BYTES);
    }
  }

  private void prepareContext(long stack) {
    long context = block + Trampoline.ENTRY_CONTEXT;
    RawMemory.putLong(block + Trampoline.HOST_MASK, HostSignals.maskOfOthers());
    RawMemory.putLong(context + Trampoline.UC_FLAGS, UC_FLAGS);
    RawMemory.putLong(context + Trampoline.UC_STACK, stack);
    RawMemory.putInt(context + Trampoline.UC_STACK + 8, 0);
    RawMemory.putLong(context + Trampoline.UC_STACK + 16, SIGNAL_STACK);
    RawMemory.putLong(context + Trampoline.UC_SIGNAL_MASK, HostSignals.maskOfOthers());
    RawMemory.putLong(word(context, Trampoline.SC_FX), block + Trampoline.ENTRY_FX);
  }

  private static long word(long context, int index) {
    return context + Trampoline.UC_CONTEXT + index * 8L;
  }

  @Override
  public void load(CaseState in) {
    long context = block + Trampoline.ENTRY_CONTEXT;
    for (int i = 0; i < 16; i++) {
      RawMemory.putLong(word(context, Trampoline.SC_GPR[i]), in.gpr[i]);
    }
    rip = in.rip;
    RawMemory.putLong(word(context, Trampoline.SC_RIP), in.rip);
    RawMemory.putLong(word(context, Trampoline.SC_FLAGS), in.flags);
    long segments = word(context, Trampoline.SC_SEGMENTS);
    RawMemory.putShort(segments, (short) in.selectors[StateLayout.CS]);
    RawMemory.putShort(segments + 6, (short) in.selectors[StateLayout.SS]);
    RawMemory.putShort(block + Trampoline.GUEST_DS, (short) in.selectors[StateLayout.DS]);
    RawMemory.putShort(block + Trampoline.GUEST_ES, (short) in.selectors[StateLayout.ES]);
    RawMemory.putShort(block + Trampoline.GUEST_FS, (short) in.selectors[StateLayout.FS]);
    RawMemory.putShort(block + Trampoline.GUEST_GS, (short) in.selectors[StateLayout.GS]);
    RawMemory.putLong(
        block + Trampoline.GUEST_FS_BASE, base(in.selectors[StateLayout.FS], in.fsBase));
    RawMemory.putLong(
        block + Trampoline.GUEST_GS_BASE, base(in.selectors[StateLayout.GS], in.gsBase));
    RawMemory.copy(in.fx, 0, block + Trampoline.ENTRY_FX, CaseState.FX_END);
    RawMemory.copy(in.memory, 0, window.address() + ScratchLayout.DATA, ScratchLayout.DATA_SIZE);
  }

  private static long base(int selector, long base) {
    Selectors segment = Selectors.of(selector);
    return segment == null || segment == Selectors.NULL ? base : segment.base;
  }

  @Override
  public Outcome execute(byte[] instruction, int codeSize) {
    if (!owner.equals(Thread.currentThread()) || closed) {
      throw new IllegalStateException("the oracle belongs to " + owner);
    }
    long offset = (codeSize == 8 ? rip - ScratchLayout.WINDOW : rip) - ScratchLayout.CODE;
    java.util.Objects.checkFromIndexSize(offset, instruction.length, ScratchLayout.PAGE);
    RawMemory.copy(instruction, 0, code.address() + offset, instruction.length);
    entry.call(block);
    RawMemory.fill(code.address() + offset, instruction.length, ScratchLayout.BREAKPOINT);
    long context = block + Trampoline.AFTER_CONTEXT;
    int vector = (int) RawMemory.getLong(context + Trampoline.SC_TRAP * 8L);
    long after = RawMemory.getLong(context + Trampoline.SC_RIP * 8L);
    long trapped = after - 1 - rip;
    if (vector == 3 && (trapped < 0 || trapped >= instruction.length)) {
      // The breakpoint behind the instruction, or where it branched to.
      RawMemory.putLong(context + Trampoline.SC_RIP * 8L, after - 1);
      return Outcome.OK;
    }
    boolean pageFault = vector == 14;
    boolean hasError = vector == 8 || vector >= 10 && vector <= 14 || vector == 17;
    int error = (int) RawMemory.getLong(context + Trampoline.SC_ERROR * 8L);
    long address = RawMemory.getLong(context + Trampoline.SC_CR2 * 8L);
    return new Outcome(vector, hasError ? error : 0, pageFault ? address : 0);
  }

  @Override
  public void store(CaseState out) {
    long context = block + Trampoline.AFTER_CONTEXT;
    for (int i = 0; i < 16; i++) {
      out.gpr[i] = RawMemory.getLong(context + Trampoline.SC_GPR[i] * 8L);
    }
    out.rip = RawMemory.getLong(context + Trampoline.SC_RIP * 8L);
    out.flags = RawMemory.getLong(context + Trampoline.SC_FLAGS * 8L);
    long segments = context + Trampoline.SC_SEGMENTS * 8L;
    out.selectors[StateLayout.CS] = selector(segments);
    out.selectors[StateLayout.SS] = selector(segments + 6);
    out.selectors[StateLayout.DS] = selector(block + Trampoline.AFTER_DS);
    out.selectors[StateLayout.ES] = selector(block + Trampoline.AFTER_ES);
    out.selectors[StateLayout.FS] = selector(block + Trampoline.AFTER_FS);
    out.selectors[StateLayout.GS] = selector(block + Trampoline.AFTER_GS);
    out.fsBase = RawMemory.getLong(block + Trampoline.AFTER_FS_BASE);
    out.gsBase = RawMemory.getLong(block + Trampoline.AFTER_GS_BASE);
    RawMemory.copy(block + Trampoline.AFTER_FX, out.fx, 0, CaseState.FX_END);
    out.fxInt(CaseState.FX_MXCSR + 4, 0); // MXCSR_MASK tells of the processor, not of the case
    RawMemory.copy(window.address() + ScratchLayout.DATA, out.memory, 0, ScratchLayout.DATA_SIZE);
  }

  private static int selector(long address) {
    return Short.toUnsignedInt(RawMemory.getShort(address));
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      signals.restoreHandlers();
      signals.restoreStack();
      signals.mask(formerMask);
      control.close();
      window.close();
      code.close();
    }
  }
}
