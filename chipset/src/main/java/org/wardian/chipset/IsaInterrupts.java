package org.wardian.chipset;

import java.util.function.IntFunction;
import org.wardian.bus.InterruptLine;

/**
 * The 16 ISA interrupts as PCs wire them: each to a line of the PIC and to a pin of the I/O APIC,
 * of the same number but for interrupt 0, which is on pin 2 (the MADT says so in an interrupt
 * source override). Interrupt 2 does not exist; it is the PIC's cascade.
 */
public final class IsaInterrupts {
  /** Number of interrupts, of which number 2 is not to be had. */
  public static final int COUNT = 16;

  /** The timer's interrupt on the ISA bus. */
  public static final int TIMER = 0;

  /** The global system interrupt that the timer's is overridden to. */
  public static final int TIMER_GSI = 2;

  private final IntFunction<InterruptLine> pic;
  private final IntFunction<InterruptLine> ioApic;

  /**
   * Makes the wiring.
   *
   * @param pic the PIC's lines by number
   * @param ioApic the I/O APIC's pins by number
   */
  public IsaInterrupts(IntFunction<InterruptLine> pic, IntFunction<InterruptLine> ioApic) {
    this.pic = pic;
    this.ioApic = ioApic;
  }

  /**
   * The wire of an ISA interrupt.
   *
   * @throws IllegalArgumentException for 2, and for what is not within 0 to 15
   */
  public InterruptLine line(int number) {
    if (number < 0 || number >= COUNT || number == 2) {
      throw new IllegalArgumentException("there is no ISA interrupt " + number);
    }
    InterruptLine first = pic.apply(number);
    InterruptLine second = ioApic.apply(gsi(number));
    return level -> {
      first.set(level);
      second.set(level);
    };
  }

  /** The global system interrupt of an ISA interrupt. */
  public static int gsi(int number) {
    return number == TIMER ? TIMER_GSI : number;
  }
}
