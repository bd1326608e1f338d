package org.wardian.chipset;

import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.network.MacAddress;

/**
 * The 64 words beside an 82540EM, a Microwire 93C46 (8254x Software Developer's Manual, §5): read
 * bit by bit by the EECD register, or a word at a time by EERD.
 */
final class E1000Eeprom {
  private static final int WORDS = 64;
  private static final int CHECKSUM = 0xbaba;

  private static final int CLOCK = 0x001;
  private static final int SELECT = 0x002;
  private static final int DATA_IN = 0x004;
  private static final int DATA_OUT = 0x008;
  private static final int REQUEST = 0x040;
  private static final int GRANT = 0x080;
  private static final int PRESENT = 0x100;
  private static final int WRITABLE = CLOCK | SELECT | DATA_IN | 0x30 | REQUEST;

  /** A start bit, two bits of operation code, six of address. */
  private static final int COMMAND_BITS = 9;

  private static final int READ = 6;

  private final int[] words = new int[WORDS];
  private int pins;
  private int shifted;
  private int bits;

  /** The bit of all words that shows at the output, from the first word's top bit on; -1 none. */
  private int output = -1;

  E1000Eeprom(MacAddress address) {
    byte[] mac = new byte[6];
    address.write(mac, 0);
    for (int i = 0; i < 3; i++) {
      words[i] = mac[2 * i] & 0xff | (mac[2 * i + 1] & 0xff) << 8;
    }
    words[0x08] = 0x3000;
    words[0x09] = 0x1000;
    words[0x0a] = 0x6403; // initialization control 1: IDs and subsystem IDs are loaded
    words[0x0b] = 0x100e; // subsystem
    words[0x0c] = 0x8086;
    words[0x0d] = 0x100e;
    words[0x0e] = 0x8086;
    words[0x0f] = 0x3040;
    words[0x10] = 0x0008;
    words[0x11] = 0x2000;
    words[0x12] = 0x7e14;
    words[0x13] = 0x0048;
    words[0x14] = 0x1000;
    words[0x15] = 0x00d8;
    words[0x17] = 0x2700;
    words[0x18] = 0x6cc9;
    words[0x19] = 0x3150;
    words[0x1a] = 0x0722;
    words[0x1b] = 0x040b;
    words[0x1c] = 0x0984;
    words[0x1e] = 0xc000;
    words[0x1f] = 0x0706;
    words[0x20] = 0x1008;
    words[0x22] = 0x0f04;
    words[0x23] = 0x7fff;
    words[0x24] = 0x4d01;
    int sum = 0;
    for (int i = 0; i < WORDS - 1; i++) {
      sum += words[i];
    }
    words[WORDS - 1] = CHECKSUM - sum & 0xffff;
  }

  void reset() {
    pins = 0;
    shifted = 0;
    bits = 0;
    output = -1;
  }

  int word(int number) {
    return words[number & WORDS - 1];
  }

  /** The EECD register. */
  int read() {
    boolean high = output < 0 || (word(output >> 4) >> (output & 15 ^ 15) & 1) != 0;
    boolean granted = (pins & REQUEST) != 0;
    return pins | PRESENT | (granted ? GRANT : 0) | (high ? DATA_OUT : 0);
  }

  void write(int value) {
    int before = pins;
    pins = value & WRITABLE;
    if ((pins & SELECT) == 0) {
      return;
    }
    if ((before & SELECT) == 0) {
      shifted = 0;
      bits = 0;
      output = -1;
    }
    boolean rises = (pins & ~before & CLOCK) != 0;
    boolean falls = (before & ~pins & CLOCK) != 0;
    if (falls && output >= -1 && bits > COMMAND_BITS) {
      output = output + 1 & WORDS * 16 - 1;
    } else if (rises) {
      clock();
    }
  }

  private void clock() {
    shifted = shifted << 1 & 0x1ff | (pins & DATA_IN) >> 2;
    bits = Math.min(bits + 1, 2 * COMMAND_BITS);
    if (bits == COMMAND_BITS && shifted >> 6 == READ) {
      // A zero precedes the data; the first bit follows with the next falling edge.
      output = ((shifted & WORDS - 1) << 4) - 1;
      bits = COMMAND_BITS + 1;
    } else if (bits == COMMAND_BITS) {
      bits = COMMAND_BITS - 1;
    }
  }

  void save(StateWriter out) {
    out.writeInts(new int[] {pins, shifted, bits, output});
  }

  void load(StateReader in) {
    int[] fields = new int[4];
    in.readInts(fields);
    pins = fields[0] & WRITABLE;
    shifted = fields[1] & 0x1ff;
    bits = Math.clamp(fields[2], 0, 2 * COMMAND_BITS);
    output = Math.clamp(fields[3], -1, WORDS * 16 - 1);
  }
}
