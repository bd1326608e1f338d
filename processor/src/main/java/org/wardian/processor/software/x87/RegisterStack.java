package org.wardian.processor.software.x87;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * The x87 register stack, tags, control and status word of one virtual processor, as they lie in
 * the state block. Source: Intel SDM vol. 1 §8.1.
 */
final class RegisterStack {
  /** Stack fault flag of the status word. */
  static final int STACK_FAULT = 0x40;

  /** Error summary and busy bit: an unmasked exception is pending. */
  static final int SUMMARY = 0x8080;

  static final int C0 = 0x100;
  static final int C1 = 0x200;
  static final int C2 = 0x400;
  static final int C3 = 0x4000;

  private static final int TOP = 0x3800;

  /** Address of the state block. */
  long state;

  /** The control word's value after FNINIT: all masked, 64 bits, to nearest. */
  static final int INITIAL_CONTROL = 0x37f;

  int control() {
    return RawMemory.getShort(state + StateLayout.FCW) & 0xffff;
  }

  /** Sets the control word; reserved bits read back as on hardware, and the summary follows. */
  void control(int value) {
    RawMemory.putShort(state + StateLayout.FCW, (short) (value & 0x1f3f | 0x40));
    status(status());
  }

  int status() {
    return RawMemory.getShort(state + StateLayout.FSW) & 0xffff;
  }

  /** Sets the status word; the summary bits are computed from flags and masks. */
  void status(int value) {
    boolean pending = (value & ~control() & 0x3f) != 0;
    int status = pending ? value | SUMMARY : value & ~SUMMARY;
    RawMemory.putShort(state + StateLayout.FSW, (short) status);
  }

  int tags() {
    return RawMemory.getByte(state + StateLayout.FTW) & 0xff;
  }

  void tags(int value) {
    RawMemory.putByte(state + StateLayout.FTW, (byte) value);
  }

  int top() {
    return status() >> 11 & 7;
  }

  void top(int top) {
    int status = status() & ~TOP | (top & 7) << 11;
    RawMemory.putShort(state + StateLayout.FSW, (short) status);
  }

  private long address(int i) {
    return state + StateLayout.ST + (top() + i & 7) * (long) StateLayout.ST_STRIDE;
  }

  long significand(int i) {
    return RawMemory.getLong(address(i));
  }

  int signExponent(int i) {
    return RawMemory.getShort(address(i) + 8) & 0xffff;
  }

  /** Writes ST(i) and tags it as not empty. */
  void set(int i, int signExponent, long significand) {
    long address = address(i);
    RawMemory.putLong(address, significand);
    RawMemory.putShort(address + 8, (short) signExponent);
    tags(tags() | 1 << (top() + i & 7));
  }

  boolean isEmpty(int i) {
    return (tags() >> (top() + i & 7) & 1) == 0;
  }

  void free(int i) {
    tags(tags() & ~(1 << (top() + i & 7)));
  }

  void push(int signExponent, long significand) {
    top(top() - 1);
    set(0, signExponent, significand);
  }

  void pop() {
    free(0);
    top(top() + 1);
  }

  void pop(int times) {
    for (int i = 0; i < times; i++) {
      pop();
    }
  }

  /** Replaces condition bits C0, C2 and C3, and clears C1. */
  void conditions(int bits) {
    int status = status() & ~(C0 | C1 | C2 | C3) | bits;
    RawMemory.putShort(state + StateLayout.FSW, (short) status);
  }

  void clearC2() {
    RawMemory.putShort(state + StateLayout.FSW, (short) (status() & ~C2));
  }

  /** Adds exception flags, and C1 where {@code flags} has it; C1 is cleared else. */
  void raise(int flags) {
    int status = status() & ~C1 | flags;
    if (flags == 0) {
      RawMemory.putShort(state + StateLayout.FSW, (short) status);
    } else {
      status(status);
    }
  }

  /** Whether an unmasked exception waits for the next x87 instruction. */
  boolean isPending() {
    return (status() & 0x80) != 0;
  }

  /** FNINIT; the data registers keep their contents. */
  void initialise() {
    RawMemory.putShort(state + StateLayout.FCW, (short) INITIAL_CONTROL);
    RawMemory.putShort(state + StateLayout.FSW, (short) 0);
    RawMemory.putByte(state + StateLayout.FTW, (byte) 0);
    RawMemory.putShort(state + StateLayout.FOP, (short) 0);
    RawMemory.putLong(state + StateLayout.FIP, 0);
    RawMemory.putLong(state + StateLayout.FDP, 0);
    RawMemory.putShort(state + StateLayout.FCS, (short) 0);
    RawMemory.putShort(state + StateLayout.FDS, (short) 0);
  }
}
