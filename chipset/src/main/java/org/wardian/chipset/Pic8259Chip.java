package org.wardian.chipset;

/**
 * One 8259A in 8086 mode (Intel 8259A data sheet). Guarded by the monitor of its {@link Pic8259}.
 */
final class Pic8259Chip {
  private static final int ICW1 = 0x10;
  private static final int ICW1_NEEDS_ICW4 = 0x01;
  private static final int ICW1_SINGLE = 0x02;
  private static final int ICW1_LEVEL = 0x08;
  private static final int ICW4_AUTO_EOI = 0x02;
  private static final int ICW4_SPECIAL_FULLY_NESTED = 0x10;
  private static final int OCW3 = 0x08;
  private static final int OCW3_POLL = 0x04;
  private static final int OCW3_READ = 0x02;
  private static final int OCW3_READ_ISR = 0x01;
  private static final int OCW3_SPECIAL_MASK_COMMAND = 0x40;
  private static final int OCW3_SPECIAL_MASK = 0x20;
  private static final int CASCADE_BIT = 1 << 2;
  private static final int SPURIOUS = 7;

  private final boolean master;

  /** The initialisation command word that the data port expects next: 2, 3, 4, or 0 for none. */
  private int expected;

  private boolean needsIcw4;
  private boolean single;
  private boolean levelTriggered;
  private int elcr;
  private int base;
  private int lines;
  private int irr;
  private int imr;
  private int isr;
  private int lowestPriority;
  private boolean autoEoi;
  private boolean rotateOnAutoEoi;
  private boolean specialMask;
  private boolean specialFullyNested;
  private boolean readIsr;
  private boolean poll;

  Pic8259Chip(boolean master) {
    this.master = master;
    registers(Pic8259Registers.Chip.powerOn(0));
  }

  /** What ICW1 resets; the edge sense circuit wants a new edge afterwards. */
  private void initialize() {
    irr &= levelLines();
    imr = 0;
    isr = 0;
    lowestPriority = 7;
    autoEoi = false;
    rotateOnAutoEoi = false;
    specialMask = false;
    specialFullyNested = false;
    readIsr = false;
    poll = false;
  }

  int edgeLevelControl() {
    return elcr;
  }

  void edgeLevelControl(int value) {
    elcr = value;
    irr = irr & ~elcr | lines & elcr;
  }

  private int levelLines() {
    return levelTriggered ? 0xff : elcr;
  }

  void set(int line, boolean level) {
    int bit = 1 << line;
    if (level) {
      if ((levelLines() & bit) != 0 || (lines & bit) == 0) {
        irr |= bit;
      }
      lines |= bit;
    } else {
      // An edge stays latched when its line falls, so that a pulse of no width is an interrupt;
      // the data sheet's chip answers such a one as spurious.
      irr &= ~(bit & levelLines());
      lines &= ~bit;
    }
  }

  /** Takes the slave's INT, as a level: a slave that no longer asks must not be acknowledged. */
  void cascade(boolean level) {
    irr = level ? irr | CASCADE_BIT : irr & ~CASCADE_BIT;
  }

  /** Whether INT is asserted. */
  boolean requesting() {
    return best() >= 0;
  }

  /** The unmasked request of highest priority that what is in service does not hold back, or -1. */
  private int best() {
    int candidates = irr & ~imr;
    if (candidates == 0) {
      return -1;
    }
    int blockers = specialMask ? isr & ~imr : isr;
    for (int i = 1; i <= 8; i++) {
      int line = (lowestPriority + i) & 7;
      int bit = 1 << line;
      boolean nests = specialFullyNested && master && bit == CASCADE_BIT;
      if ((candidates & bit) != 0 && ((blockers & bit) == 0 || nests)) {
        return line;
      }
      if ((blockers & bit) != 0) {
        return -1;
      }
    }
    return -1;
  }

  /** Acknowledges; the line, 7 when there is none (spurious, which sets no bit in service). */
  int acknowledge() {
    int line = best();
    if (line < 0) {
      return SPURIOUS;
    }
    int bit = 1 << line;
    if ((levelLines() & bit) == 0) {
      irr &= ~bit;
    }
    if (!autoEoi) {
      isr |= bit;
    } else if (rotateOnAutoEoi) {
      lowestPriority = line;
    }
    return line;
  }

  int vector(int line) {
    return base | line;
  }

  int read(int port) {
    if (poll) {
      poll = false;
      int line = best();
      return line < 0 ? 0 : 0x80 | acknowledge();
    }
    if (port == 1) {
      return imr;
    }
    return readIsr ? isr : irr;
  }

  void write(int port, int value) {
    if (port == 1) {
      writeData(value);
    } else if ((value & ICW1) != 0) {
      writeIcw1(value);
    } else if ((value & OCW3) != 0) {
      writeOcw3(value);
    } else {
      writeOcw2(value);
    }
  }

  private void writeIcw1(int value) {
    levelTriggered = (value & ICW1_LEVEL) != 0;
    initialize();
    needsIcw4 = (value & ICW1_NEEDS_ICW4) != 0;
    single = (value & ICW1_SINGLE) != 0;
    expected = 2;
  }

  private void writeData(int value) {
    switch (expected) {
      case 2 -> {
        base = value & 0xf8;
        expected = !single ? 3 : needsIcw4 ? 4 : 0;
      }
      // The cascade is wired: ICW3 can only agree with it.
      case 3 -> expected = needsIcw4 ? 4 : 0;
      case 4 -> {
        autoEoi = (value & ICW4_AUTO_EOI) != 0;
        specialFullyNested = (value & ICW4_SPECIAL_FULLY_NESTED) != 0;
        expected = 0;
      }
      default -> imr = value;
    }
  }

  private void writeOcw2(int value) {
    int line = value & 7;
    switch (value >> 5) {
      case 0 -> rotateOnAutoEoi = false;
      case 4 -> rotateOnAutoEoi = true;
      case 1 -> endHighest();
      case 5 -> {
        int ended = endHighest();
        if (ended >= 0) {
          lowestPriority = ended;
        }
      }
      case 3 -> isr &= ~(1 << line);
      case 6 -> lowestPriority = line;
      case 7 -> {
        isr &= ~(1 << line);
        lowestPriority = line;
      }
      default -> {} // 2: no operation
    }
  }

  /** Non-specific EOI: ends what has the highest priority in service; its line, or -1. */
  private int endHighest() {
    int ending = specialMask ? isr & ~imr : isr;
    for (int i = 1; i <= 8; i++) {
      int line = (lowestPriority + i) & 7;
      if ((ending & 1 << line) != 0) {
        isr &= ~(1 << line);
        return line;
      }
    }
    return -1;
  }

  private void writeOcw3(int value) {
    if ((value & OCW3_SPECIAL_MASK_COMMAND) != 0) {
      specialMask = (value & OCW3_SPECIAL_MASK) != 0;
    }
    if ((value & OCW3_POLL) != 0) {
      poll = true;
    } else if ((value & OCW3_READ) != 0) {
      readIsr = (value & OCW3_READ_ISR) != 0;
    }
  }

  Pic8259Registers.Chip registers() {
    return new Pic8259Registers.Chip(
        expected,
        needsIcw4,
        single,
        levelTriggered,
        elcr,
        base,
        lines,
        irr,
        imr,
        isr,
        lowestPriority,
        autoEoi,
        rotateOnAutoEoi,
        specialMask,
        specialFullyNested,
        readIsr,
        poll);
  }

  void registers(Pic8259Registers.Chip registers) {
    expected = registers.expected();
    needsIcw4 = registers.needsIcw4();
    single = registers.single();
    levelTriggered = registers.levelTriggered();
    elcr = registers.edgeLevelControl();
    base = registers.base();
    lines = registers.lines();
    irr = registers.requested();
    imr = registers.masked();
    isr = registers.inService();
    lowestPriority = registers.lowestPriority();
    autoEoi = registers.autoEoi();
    rotateOnAutoEoi = registers.rotateOnAutoEoi();
    specialMask = registers.specialMask();
    specialFullyNested = registers.specialFullyNested();
    readIsr = registers.readInService();
    poll = registers.poll();
  }
}
