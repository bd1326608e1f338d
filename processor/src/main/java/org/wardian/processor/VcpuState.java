package org.wardian.processor;

import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * The saved state of a vCPU: one record, the same whatever executed it, so that a state saved on
 * one accelerator is loaded on another.
 */
public final class VcpuState {
  private static final int VERSION = 1;

  /** What belongs to the running tier, or is meaningless elsewhere. */
  private static final int[][] DERIVED = {
    {StateLayout.ZERO, StateLayout.RIP - StateLayout.ZERO},
    {StateLayout.PENDING, 4},
    {StateLayout.MODE, 4},
    {StateLayout.TLB_CURRENT, 8},
    {
      StateLayout.SEGMENTS + StateLayout.NO_SEGMENT * StateLayout.SEGMENT_STRIDE,
      StateLayout.SEGMENT_STRIDE
    },
    {StateLayout.TSC_OFFSET, 8},
    {StateLayout.TRANSLATOR, 0x60},
  };

  private VcpuState() {}

  /** Writes the record {@code vcpu<id>}. */
  public static void save(Vcpu vcpu, int id, StateWriter out) {
    byte[] block = new byte[StateLayout.ARCHITECTURAL_SIZE];
    RawMemory.copy(vcpu.state(), block, 0, block.length);
    for (int[] range : DERIVED) {
      java.util.Arrays.fill(block, range[0], range[0] + range[1], (byte) 0);
    }
    out.begin("vcpu" + id, VERSION);
    out.writeBytes(block);
    out.writeLong(vcpu.timestamp());
    out.end();
  }

  /**
   * Reads the record that {@link #save} wrote.
   *
   * @throws StateException if it is not one, or is no state that a processor can be in
   */
  public static void load(Vcpu vcpu, int id, StateReader in) {
    in.begin("vcpu" + id, VERSION);
    byte[] block = in.readBytes();
    long ticks = in.readLong();
    in.end();
    if (block.length != StateLayout.ARCHITECTURAL_SIZE) {
      throw new StateException("vcpu" + id + " has a state of " + block.length + " bytes");
    }
    vcpu.reset();
    long state = vcpu.state();
    int at = 0;
    for (int[] range : DERIVED) {
      RawMemory.copy(slice(block, at, range[0]), 0, state + at, range[0] - at);
      at = range[0] + range[1];
    }
    RawMemory.copy(slice(block, at, block.length), 0, state + at, block.length - at);
    try {
      vcpu.stateChanged();
    } catch (IllegalArgumentException e) {
      throw new StateException("vcpu" + id + ": " + e.getMessage());
    }
    vcpu.timestamp(ticks);
  }

  private static byte[] slice(byte[] block, int from, int to) {
    return java.util.Arrays.copyOfRange(block, from, to);
  }
}
