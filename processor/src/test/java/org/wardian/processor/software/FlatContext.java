package org.wardian.processor.software;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.wardian.memory.RawMemory;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/**
 * A context without segmentation or paging: memory operands lie in one block, an access outside is
 * #PF, and an address is base plus displacement. For tests of operation groups.
 */
public final class FlatContext extends VcpuContext {
  /** Keeps the memory: nothing else refers to it but by address. */
  private final MemorySegment block;

  private final long memory;
  private final int size;
  private final GuestFault fault = new GuestFault();

  private FlatContext(MemorySegment block, int size) {
    super(block.address());
    this.block = block;
    memory = block.address() + StateLayout.ARCHITECTURAL_SIZE;
    this.size = size;
  }

  /** A context with {@code size} bytes of memory at offset 0, alive as long as {@code arena}. */
  public static FlatContext create(Arena arena, int size) {
    return new FlatContext(arena.allocate(StateLayout.ARCHITECTURAL_SIZE + size, 64), size);
  }

  /** Host address of the guest's byte 0. */
  public long memory() {
    return memory;
  }

  private long at(long offset, int length) {
    if (offset < 0 || offset + length > size) {
      throw fault(Vector.PF, 0);
    }
    return memory + offset;
  }

  @Override
  public long address(Instruction instruction) {
    return instruction.displacement + (instruction.base < 16 ? gpr(instruction.base) : 0);
  }

  @Override
  public long load(int segment, long offset, int length) {
    long address = at(offset, length);
    return switch (length) {
      case 1 -> RawMemory.getByte(address) & 0xffL;
      case 2 -> RawMemory.getShort(address) & 0xffffL;
      case 4 -> RawMemory.getInt(address) & 0xffffffffL;
      default -> RawMemory.getLong(address);
    };
  }

  @Override
  public void load128(int segment, long offset) {
    long address = at(offset, 16);
    low = RawMemory.getLong(address);
    high = RawMemory.getLong(address + 8);
  }

  @Override
  public void store(int segment, long offset, int length, long value) {
    long address = at(offset, length);
    switch (length) {
      case 1 -> RawMemory.putByte(address, (byte) value);
      case 2 -> RawMemory.putShort(address, (short) value);
      case 4 -> RawMemory.putInt(address, (int) value);
      default -> RawMemory.putLong(address, value);
    }
  }

  @Override
  public void store128(int segment, long offset, long low, long high) {
    long address = at(offset, 16);
    RawMemory.putLong(address, low);
    RawMemory.putLong(address + 8, high);
  }

  @Override
  public void probeStore(int segment, long offset, int length) {
    at(offset, length);
  }

  @Override
  public void probeLoad(int segment, long offset, int length) {
    at(offset, length);
  }

  @Override
  public GuestFault fault(int vector, int errorCode) {
    fault.vector = vector;
    fault.errorCode = errorCode;
    return fault;
  }
}
