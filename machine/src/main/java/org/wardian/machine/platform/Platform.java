package org.wardian.machine.platform;

import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoBus;
import org.wardian.bus.MessageInterrupts;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.bus.Timers;
import org.wardian.host.EventFd;
import org.wardian.memory.GuestMemory;
import org.wardian.processor.Vcpu;
import org.wardian.processor.software.Observation;
import org.wardian.x86.Feature;

/**
 * Memory, buses, processors and interrupt chips of one machine on one accelerator. A board plugs
 * its devices into it and does not ask which accelerator that is.
 *
 * <p>Interrupt lines are global system interrupts: 0 to 15 reach both the PICs and the I/O APIC (0
 * is pin 2 there), 16 to 23 the I/O APIC alone.
 *
 * <p>Life cycle: the platform is made in its power-on state; {@link #start} before the first {@link
 * Vcpu#run}; {@link #pause} when all vCPUs have stopped, {@link #resume} before they run again;
 * {@link #reset}, {@link #save} and {@link #load} only while no vCPU runs; {@link #close} at the
 * end, after the last run returned.
 */
public interface Platform extends AutoCloseable {
  /**
   * Makes the platform.
   *
   * @throws org.wardian.host.HostException where the host does not grant what it needs: says what
   *     and what to do
   */
  static Platform create(PlatformConfiguration configuration) {
    return switch (configuration.accelerator()) {
      case SOFTWARE -> new SoftwarePlatform(configuration);
      case KVM -> KernelPlatform.create(configuration);
    };
  }

  /** Who executes. */
  AcceleratorKind accelerator();

  /** Guest-physical memory. */
  GuestMemory memory();

  /** The port bus; the interrupt chips that are ours are mapped already. */
  IoBus ports();

  /** The memory-mapped bus; the interrupt chips that are ours are mapped already. */
  IoBus mmio();

  /** The clock of devices, in nanoseconds of guest time. */
  Timers timers();

  /** The processors, by APIC ID. */
  List<Vcpu> vcpus();

  /**
   * A processor is there now, in its power-on state, or not any more: nobody reaches it and it does
   * not run. At first all are there. While no vCPU runs.
   */
  void present(int processor, boolean there);

  /**
   * Has every processor observed; once, before {@link #start}. Without effect where the host's
   * processor executes the guest.
   */
  void observe(Observation observation);

  /** Ticks a second of the guests' time-stamp counter. */
  long timestampHz();

  /** What CPUID promises the guest: the model's features less those that the host lacks. */
  Set<Feature> features();

  /**
   * The wire of a global system interrupt.
   *
   * @param gsi 0 to 23
   */
  InterruptLine line(int gsi);

  /** The wire of an I/O APIC pin alone, which no PIC sees. */
  InterruptLine ioApicLine(int pin);

  /** Where message-signalled interrupts go. */
  MessageInterrupts messages();

  /** Marks a line as level-triggered at the PICs too, as firmware does for the SCI. */
  void levelTriggered(int line);

  /**
   * Signals {@code event} at each guest write of {@code size} bytes to {@code address}, in place of
   * the bus access where the accelerator can; where not, by a handler on the bus. For doorbells
   * whose device has a thread of its own.
   *
   * @param port whether the address is a port
   * @param size 1, 2, 4 or 8 bytes
   * @param value the one value that counts, or every value
   * @return ends the binding when closed; the event stays open
   */
  Binding bindDoorbell(EventFd event, boolean port, long address, int size, OptionalLong value);

  /**
   * Sends a message-signalled interrupt at each signal of {@code event}.
   *
   * @return ends the binding when closed; the event stays open
   */
  Binding bindInterrupt(EventFd event, long address, int data);

  /** Something bound; closing ends it, a second time does nothing. */
  interface Binding extends AutoCloseable {
    @Override
    void close();
  }

  /** Power-on state of the interrupt chips; a machine resets its vCPUs itself. */
  void reset();

  /** The machine begins to run. */
  void start();

  /** All vCPUs have stopped; guest time stands still. */
  void pause();

  /** Guest time goes on. */
  void resume();

  /** Writes processors and interrupt chips as one record, the same on every accelerator. */
  void save(StateWriter out);

  /**
   * Reads the record that {@link #save} wrote, on whatever accelerator.
   *
   * @throws org.wardian.bus.StateException if it is not one
   */
  void load(StateReader in);

  @Override
  void close();
}
