package org.wardian.processor.software.x87;

import org.wardian.memory.RawMemory;
import org.wardian.processor.software.VcpuContext;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/**
 * FNSTENV, FLDENV, FNSAVE and FRSTOR: the environment in its four layouts (16 or 32 bits, real or
 * protected mode). Source: Intel SDM vol. 1 figures 8-9 to 8-12.
 */
final class Environment {
  private static final long VM = 1L << 17;

  private final RegisterStack stack;
  private final byte[] image = new byte[108];

  Environment(RegisterStack stack) {
    this.stack = stack;
  }

  private static boolean isProtected(VcpuContext context) {
    return (context.cr(0) & 1) != 0
        && (RawMemory.getLong(context.state + StateLayout.EFLAGS) & VM) == 0;
  }

  private static int size(Instruction instruction) {
    return instruction.operandSize == 2 ? 14 : 28;
  }

  /** The 16-bit tag word: 0 valid, 1 zero, 2 special, 3 empty, for each physical register. */
  private int fullTags() {
    int top = stack.top();
    int tags = 0;
    for (int physical = 0; physical < 8; physical++) {
      int i = physical - top & 7;
      int tag;
      if (stack.isEmpty(i)) {
        tag = 3;
      } else if (Float80.isNormal(stack.signExponent(i), stack.significand(i))) {
        tag = 0;
      } else {
        tag = Float80.isZero(stack.signExponent(i), stack.significand(i)) ? 1 : 2;
      }
      tags |= tag << 2 * physical;
    }
    return tags;
  }

  private void put16(int at, long value) {
    image[at] = (byte) value;
    image[at + 1] = (byte) (value >> 8);
  }

  private void put32(int at, long value) {
    put16(at, value);
    put16(at + 2, value >> 16);
  }

  private int get16(int at) {
    return image[at] & 0xff | (image[at + 1] & 0xff) << 8;
  }

  private long get32(int at) {
    return get16(at) | (long) get16(at + 2) << 16;
  }

  private void fill(VcpuContext context, int size) {
    long state = context.state;
    long fip = RawMemory.getLong(state + StateLayout.FIP);
    long fdp = RawMemory.getLong(state + StateLayout.FDP);
    int fcs = RawMemory.getShort(state + StateLayout.FCS);
    int fds = RawMemory.getShort(state + StateLayout.FDS);
    int fop = RawMemory.getShort(state + StateLayout.FOP) & 0x7ff;
    boolean isProtected = isProtected(context);
    if (size == 28) {
      // Reserved halves are written as ones.
      put32(0, stack.control() | 0xffff0000L);
      put32(4, stack.status() | 0xffff0000L);
      put32(8, fullTags() | 0xffff0000L);
      if (isProtected) {
        put32(12, fip);
        put32(16, fcs & 0xffff | (long) fop << 16);
        put32(20, fdp);
        put32(24, fds | 0xffff0000L);
      } else {
        long ip = fip + ((fcs & 0xffffL) << 4);
        long dp = fdp + ((fds & 0xffffL) << 4);
        put32(12, ip | 0xffff0000L);
        put32(16, fop | (ip >> 16 & 0xffff) << 12);
        put32(20, dp | 0xffff0000L);
        put32(24, (dp >> 16 & 0xffff) << 12);
      }
      return;
    }
    put16(0, stack.control());
    put16(2, stack.status());
    put16(4, fullTags());
    if (isProtected) {
      put16(6, fip);
      put16(8, fcs);
      put16(10, fdp);
      put16(12, fds);
    } else {
      long ip = fip + ((fcs & 0xffffL) << 4);
      long dp = fdp + ((fds & 0xffffL) << 4);
      put16(6, ip);
      put16(8, fop | (ip >> 16 & 15) << 12);
      put16(10, dp);
      put16(12, (dp >> 16 & 15) << 12);
    }
  }

  private void write(VcpuContext context, int segment, long offset, int size) {
    // Alignment is that of the first field, and the last byte is looked at before the others, as on
    // the processors that were asked.
    context.checkAlignment(segment, offset, step(size), true);
    context.exemptFromAlignment(true);
    try {
      context.probeStore(segment, offset + size - 1, 1);
      context.probeStore(segment, offset, size);
      int at = 0;
      for (; at + 4 <= size; at += 4) {
        context.store(segment, offset + at, 4, get32(at));
      }
      if (at < size) {
        context.store(segment, offset + at, 2, get16(at));
      }
    } finally {
      context.exemptFromAlignment(false);
    }
  }

  /** Bytes of a field of the environment in an image of {@code size} bytes. */
  private static int step(int size) {
    return size == 14 || size == 94 ? 2 : 4;
  }

  private void read(VcpuContext context, int segment, long offset, int size) {
    context.checkAlignment(segment, offset, step(size), false);
    context.exemptFromAlignment(true);
    try {
      context.probeLoad(segment, offset + size - 1, 1);
      int at = 0;
      for (; at + 4 <= size; at += 4) {
        put32(at, context.load(segment, offset + at, 4));
      }
      if (at < size) {
        put16(at, context.load(segment, offset + at, 2));
      }
    } finally {
      context.exemptFromAlignment(false);
    }
  }

  /** FNSTENV; masks all exceptions afterwards. */
  void store(VcpuContext context, Instruction instruction) {
    int size = size(instruction);
    fill(context, size);
    write(context, instruction.segment, context.address(instruction), size);
    stack.control(stack.control() | 0x3f);
  }

  /** FNSAVE; initialises the unit afterwards. */
  void save(VcpuContext context, Instruction instruction) {
    int size = size(instruction);
    fill(context, size);
    for (int i = 0; i < 8; i++) {
      int at = size + 10 * i;
      put32(at, stack.significand(i));
      put32(at + 4, stack.significand(i) >>> 32);
      put16(at + 8, stack.signExponent(i));
    }
    write(context, instruction.segment, context.address(instruction), size + 80);
    stack.initialise();
  }

  private void load(VcpuContext context, int size) {
    int step = size == 28 ? 4 : 2;
    long state = context.state;
    int tags = get16(2 * step);
    int abridged = 0;
    for (int i = 0; i < 8; i++) {
      if ((tags >> 2 * i & 3) != 3) {
        abridged |= 1 << i;
      }
    }
    RawMemory.putShort(state + StateLayout.FSW, (short) get16(step));
    stack.control(get16(0));
    stack.tags(abridged);
    long fip;
    long fdp;
    int fop = 0;
    if (isProtected(context)) {
      fip = size == 28 ? get32(12) : get16(6);
      fdp = size == 28 ? get32(20) : get16(10);
      if (size == 28) {
        fop = get16(18) & 0x7ff;
      }
    } else if (size == 28) {
      fip = get16(12) | (get32(16) >> 12 & 0xffff) << 16;
      fdp = get16(20) | (get32(24) >> 12 & 0xffff) << 16;
      fop = get16(16) & 0x7ff;
    } else {
      fip = get16(6) | (get16(8) >> 12) << 16;
      fdp = get16(10) | (get16(12) >> 12) << 16;
      fop = get16(8) & 0x7ff;
    }
    RawMemory.putLong(state + StateLayout.FIP, fip);
    RawMemory.putLong(state + StateLayout.FDP, fdp);
    RawMemory.putShort(state + StateLayout.FOP, (short) fop);
    // Selectors are not kept: CPUID.7.0:EBX[13].
    RawMemory.putShort(state + StateLayout.FCS, (short) 0);
    RawMemory.putShort(state + StateLayout.FDS, (short) 0);
  }

  /** FLDENV. */
  void load(VcpuContext context, Instruction instruction) {
    int size = size(instruction);
    read(context, instruction.segment, context.address(instruction), size);
    load(context, size);
  }

  /** FRSTOR. */
  void restore(VcpuContext context, Instruction instruction) {
    int size = size(instruction);
    read(context, instruction.segment, context.address(instruction), size + 80);
    load(context, size);
    int tags = stack.tags();
    for (int i = 0; i < 8; i++) {
      int at = size + 10 * i;
      stack.set(i, get16(at + 8), get32(at) | get32(at + 4) << 32);
    }
    stack.tags(tags);
  }
}
