package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/**
 * What the semantics of an instruction group may touch: the state block, guest memory through
 * segmentation and paging, and the way to raise an exception.
 *
 * <p>Rule of restartability: an operation makes every access that can fault, and every check,
 * before it changes a register, a flag or memory. A store that can fault comes before register
 * updates.
 */
public abstract class VcpuContext {
  /** Host address of the state block; offsets are {@link StateLayout}'s. */
  public final long state;

  /** Low half of the last {@link #load128}. */
  public long low;

  /** High half of the last {@link #load128}. */
  public long high;

  protected VcpuContext(long state) {
    this.state = state;
  }

  /** Effective address (offset within the segment) of the memory operand, cut to address size. */
  public abstract long address(Instruction instruction);

  /**
   * Loads {@code size} bytes (1, 2, 4 or 8), zero-extended, from {@code offset} in segment register
   * {@code segment}.
   *
   * @throws GuestFault #GP, #SS, #PF or #AC
   */
  public abstract long load(int segment, long offset, int size);

  /** Loads 16 bytes into {@link #low} and {@link #high}; no alignment is asked. */
  public abstract void load128(int segment, long offset);

  /** Stores the low {@code size} bytes (1, 2, 4 or 8) of {@code value}. */
  public abstract void store(int segment, long offset, int size, long value);

  /** Stores 16 bytes, all or nothing. */
  public abstract void store128(int segment, long offset, long low, long high);

  /** Faults, without storing, where a store of {@code size} bytes (any size up to 4096) would. */
  public abstract void probeStore(int segment, long offset, int size);

  /** Faults where a load of {@code size} bytes (any size up to 4096) would. */
  public abstract void probeLoad(int segment, long offset, int size);

  /**
   * Checks a load or store of {@code size} bytes against its segment, and its alignment: #AC with
   * CR0.AM and EFLAGS.AC set at privilege level 3. Stores check by themselves; this is for
   * instructions that touch single bytes of a larger operand.
   */
  public void checkAlignment(int segment, long offset, int size, boolean write) {
    // A context without alignment checks accepts any address.
  }

  /** Lets the accesses that follow go without alignment checks, until called with false. */
  public void exemptFromAlignment(boolean exempt) {
    // A context without alignment checks has nothing to switch off.
  }

  /** Prepares the exception to throw: {@code throw context.fault(Vector.UD, 0);}. */
  public abstract GuestFault fault(int vector, int errorCode);

  /** Writes the six status flags from RFLAGS-shaped {@code flags} (bits 0, 2, 4, 6, 7, 11). */
  public final void statusFlags(long flags) {
    Flags.set(state, flags);
  }

  /** Control register n (0, 2, 3, 4). */
  public final long cr(int n) {
    return RawMemory.getLong(state + StateLayout.CR0 + (n == 0 ? 0 : (n - 1) * 8L));
  }

  /** Whole 64-bit general register (0 to 15). */
  public final long gpr(int register) {
    return RawMemory.getLong(state + StateLayout.GPR + register * 8L);
  }

  /** Writes a whole 64-bit general register. */
  public final void gpr(int register, long value) {
    RawMemory.putLong(state + StateLayout.GPR + register * 8L, value);
  }

  /** Low 64 bits of XMM register {@code register}. */
  public final long xmmLow(int register) {
    return RawMemory.getLong(state + StateLayout.VECTOR + register * 32L);
  }

  /** High 64 bits of XMM register {@code register}. */
  public final long xmmHigh(int register) {
    return RawMemory.getLong(state + StateLayout.VECTOR + register * 32L + 8);
  }

  /** Writes XMM register {@code register}. */
  public final void xmm(int register, long low, long high) {
    RawMemory.putLong(state + StateLayout.VECTOR + register * 32L, low);
    RawMemory.putLong(state + StateLayout.VECTOR + register * 32L + 8, high);
  }

  /** Writes the low 64 bits of an XMM register, leaving the high ones. */
  public final void xmmLow(int register, long low) {
    RawMemory.putLong(state + StateLayout.VECTOR + register * 32L, low);
  }

  /** Writes the high 64 bits of an XMM register, leaving the low ones. */
  public final void xmmHigh(int register, long high) {
    RawMemory.putLong(state + StateLayout.VECTOR + register * 32L + 8, high);
  }
}
