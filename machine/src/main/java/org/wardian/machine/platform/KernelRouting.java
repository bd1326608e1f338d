package org.wardian.machine.platform;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.wardian.chipset.ApicMessage;
import org.wardian.chipset.IoApic;
import org.wardian.chipset.Pic8259;
import org.wardian.host.kvm.InterruptRoute;
import org.wardian.host.kvm.KvmVm;

/**
 * The kernel's table of what each global system interrupt means. It is always handed over whole.
 *
 * <ul>
 *   <li>0 to 23, chips in the kernel: PIC and I/O APIC pins; ours: the messages of our I/O APIC's
 *       pins, by which the kernel knows whose end of interrupt we want to hear of;
 *   <li>24 to 47, chips in the kernel: I/O APIC pins alone;
 *   <li>from 48: messages of event files.
 * </ul>
 */
final class KernelRouting {
  private static final int PIC_MASTER = 0;
  private static final int PIC_SLAVE = 1;
  private static final int IO_APIC = 2;
  private static final int PIC_LINES = 8;
  private static final int FIRST_EVENT = 2 * IoApic.PINS;

  private final KvmVm vm;
  private final List<InterruptRoute> pins = new ArrayList<>();
  private final Map<Integer, InterruptRoute> messages = new TreeMap<>();

  private KernelRouting(KvmVm vm) {
    this.vm = vm;
  }

  /** The table of a machine whose chips are all in the kernel. */
  static KernelRouting ofKernelChips(KvmVm vm) {
    KernelRouting routing = new KernelRouting(vm);
    // First: the kernel takes the last entry of a pin for the one that an end of interrupt is of,
    // and
    // its PIT waits for that of line 0.
    for (int pin = 0; pin < IoApic.PINS; pin++) {
      routing.pins.add(new InterruptRoute.Pin(aloneGsi(pin), IO_APIC, pin));
    }
    for (int gsi = 0; gsi < IoApic.PINS; gsi++) {
      if (gsi < Pic8259.LINES && gsi != Wiring.CASCADE) {
        boolean master = gsi < PIC_LINES;
        routing.pins.add(
            new InterruptRoute.Pin(gsi, master ? PIC_MASTER : PIC_SLAVE, gsi % PIC_LINES));
      }
      if (gsi != Wiring.CASCADE) {
        routing.pins.add(new InterruptRoute.Pin(gsi, IO_APIC, gsi == 0 ? Wiring.CASCADE : gsi));
      }
    }
    routing.push();
    return routing;
  }

  /** The table of a machine with our own I/O APIC, which it follows. */
  static KernelRouting ofOwnChips(KvmVm vm, IoApic ioApic) {
    KernelRouting routing = new KernelRouting(vm);
    ioApic.onRouteChange(pin -> routing.pinChanged(pin, ioApic.route(pin)));
    return routing;
  }

  /** The global system interrupt of I/O APIC pin {@code pin} alone. */
  static int aloneGsi(int pin) {
    return IoApic.PINS + pin;
  }

  private synchronized void pinChanged(int pin, Optional<ApicMessage> message) {
    Optional<InterruptRoute> route =
        message.map(m -> new InterruptRoute.Message(pin, m.address(), m.data()));
    InterruptRoute before =
        route.isPresent() ? messages.put(pin, route.get()) : messages.remove(pin);
    if (!route.equals(Optional.ofNullable(before))) {
      push();
    }
  }

  /** Adds a message; returns its global system interrupt. */
  synchronized int add(long address, int data) {
    int gsi = FIRST_EVENT;
    while (messages.containsKey(gsi)) {
      gsi++;
    }
    messages.put(gsi, new InterruptRoute.Message(gsi, address, data));
    try {
      push();
    } catch (RuntimeException e) {
      messages.remove(gsi);
      throw e;
    }
    return gsi;
  }

  /** Ends {@link #add}. */
  synchronized void remove(int gsi) {
    messages.remove(gsi);
    push();
  }

  private void push() {
    List<InterruptRoute> all = new ArrayList<>(pins);
    all.addAll(messages.values());
    vm.routing(all);
  }
}
