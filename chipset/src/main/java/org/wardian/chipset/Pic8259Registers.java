package org.wardian.chipset;

import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * All registers of the PC's two 8259A at one moment (Intel 8259A data sheet), whoever implements
 * the chips, and the levels of their lines.
 *
 * @param master that of lines 0 to 7
 * @param slave that of lines 8 to 15
 */
public record Pic8259Registers(Chip master, Chip slave) {
  private static final int STATE_VERSION = 1;
  private static final int CASCADE_BIT = 1 << 2;

  /**
   * The registers of one 8259A.
   *
   * @param expected the initialisation command word that comes next: 2, 3, 4, or 0 for none
   * @param needsIcw4 whether ICW1 announced an ICW4
   * @param single whether ICW1 said that there is no cascade
   * @param levelTriggered whether ICW1 made all lines level-triggered
   * @param edgeLevelControl ELCR
   * @param base the first vector, a multiple of 8
   * @param lines the levels of the lines
   * @param requested IRR
   * @param masked IMR
   * @param inService ISR
   * @param lowestPriority the line of lowest priority, 0 to 7
   * @param autoEoi whether an acknowledgement ends the interrupt too
   * @param rotateOnAutoEoi whether it makes the line that of lowest priority then
   * @param specialMask whether special mask mode is on
   * @param specialFullyNested whether special fully nested mode is on
   * @param readInService whether a read shows ISR and not IRR
   * @param poll whether the next read is an acknowledgement
   */
  public record Chip(
      int expected,
      boolean needsIcw4,
      boolean single,
      boolean levelTriggered,
      int edgeLevelControl,
      int base,
      int lines,
      int requested,
      int masked,
      int inService,
      int lowestPriority,
      boolean autoEoi,
      boolean rotateOnAutoEoi,
      boolean specialMask,
      boolean specialFullyNested,
      boolean readInService,
      boolean poll) {

    /** Drops bits that do not exist. */
    public Chip {
      expected = expected >= 2 && expected <= 4 ? expected : 0;
      edgeLevelControl &= 0xff;
      base &= 0xf8;
      lines &= 0xff;
      requested &= 0xff;
      masked &= 0xff;
      inService &= 0xff;
      lowestPriority &= 7;
    }

    /**
     * The registers at power-on.
     *
     * @param lines the levels of the lines, which belong to the board
     */
    public static Chip powerOn(int lines) {
      return new Chip(
          0, false, false, false, 0, 0, lines, 0, 0, 0, 7, false, false, false, false, false,
          false);
    }

    private Chip without(int line) {
      return new Chip(
          expected,
          needsIcw4,
          single,
          levelTriggered,
          edgeLevelControl,
          base,
          lines & ~line,
          requested & ~line,
          masked,
          inService,
          lowestPriority,
          autoEoi,
          rotateOnAutoEoi,
          specialMask,
          specialFullyNested,
          readInService,
          poll);
    }

    /** The same with the ELCR changed; level-triggered lines request as they are. */
    public Chip edgeLevelControl(int value) {
      return new Chip(
          expected,
          needsIcw4,
          single,
          levelTriggered,
          value,
          base,
          lines,
          requested & ~value | lines & value,
          masked,
          inService,
          lowestPriority,
          autoEoi,
          rotateOnAutoEoi,
          specialMask,
          specialFullyNested,
          readInService,
          poll);
    }

    private void save(StateWriter out) {
      int flags =
          (needsIcw4 ? 1 : 0)
              | (single ? 2 : 0)
              | (levelTriggered ? 4 : 0)
              | (autoEoi ? 8 : 0)
              | (rotateOnAutoEoi ? 16 : 0)
              | (specialMask ? 32 : 0)
              | (specialFullyNested ? 64 : 0)
              | (readInService ? 128 : 0)
              | (poll ? 256 : 0);
      out.writeInts(
          new int[] {
            expected,
            edgeLevelControl,
            base,
            lines,
            requested,
            masked,
            inService,
            lowestPriority,
            flags
          });
    }

    private static Chip load(StateReader in) {
      int[] fields = new int[9];
      in.readInts(fields);
      int flags = fields[8];
      return new Chip(
          fields[0],
          (flags & 1) != 0,
          (flags & 2) != 0,
          (flags & 4) != 0,
          fields[1],
          fields[2],
          fields[3],
          fields[4],
          fields[5],
          fields[6],
          fields[7],
          (flags & 8) != 0,
          (flags & 16) != 0,
          (flags & 32) != 0,
          (flags & 64) != 0,
          (flags & 128) != 0,
          (flags & 256) != 0);
    }
  }

  /** Drops the master's line 2, which is the slave's output and follows from its registers. */
  public Pic8259Registers {
    master = master.without(CASCADE_BIT);
  }

  /** The levels of lines 0 to 15. */
  public int lines() {
    return master.lines() | slave.lines() << 8;
  }

  /**
   * Writes the record of the pair.
   *
   * @param name the device's name
   */
  public void save(String name, StateWriter out) {
    out.begin(name, STATE_VERSION);
    master.save(out);
    slave.save(out);
    out.end();
  }

  /**
   * Reads the record of the pair.
   *
   * @param name the device's name
   * @throws StateException if it is not such a record
   */
  public static Pic8259Registers load(String name, StateReader in) {
    in.begin(name, STATE_VERSION);
    Pic8259Registers registers = new Pic8259Registers(Chip.load(in), Chip.load(in));
    in.end();
    return registers;
  }
}
