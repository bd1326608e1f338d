package org.wardian.chipset;

import java.util.Arrays;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/** The physical layer of an 82540EM, a Marvell 88E1011, as the MDIC register reaches it. */
final class E1000Phy {
  private static final int ADDRESS = 1;
  private static final int DATA = 0xffff;
  private static final int WRITE = 0x04000000;
  private static final int READ = 0x08000000;
  private static final int READY = 0x10000000;
  private static final int ERROR = 0x40000000;

  private static final int CONTROL = 0;
  private static final int STATUS = 1;
  private static final int SPECIFIC_STATUS = 17;
  private static final int CONTROL_SELF_CLEARING = 0x8200;
  private static final int STATUS_LINK = 0x0024;
  private static final int SPECIFIC_LINK = 0x0c00;

  private final int[] registers = new int[32];

  void reset(boolean link) {
    Arrays.fill(registers, 0);
    registers[CONTROL] = 0x1140;
    registers[STATUS] = 0x7949;
    registers[2] = 0x0141;
    registers[3] = 0x0c20;
    registers[4] = 0x0de1;
    registers[5] = link ? 0x41e0 : 0;
    registers[6] = 1;
    registers[9] = 0x0e00;
    registers[10] = link ? 0x3c00 : 0;
    registers[16] = 0x0360;
    registers[SPECIFIC_STATUS] = 0xa000; // 1000 Mb/s, full duplex
    registers[20] = 0x0d60;
  }

  /** What MDIC reads as after {@code request} was written to it. */
  int access(int request, boolean link) {
    int register = request >> 16 & 0x1f;
    if ((request >> 21 & 0x1f) != ADDRESS) {
      return request | READY | ERROR;
    }
    if ((request & WRITE) != 0) {
      write(register, request & DATA);
      return request | READY;
    }
    if ((request & READ) == 0) {
      return request | READY | ERROR;
    }
    int value = registers[register];
    if (register == STATUS && link) {
      value |= STATUS_LINK;
    } else if (register == SPECIFIC_STATUS && link) {
      value |= SPECIFIC_LINK;
    }
    return request & ~DATA | value | READY;
  }

  private void write(int register, int value) {
    switch (register) {
      case CONTROL -> registers[CONTROL] = value & ~CONTROL_SELF_CLEARING;
      case STATUS, 2, 3, 5, 6, 10, SPECIFIC_STATUS -> {} // read-only
      default -> registers[register] = value;
    }
  }

  void save(StateWriter out) {
    out.writeInts(registers);
  }

  void load(StateReader in) {
    in.readInts(registers);
    for (int i = 0; i < registers.length; i++) {
      registers[i] &= DATA;
    }
  }
}
