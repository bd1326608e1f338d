package org.wardian.processor.software.sse;

import java.lang.foreign.Arena;
import java.util.HexFormat;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.processor.software.FlatContext;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/** A flat context with SSE switched on, and a way to execute one instruction given by its bytes. */
final class SseMachine {
  static final int MEMORY_SIZE = 64;
  static final int DEFAULT_MXCSR = 0x1f80;

  private static final long CR0_PE = 1;
  private static final long CR4_OSFXSR_OSXMMEXCPT = 3 << 9;

  final FlatContext context = FlatContext.create(Arena.global(), MEMORY_SIZE);
  private final Decoder decoder = new Decoder(CpuModel.standard());
  private final SseUnit unit = new SseUnit();
  private final Instruction instruction = new Instruction();
  private String decoded;

  SseMachine() {
    reset();
  }

  /** Registers, flags and memory zero, MXCSR as after reset, SSE available. */
  void reset() {
    RawMemory.fill(context.state, StateLayout.ARCHITECTURAL_SIZE + (long) MEMORY_SIZE, (byte) 0);
    control0(CR0_PE);
    control4(CR4_OSFXSR_OSXMMEXCPT);
    mxcsr(DEFAULT_MXCSR);
    context.statusFlags(0);
  }

  /** Decodes {@code code} as 64-bit code and executes it. */
  void execute(String code) {
    if (!code.equals(decoded)) {
      byte[] bytes = HexFormat.of().parseHex(code);
      int result = decoder.decode(bytes, 0, bytes.length, 8, instruction);
      if (result != Decoder.OK || instruction.length != bytes.length) {
        throw new IllegalArgumentException("not one instruction: " + code);
      }
      decoded = code;
    }
    if (!SseUnit.handles(instruction)) {
      throw new IllegalArgumentException("not an SSE instruction: " + code);
    }
    unit.execute(context, instruction);
  }

  void control0(long value) {
    RawMemory.putLong(context.state + StateLayout.CR0, value);
  }

  void control4(long value) {
    RawMemory.putLong(context.state + StateLayout.CR4, value);
  }

  int mxcsr() {
    return RawMemory.getInt(context.state + StateLayout.MXCSR);
  }

  void mxcsr(int value) {
    RawMemory.putInt(context.state + StateLayout.MXCSR, value);
  }

  int statusFlags() {
    return Flags.get(context.state);
  }

  /** A quadword of memory. */
  long memory(int offset) {
    return RawMemory.getLong(context.memory() + offset);
  }

  void memory(int offset, long value) {
    RawMemory.putLong(context.memory() + offset, value);
  }
}
