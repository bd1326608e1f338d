package org.wardian.chipset;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.MessageInterrupts;

/**
 * The bus between local APICs, IOAPICs and the senders of message-signalled interrupts. It routes
 * by physical and logical destination, arbitrates lowest-priority delivery and carries the end of
 * level-triggered interrupts back. For 1 to 64 processors.
 *
 * <p>Holds no lock while it calls an APIC, and is called by local APICs that hold none.
 */
public final class ApicBus implements ApicMessages, MessageInterrupts {
  private static final long MESSAGE_ADDRESS = 0xfee00000L;
  private static final long MESSAGE_ADDRESS_MASK = ~0xfffffL;

  private final List<IoApic> ioApics = new CopyOnWriteArrayList<>();
  private volatile LocalApic[] localApics = {};
  private volatile IntSupplier externalVector = () -> -1;
  private volatile int lastArbitrated;

  /** Makes a bus that nobody is attached to. */
  public ApicBus() {}

  /**
   * Says who answers the interrupt acknowledge cycle of an ExtINT.
   *
   * @param acknowledge gives the PIC's vector, 0 to 255, or -1 where there is no PIC
   */
  public void externalInterrupts(IntSupplier acknowledge) {
    externalVector = acknowledge;
  }

  /** The line from the PIC: local interrupt pin 0 of every processor. */
  public InterruptLine localInterrupt0() {
    return level -> {
      for (LocalApic apic : localApics) {
        apic.localInterrupt(0, level);
      }
    };
  }

  /** The platform's NMI line: local interrupt pin 1 of every processor. */
  public InterruptLine localInterrupt1() {
    return level -> {
      for (LocalApic apic : localApics) {
        apic.localInterrupt(1, level);
      }
    };
  }

  /**
   * Delivers a message-signalled interrupt (Intel SDM vol. 3, "Message Signalled Interrupts").
   *
   * <p>The manual has the destination mode bit ignored without the redirection hint; processors and
   * Linux, guest and host, have it count always, and take the hint for lowest-priority delivery.
   */
  @Override
  public void send(long address, int data) {
    if ((address & MESSAGE_ADDRESS_MASK) != MESSAGE_ADDRESS) {
      return;
    }
    int destination = (int) (address >>> 12) & 0xff;
    boolean logical = (address & 4) != 0;
    int mode = data >>> 8 & 7;
    if ((address & 8) != 0 && mode == ApicMessage.FIXED) {
      mode = ApicMessage.LOWEST_PRIORITY;
    }
    deliver(new ApicMessage(destination, logical, false, mode, data & 0xff, (data & 0x8000) != 0));
  }

  synchronized void attach(LocalApic apic) {
    LocalApic[] grown = Arrays.copyOf(localApics, localApics.length + 1);
    grown[localApics.length] = apic;
    localApics = grown;
  }

  /** Connects a local APIC that was made for this bus, or takes it off. No vCPU runs meanwhile. */
  public synchronized void present(LocalApic apic, boolean there) {
    localApics =
        Stream.concat(
                Arrays.stream(localApics).filter(other -> other != apic),
                there ? Stream.of(apic) : Stream.empty())
            .toArray(LocalApic[]::new);
  }

  @Override
  public void attach(IoApic ioApic) {
    ioApics.add(ioApic);
  }

  int acknowledgeExternal() {
    return externalVector.getAsInt();
  }

  /** Delivers to the APICs that the destination names; whether any accepted. */
  @Override
  public boolean deliver(ApicMessage message) {
    LocalApic[] all = localApics;
    if (message.deliveryMode() == ApicMessage.LOWEST_PRIORITY) {
      LocalApic[] candidates =
          Arrays.stream(all).filter(a -> a.isDestination(message)).toArray(LocalApic[]::new);
      return deliverLowest(candidates, message);
    }
    boolean accepted = false;
    for (LocalApic apic : all) {
      if (apic.isDestination(message)) {
        accepted |= apic.accept(message.deliveryMode(), message.vector(), message.level());
      }
    }
    return accepted;
  }

  /** Delivers to every APIC but one: the "all" shorthands; {@code except} may be null. */
  void broadcast(ApicMessage message, LocalApic except) {
    LocalApic[] all = Arrays.stream(localApics).filter(a -> a != except).toArray(LocalApic[]::new);
    if (message.deliveryMode() == ApicMessage.LOWEST_PRIORITY) {
      deliverLowest(all, message);
      return;
    }
    for (LocalApic apic : all) {
      apic.accept(message.deliveryMode(), message.vector(), message.level());
    }
  }

  /** Tells the IOAPICs that a level-triggered interrupt has ended. */
  void endOfInterrupt(int vector) {
    for (IoApic ioApic : ioApics) {
      ioApic.endOfInterrupt(vector);
    }
  }

  /** Equal priorities take turns, so that interrupts spread over idle processors. */
  private boolean deliverLowest(LocalApic[] candidates, ApicMessage message) {
    LocalApic chosen = null;
    int lowest = Integer.MAX_VALUE;
    int turn = lastArbitrated;
    for (LocalApic apic : candidates) {
      if (apic.acceptsFixed()) {
        int later = apic.id() > turn ? 0 : 1;
        int priority = apic.processorPriorityClass() << 16 | later << 15 | apic.id() & 0x7fff;
        if (priority < lowest) {
          lowest = priority;
          chosen = apic;
        }
      }
    }
    if (chosen == null) {
      return false;
    }
    lastArbitrated = chosen.id();
    return chosen.accept(ApicMessage.FIXED, message.vector(), message.level());
  }
}
