package org.wardian.processor.software;

import java.util.Arrays;
import org.wardian.host.Mapping;
import org.wardian.memory.RawMemory;
import org.wardian.x86.Instruction;

/**
 * The memory of dense code: pairs of 64-bit words by index, off-heap, and the decoded instructions
 * that some of them name. It only grows until it is full; then everything is decoded anew.
 */
final class CodeStore implements AutoCloseable {
  /**
   * Index of the place for one instruction alone, which {@link #beginSingle} opens. Index 0 is
   * never an operation, so that 0 can mean "none".
   */
  static final int SINGLE = 2;

  private static final int FIRST = 8;

  /** Words that one run of instructions may take at most. */
  private static final int SLACK = 512;

  private final Mapping mapping;
  private final int capacity;

  /** Host address of index 0. */
  final long base;

  Instruction[] instructions = new Instruction[1024];
  private int size = FIRST;
  private int instructionCount = 1;
  private int savedSize;
  private int savedCount;

  /** Counts the times that everything was thrown away. */
  int generation;

  /** Room for {@code words} 64-bit words; host memory is committed as it is used. */
  CodeStore(int words) {
    mapping = Mapping.anonymous(words * 8L);
    base = mapping.address();
    capacity = words;
  }

  boolean full() {
    return size > capacity - SLACK;
  }

  void clear() {
    size = FIRST;
    Arrays.fill(instructions, 0, instructionCount, null);
    instructionCount = 1;
    generation++;
  }

  /** Directs what follows to {@link #SINGLE}. */
  void beginSingle() {
    savedSize = size;
    savedCount = instructionCount;
    size = SINGLE;
    instructionCount = 0;
  }

  /** Ends {@link #beginSingle}. */
  void endSingle() {
    size = savedSize;
    instructionCount = savedCount;
  }

  /** Index of the next operation. */
  int next() {
    return size;
  }

  int emit(long w0, long w1) {
    int at = size;
    put(at, w0, w1);
    size = at + 2;
    return at;
  }

  void put(int index, long w0, long w1) {
    RawMemory.putLong(base + index * 8L, w0);
    RawMemory.putLong(base + index * 8L + 8, w1);
  }

  long word(int index) {
    return RawMemory.getLong(base + index * 8L);
  }

  /**
   * Makes the operation at {@code index}, of the page at {@code physical}, look itself up again.
   */
  void stale(int index, long physical) {
    put(index, word(index) & ~(long) Ops.MASK | Ops.STALE, physical);
  }

  int keep(Instruction instruction) {
    if (instructionCount == instructions.length) {
      instructions = Arrays.copyOf(instructions, instructionCount * 2);
    }
    instructions[instructionCount] = instruction;
    return instructionCount++;
  }

  @Override
  public void close() {
    mapping.close();
  }
}
