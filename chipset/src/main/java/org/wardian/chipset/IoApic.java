package org.wardian.chipset;

import static org.wardian.chipset.IoApicRegisters.LEVEL;
import static org.wardian.chipset.IoApicRegisters.LOGICAL;
import static org.wardian.chipset.IoApicRegisters.MASKED;
import static org.wardian.chipset.IoApicRegisters.REMOTE_IRR;
import static org.wardian.chipset.IoApicRegisters.WRITABLE;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.wardian.bus.Device;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * The 82093AA I/O APIC: 24 pins, each with a redirection table entry, delivering through {@link
 * ApicMessages}. Version 0x11, the data sheet's and that of Linux's KVM, so that a guest may move
 * between the two. The EOI register of later chips is there all the same: KVM tells a guest whose
 * local APICs alone are the kernel's that it may end level-triggered interrupts by it.
 *
 * <p>A pin's polarity is kept but has no effect, for an {@link InterruptLine} carries assertion and
 * not voltage. An edge on a masked pin is lost (82093AA data sheet §3.2.4).
 */
public final class IoApic implements Device, IoHandler {
  /** Where PCs have the first I/O APIC. */
  public static final long BASE = 0xfec00000L;

  /** Bytes of register window that are decoded. */
  public static final int WINDOW = 0x1000;

  /** Number of pins. */
  public static final int PINS = 24;

  private static final int IOREGSEL = 0x00;
  private static final int IOWIN = 0x10;
  private static final int EOIR = 0x40;

  private static final int IOAPICID = 0;
  private static final int IOAPICVER = 1;
  private static final int IOAPICARB = 2;
  private static final int IOREDTBL = 0x10;

  private static final int VERSION = 0x11 | (PINS - 1) << 16;

  private final ApicMessages messages;
  private final int defaultId;
  private final long[] entries = new long[PINS];
  private final ApicMessage[] announced = new ApicMessage[PINS];
  private IntConsumer routeListener = pin -> {};
  private int asserted;
  private int selected;
  private int id;

  /**
   * Makes the chip in its reset state and attaches it to the receiver of its messages.
   *
   * @param id its APIC ID, 0 to 255; guests expect it to differ from every local APIC's. The data
   *     sheet's register has 4 bits for it, this one 8 as the MADT
   */
  public IoApic(int id, ApicMessages messages) {
    if (id < 0 || id > 255) {
      throw new IllegalArgumentException("I/O APIC ID " + id + " is not within 0 to 255");
    }
    this.messages = messages;
    this.defaultId = id;
    reset();
    messages.attach(this);
  }

  @Override
  public String name() {
    return "ioapic";
  }

  @Override
  public synchronized void reset() {
    registers(IoApicRegisters.reset(defaultId, asserted));
  }

  /**
   * The wire to a pin.
   *
   * @throws IllegalArgumentException if there is no such pin
   */
  public InterruptLine line(int pin) {
    if (pin < 0 || pin >= PINS) {
      throw new IllegalArgumentException("the I/O APIC has no pin " + pin);
    }
    return level -> set(pin, level);
  }

  @Override
  public int widest() {
    return 4;
  }

  @Override
  public synchronized long read(long offset, int size) {
    if (offset == IOREGSEL) {
      return selected;
    }
    int within = (int) offset - IOWIN;
    return within >= 0 && within < 4 ? Integer.toUnsignedLong(readSelected()) >>> (8 * within) : 0;
  }

  private int readSelected() {
    int register = (selected - IOREDTBL) >> 1;
    if (register >= 0 && register < PINS) {
      return (int) ((selected & 1) == 0 ? entries[register] : entries[register] >>> 32);
    }
    return switch (selected) {
      case IOAPICID, IOAPICARB -> id << 24;
      case IOAPICVER -> VERSION;
      default -> 0;
    };
  }

  @Override
  public synchronized void write(long offset, int size, long value) {
    if (offset == IOREGSEL) {
      selected = (int) value & 0xff;
    } else if (offset == IOWIN && size == 4) {
      writeSelected((int) value);
    } else if (offset == EOIR) {
      endOfInterrupt((int) value & 0xff);
    }
  }

  private void writeSelected(int value) {
    int pin = (selected - IOREDTBL) >> 1;
    if (pin >= 0 && pin < PINS) {
      long wide = Integer.toUnsignedLong(value);
      long half = (selected & 1) == 0 ? 0xffffffffL : 0xffffffff_00000000L;
      long written = (selected & 1) == 0 ? wide : wide << 32;
      long writable = WRITABLE & half;
      long entry = entries[pin] & ~writable | written & writable;
      if ((entry & LEVEL) == 0) {
        entry &= ~REMOTE_IRR;
      }
      entries[pin] = entry;
      announce(pin);
      serveLevel(pin);
    } else if (selected == IOAPICID) {
      id = value >>> 24;
    }
  }

  private synchronized void set(int pin, boolean level) {
    int bit = 1 << pin;
    boolean rising = level && (asserted & bit) == 0;
    asserted = level ? asserted | bit : asserted & ~bit;
    if (!rising) {
      return;
    }
    if ((entries[pin] & LEVEL) != 0) {
      serveLevel(pin);
    } else if ((entries[pin] & MASKED) == 0) {
      deliver(pin);
    }
  }

  /** Delivers a level-triggered interrupt that is asserted, unmasked and not already under way. */
  private void serveLevel(int pin) {
    boolean idle = (entries[pin] & (LEVEL | MASKED | REMOTE_IRR)) == LEVEL;
    if (idle && (asserted >>> pin & 1) != 0) {
      // Set before delivery: what is not accepted stays pending at the pin, not in the APIC.
      entries[pin] |= REMOTE_IRR;
      if (!deliver(pin)) {
        entries[pin] &= ~REMOTE_IRR;
      }
    }
  }

  private boolean deliver(int pin) {
    return messages.deliver(message(pin));
  }

  private ApicMessage message(int pin) {
    long entry = entries[pin];
    return new ApicMessage(
        (int) (entry >>> 56),
        (entry & LOGICAL) != 0,
        false,
        (int) (entry >>> 8) & 7,
        (int) entry & 0xff,
        (entry & LEVEL) != 0);
  }

  /**
   * What a pin delivers when it is asserted.
   *
   * @return empty where the pin is masked, unless a level-triggered interrupt of it is under way:
   *     its end is awaited still
   */
  public synchronized Optional<ApicMessage> route(int pin) {
    boolean unused = (entries[pin] & (MASKED | REMOTE_IRR)) == MASKED;
    return unused ? Optional.empty() : Optional.of(message(pin));
  }

  /**
   * Has {@code listener} told of every pin whose {@link #route} is not empty and differs from what
   * it was told before, at the guest's writes and after {@link #load}: for receivers that have to
   * know beforehand which vectors' ends to report. A pin that becomes masked is not told of, for
   * ends may be outstanding, and guests mask and unmask at every interrupt.
   *
   * @param listener takes the pin; called with this chip's monitor held, before delivery
   */
  public synchronized void onRouteChange(IntConsumer listener) {
    routeListener = listener;
    Arrays.fill(announced, null);
    for (int pin = 0; pin < PINS; pin++) {
      announce(pin);
    }
  }

  private void announce(int pin) {
    ApicMessage route = route(pin).orElse(null);
    if (route != null && !route.equals(announced[pin])) {
      announced[pin] = route;
      routeListener.accept(pin);
    }
  }

  /**
   * Ends a level-triggered interrupt: by a local APIC, or by the EOI register. A pin that is still
   * asserted delivers again.
   *
   * @param vector 0 to 255
   */
  public synchronized void endOfInterrupt(int vector) {
    for (int pin = 0; pin < PINS; pin++) {
      if ((entries[pin] & (LEVEL | REMOTE_IRR)) == (LEVEL | REMOTE_IRR)
          && (entries[pin] & 0xff) == vector) {
        entries[pin] &= ~REMOTE_IRR;
        serveLevel(pin);
      }
    }
  }

  /** All registers now. */
  public synchronized IoApicRegisters registers() {
    return new IoApicRegisters(Arrays.stream(entries).boxed().toList(), asserted, selected, id);
  }

  /** Takes over registers and the levels of the pins. */
  public synchronized void registers(IoApicRegisters registers) {
    for (int pin = 0; pin < PINS; pin++) {
      entries[pin] = registers.entries().get(pin);
    }
    asserted = registers.asserted();
    selected = registers.selected();
    id = registers.id();
    for (int pin = 0; pin < PINS; pin++) {
      announce(pin);
    }
  }

  @Override
  public synchronized void save(StateWriter out) {
    registers().save(name(), out);
  }

  @Override
  public synchronized void load(StateReader in) {
    registers(IoApicRegisters.load(name(), in));
  }
}
