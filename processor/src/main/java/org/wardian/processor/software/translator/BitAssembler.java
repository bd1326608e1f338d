package org.wardian.processor.software.translator;

/** Shifts, bit operations, string operations and BMI2's shifts. */
abstract sealed class BitAssembler extends IntegerAssembler permits HostAssembler {
  public static final int ROL = 0;
  public static final int ROR = 1;
  public static final int RCL = 2;
  public static final int RCR = 3;
  public static final int SHL = 4;
  public static final int SHR = 5;
  public static final int SAR = 7;

  public static final int BT = 4;
  public static final int BTS = 5;
  public static final int BTR = 6;
  public static final int BTC = 7;

  /** {@code op} is {@link #ROL} to {@link #SAR}; {@code count} is taken as it is, 8 bits. */
  public final void shift(int op, int size, int register, int count) {
    boolean one = count == 1;
    register(sized(one ? 0xd0 : 0xc0, size) & ~BYTE_REG, op, register);
    if (!one) {
      put8(count);
    }
  }

  public final void shiftStore(int op, int size, long operand, int count) {
    boolean one = count == 1;
    memory(sized(one ? 0xd0 : 0xc0, size) & ~BYTE_REG, op, operand, one ? 0 : 1);
    if (!one) {
      put8(count);
    }
  }

  /** By CL. */
  public final void shiftCl(int op, int size, int register) {
    register(sized(0xd2, size) & ~BYTE_REG, op, register);
  }

  public final void shiftClStore(int op, int size, long operand) {
    memory(sized(0xd2, size) & ~BYTE_REG, op, operand, 0);
  }

  /** Shifts bits of {@code source} into {@code destination} from the right; 2, 4 or 8 bytes. */
  public final void shld(int size, int destination, int source, int count) {
    register(wide(MAP_0F | 0xa4, size), source, destination);
    put8(count);
  }

  public final void shldStore(int size, long destination, int source, int count) {
    memory(wide(MAP_0F | 0xa4, size), source, destination, 1);
    put8(count);
  }

  public final void shldCl(int size, int destination, int source) {
    register(wide(MAP_0F | 0xa5, size), source, destination);
  }

  public final void shldClStore(int size, long destination, int source) {
    memory(wide(MAP_0F | 0xa5, size), source, destination, 0);
  }

  /** Shifts bits of {@code source} into {@code destination} from the left; 2, 4 or 8 bytes. */
  public final void shrd(int size, int destination, int source, int count) {
    register(wide(MAP_0F | 0xac, size), source, destination);
    put8(count);
  }

  public final void shrdStore(int size, long destination, int source, int count) {
    memory(wide(MAP_0F | 0xac, size), source, destination, 1);
    put8(count);
  }

  public final void shrdCl(int size, int destination, int source) {
    register(wide(MAP_0F | 0xad, size), source, destination);
  }

  public final void shrdClStore(int size, long destination, int source) {
    memory(wide(MAP_0F | 0xad, size), source, destination, 0);
  }

  /** {@code op} is {@link #BT} to {@link #BTC}; 2, 4 or 8 bytes. */
  public final void bit(int op, int size, int register, int index) {
    register(wide(MAP_0F | 0x83 | op << 3, size), index, register);
  }

  public final void bitImmediate(int op, int size, int register, int index) {
    register(wide(MAP_0F | 0xba, size), op, register);
    put8(index);
  }

  /** The bit may lie outside the operand: its address is that of the operand plus index / 8. */
  public final void bitStore(int op, int size, long operand, int index) {
    memory(wide(MAP_0F | 0x83 | op << 3, size), index, operand, 0);
  }

  public final void bitStoreImmediate(int op, int size, long operand, int index) {
    memory(wide(MAP_0F | 0xba, size), op, operand, 1);
    put8(index);
  }

  public final void bsf(int size, int destination, int source) {
    register(wide(MAP_0F | 0xbc, size), destination, source);
  }

  public final void bsfLoad(int size, int destination, long source) {
    memory(wide(MAP_0F | 0xbc, size), destination, source, 0);
  }

  public final void bsr(int size, int destination, int source) {
    register(wide(MAP_0F | 0xbd, size), destination, source);
  }

  public final void bsrLoad(int size, int destination, long source) {
    memory(wide(MAP_0F | 0xbd, size), destination, source, 0);
  }

  public final void popcnt(int size, int destination, int source) {
    register(wide(PREFIX_F3 | MAP_0F | 0xb8, size), destination, source);
  }

  public final void popcntLoad(int size, int destination, long source) {
    memory(wide(PREFIX_F3 | MAP_0F | 0xb8, size), destination, source, 0);
  }

  /** 4 or 8 bytes. */
  public final void bswap(int size, int register) {
    embedded(wide(MAP_0F | 0xc8, size), register);
  }

  /** Prefix of the next string operation. */
  public final void rep() {
    ensure();
    put8(0xf3);
  }

  /** One element from [RSI] to [RDI]. */
  public final void movs(int size) {
    plain(sized(0xa4, size));
  }

  /** One element of the accumulator to [RDI]. */
  public final void stos(int size) {
    plain(sized(0xaa, size));
  }

  /** BMI2, 4 or 8 bytes: shifts by a register, no flags change. */
  public final void shlx(int size, int destination, int source, int count) {
    vector(1, 2, 0xf7, size, destination, source, count);
  }

  public final void shrx(int size, int destination, int source, int count) {
    vector(3, 2, 0xf7, size, destination, source, count);
  }

  public final void sarx(int size, int destination, int source, int count) {
    vector(2, 2, 0xf7, size, destination, source, count);
  }

  /** BMI2, 4 or 8 bytes: rotates right by an immediate, no flags change. */
  public final void rorx(int size, int destination, int source, int count) {
    vector(3, 3, 0xf0, size, destination, source, 0);
    put8(count);
  }

  public final void shlxLoad(int size, int destination, long source, int count) {
    vectorMemory(1, 2, 0xf7, size, destination, source, count, 0);
  }

  public final void shrxLoad(int size, int destination, long source, int count) {
    vectorMemory(3, 2, 0xf7, size, destination, source, count, 0);
  }

  public final void sarxLoad(int size, int destination, long source, int count) {
    vectorMemory(2, 2, 0xf7, size, destination, source, count, 0);
  }

  public final void rorxLoad(int size, int destination, long source, int count) {
    vectorMemory(3, 3, 0xf0, size, destination, source, 0, 1);
    put8(count);
  }

  /** VEX.LZ: Intel SDM vol. 2 §2.3.5; R, X, B and vvvv are stored inverted. */
  private void vector(int pp, int map, int opcode, int size, int reg, int rm, int second) {
    ensure();
    put8(0xc4);
    put8((reg >> 3 ^ 1) << 7 | 1 << 6 | (rm >> 3 ^ 1) << 5 | map);
    put8((size == 8 ? 0x80 : 0) | (second ^ 15) << 3 | pp);
    put8(opcode);
    put8(0xc0 | (reg & 7) << 3 | rm & 7);
  }

  private void vectorMemory(
      int pp, int map, int opcode, int size, int reg, long memory, int second, int immediateBytes) {
    ensure();
    int base = HostMemory.base(memory);
    int index = HostMemory.index(memory);
    int x = index < HostMemory.NONE ? index >> 3 : 0;
    int b = base < HostMemory.NONE ? base >> 3 : 0;
    put8(0xc4);
    put8((reg >> 3 ^ 1) << 7 | (x ^ 1) << 6 | (b ^ 1) << 5 | map);
    put8((size == 8 ? 0x80 : 0) | (second ^ 15) << 3 | pp);
    put8(opcode);
    int displacement = HostMemory.displacement(memory);
    place((reg & 7) << 3, base, index, HostMemory.shift(memory), displacement, immediateBytes);
  }
}
