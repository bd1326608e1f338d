package org.wardian.host.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.wardian.host.CallFrame;
import org.wardian.host.Descriptor;
import org.wardian.host.Errno;
import org.wardian.host.EventFd;
import org.wardian.host.HostException;

/**
 * A virtual machine in the kernel: memory slots, interrupt chips, event files, and its vCPUs.
 *
 * <p>Every call may be made from any thread. {@link #interruptLine} and {@link #signalMessage} are
 * hot paths and allocate nothing.
 */
public final class KvmVm implements AutoCloseable {
  /** {@code KVM_MEM_LOG_DIRTY_PAGES}: flag of a memory slot whose writes are logged. */
  public static final int LOG_DIRTY_PAGES = 1;

  /** {@code KVM_MEM_READONLY}: flag of a memory slot whose writes are MMIO exits. */
  public static final int READONLY = 2;

  private static final int CAPABILITY_ARGUMENTS = 4;

  /** Identifiers where the kernel does not tell its limit: {@code KVM_CAP_NR_VCPUS} of old. */
  private static final int FALLBACK_CPUS = 4;

  private final Descriptor file;
  private final Descriptor capabilities;
  private final int runPageSize;
  private final List<KvmCpu> cpus = new ArrayList<>();
  private int made;
  private boolean closed;

  /**
   * A new VM.
   *
   * @param capabilities the file to ask for capabilities: this one, or KVM's
   */
  KvmVm(Descriptor file, int runPageSize, Descriptor capabilities) {
    this.file = file;
    this.runPageSize = runPageSize;
    this.capabilities = capabilities;
  }

  /** {@code KVM_CHECK_EXTENSION} of this VM: what its kind and settings leave. */
  public int capability(KvmCapability capability) {
    return Kvm.capability(capabilities, capability);
  }

  /**
   * {@code KVM_ENABLE_CAP}.
   *
   * @param arguments up to four, see {@link CapabilityFlags}
   */
  public void enableCapability(KvmCapability capability, long... arguments) {
    enable(file, capability, arguments);
  }

  static void enable(Descriptor file, KvmCapability capability, long... arguments) {
    if (arguments.length > CAPABILITY_ARGUMENTS) {
      throw new IllegalArgumentException(capability.header() + " with " + arguments.length);
    }
    MemorySegment cap = CallFrame.current().cleared(CallStructures.ENABLE_CAP_SIZE);
    cap.set(JAVA_INT, CallStructures.ENABLE_CAP_CAP, capability.number());
    for (int i = 0; i < arguments.length; i++) {
      cap.set(JAVA_LONG, CallStructures.ENABLE_CAP_ARGUMENTS + (long) i * Long.BYTES, arguments[i]);
    }
    Kvm.call(file, Request.ENABLE_CAP, cap, capability.header());
  }

  /**
   * {@code KVM_SET_USER_MEMORY_REGION}: makes, changes or deletes a memory slot.
   *
   * @param slot number below {@link KvmCapability#NR_MEMSLOTS}
   * @param flags {@link #LOG_DIRTY_PAGES}, {@link #READONLY}
   * @param guestPhysical a multiple of 4096
   * @param size bytes, a multiple of 4096; 0 deletes the slot
   * @param hostAddress of memory of this process that stays mapped while the slot is there
   */
  public void memoryRegion(int slot, int flags, long guestPhysical, long size, long hostAddress) {
    MemorySegment region = CallFrame.current().scratch();
    region.set(JAVA_INT, CallStructures.MEMORY_REGION_SLOT, slot);
    region.set(JAVA_INT, CallStructures.MEMORY_REGION_FLAGS, flags);
    region.set(JAVA_LONG, CallStructures.MEMORY_REGION_GUEST_ADDRESS, guestPhysical);
    region.set(JAVA_LONG, CallStructures.MEMORY_REGION_LENGTH, size);
    region.set(JAVA_LONG, CallStructures.MEMORY_REGION_HOST_ADDRESS, hostAddress);
    int result;
    do {
      result = file.ioctl(Request.SET_USER_MEMORY_REGION.number, region.address());
    } while (result == -Errno.EINTR);
    if (result < 0) {
      String text =
          String.format(
              "slot %d, flags %d, %d bytes at guest address 0x%x",
              slot, flags, size, guestPhysical);
      throw Failure.ofRegion(
          capability(KvmCapability.NR_MEMSLOTS),
          capability(KvmCapability.READONLY_MEM) != 0,
          text,
          -result);
    }
  }

  /**
   * {@code KVM_GET_DIRTY_LOG}: the pages written since the last call, which it clears, unless
   * {@link KvmCapability#MANUAL_DIRTY_LOG_PROTECT2} was enabled.
   *
   * @param bitmap native memory, a bit for each page of the slot, rounded up to 8 bytes
   */
  public void dirtyLog(int slot, MemorySegment bitmap) {
    Kvm.checked(bitmap, Long.BYTES, "a dirty bitmap");
    MemorySegment log = CallFrame.current().cleared(CallStructures.DIRTY_LOG_SIZE);
    log.set(JAVA_INT, CallStructures.DIRTY_LOG_SLOT, slot);
    log.set(JAVA_LONG, CallStructures.DIRTY_LOG_BITMAP, bitmap.address());
    Kvm.call(file, Request.GET_DIRTY_LOG, log, "slot " + slot);
    Reference.reachabilityFence(bitmap);
  }

  /**
   * {@code KVM_CLEAR_DIRTY_LOG}: makes the pages of set bits clean and watches them again.
   *
   * @param firstPage of the slot, a multiple of 64
   * @param pages a multiple of 64, or up to the end of the slot
   * @param bitmap native memory, bit 0 is {@code firstPage}
   */
  public void clearDirtyLog(int slot, long firstPage, int pages, MemorySegment bitmap) {
    Kvm.checked(bitmap, (pages + 63L) / 64 * Long.BYTES, "a dirty bitmap");
    MemorySegment log = CallFrame.current().cleared(CallStructures.CLEAR_DIRTY_LOG_SIZE);
    log.set(JAVA_INT, CallStructures.CLEAR_DIRTY_LOG_SLOT, slot);
    log.set(JAVA_INT, CallStructures.CLEAR_DIRTY_LOG_PAGES, pages);
    log.set(JAVA_LONG, CallStructures.CLEAR_DIRTY_LOG_FIRST_PAGE, firstPage);
    log.set(JAVA_LONG, CallStructures.CLEAR_DIRTY_LOG_BITMAP, bitmap.address());
    Kvm.call(file, Request.CLEAR_DIRTY_LOG, log, "slot " + slot);
    Reference.reachabilityFence(bitmap);
  }

  /** {@code KVM_SET_TSS_ADDR}: three pages below 4 GiB that the guest does not use. */
  public void taskStateAddress(long gpa) {
    Kvm.call(file, Request.SET_TSS_ADDR, gpa, hex(gpa));
  }

  /** {@code KVM_SET_IDENTITY_MAP_ADDR}: a page below 4 GiB that the guest does not use. */
  public void identityMapAddress(long gpa) {
    MemorySegment address = CallFrame.current().cleared(Long.BYTES);
    address.set(JAVA_LONG, 0, gpa);
    Kvm.call(file, Request.SET_IDENTITY_MAP_ADDR, address, hex(gpa));
  }

  /**
   * {@code KVM_CREATE_IRQCHIP}: both 8259A, the I/O APIC and the local APICs in the kernel, with
   * the usual routes of lines 0 to 23. Before any vCPU.
   */
  public void createInterruptChips() {
    Kvm.call(file, Request.CREATE_IRQCHIP, 0, "before any vCPU, once");
  }

  /**
   * {@code KVM_CAP_SPLIT_IRQCHIP}: the local APICs in the kernel, the other chips outside. Before
   * any vCPU.
   *
   * @param pins of the I/O APIC outside, whose end-of-interrupts come as exits
   */
  public void splitInterruptChips(int pins) {
    enableCapability(KvmCapability.SPLIT_IRQCHIP, pins);
  }

  /**
   * {@code KVM_CREATE_PIT2}: the 8254 in the kernel.
   *
   * @param flags 0, or {@link TimerState#SPEAKER_DUMMY}
   */
  public void createTimer(int flags) {
    MemorySegment config = CallFrame.current().cleared(CallStructures.PIT_CONFIG_SIZE);
    config.set(JAVA_INT, CallStructures.PIT_CONFIG_FLAGS, flags);
    Kvm.call(file, Request.CREATE_PIT2, config, "flags " + flags);
  }

  /** {@code KVM_IRQ_LINE}: sets the level of an interrupt line. Allocates nothing. */
  public void interruptLine(int gsi, boolean level) {
    CallFrame frame = CallFrame.current();
    MemorySegment line = frame.scratch();
    line.set(JAVA_INT, CallStructures.IRQ_LEVEL_IRQ, gsi);
    line.set(JAVA_INT, CallStructures.IRQ_LEVEL_LEVEL, level ? 1 : 0);
    int result = file.ioctl(Request.IRQ_LINE.number, frame.scratchAddress());
    if (result < 0) {
      throw Failure.of(Request.IRQ_LINE, "line " + gsi, -result);
    }
  }

  /**
   * {@code KVM_SIGNAL_MSI}: delivers a message to local APICs in the kernel. Allocates nothing.
   *
   * @param address guest-physical, see {@link InterruptRoute.Message}
   * @param data vector and delivery mode
   * @return more than 0 where it was delivered, 0 where the guest blocks it, 0 or -1 where no vCPU
   *     has the destination
   */
  public int signalMessage(long address, int data) {
    CallFrame frame = CallFrame.current();
    MemorySegment message = frame.scratch();
    message.set(JAVA_INT, CallStructures.MSI_ADDRESS_LOW, (int) address);
    message.set(JAVA_INT, CallStructures.MSI_ADDRESS_HIGH, (int) (address >>> 32));
    message.set(JAVA_INT, CallStructures.MSI_DATA, data);
    message.set(JAVA_INT, CallStructures.MSI_FLAGS, 0);
    for (int at = CallStructures.MSI_FLAGS + 4; at < CallStructures.MSI_SIZE; at += 4) {
      message.set(JAVA_INT, at, 0);
    }
    int result = file.ioctl(Request.SIGNAL_MSI.number, frame.scratchAddress());
    if (result >= 0) {
      return result;
    }
    if (result == -Errno.EPERM) {
      // Where the message found nobody KVM may answer -1, which reads like this error number.
      return -1;
    }
    throw Failure.of(Request.SIGNAL_MSI, hex(address) + ", data " + hex(data), -result);
  }

  /** {@code KVM_SET_GSI_ROUTING}: all routes of interrupt lines, in place of those before. */
  public void routing(List<InterruptRoute> routes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment table = RouteTable.write(arena, routes);
      Kvm.call(file, Request.SET_GSI_ROUTING, table, routes.size() + " routes");
    }
  }

  /**
   * {@code KVM_IOEVENTFD}: a guest's write signals an event file and does not exit.
   *
   * @param assign whether to begin, or to end
   */
  public void ioEvent(EventFd event, IoEvent where, boolean assign) {
    MemorySegment io = CallFrame.current().cleared(CallStructures.IO_EVENT_SIZE);
    int flags = where.port() ? CallStructures.IO_EVENT_FLAG_PORT : 0;
    if (where.value().isPresent()) {
      flags |= CallStructures.IO_EVENT_FLAG_MATCH;
      io.set(JAVA_LONG, CallStructures.IO_EVENT_VALUE, where.value().getAsLong());
    }
    if (!assign) {
      flags |= CallStructures.IO_EVENT_FLAG_DEASSIGN;
    }
    io.set(JAVA_LONG, CallStructures.IO_EVENT_ADDRESS, where.address());
    io.set(JAVA_INT, CallStructures.IO_EVENT_LENGTH, where.length());
    io.set(JAVA_INT, CallStructures.IO_EVENT_FD, event.fd());
    io.set(JAVA_INT, CallStructures.IO_EVENT_FLAGS, flags);
    Kvm.call(file, Request.IOEVENTFD, io, where.toString());
  }

  /**
   * {@code KVM_IRQFD}: a signal of the event file is an edge of an interrupt line.
   *
   * @param assign whether to begin, or to end
   */
  public void interruptEvent(EventFd event, int gsi, boolean assign) {
    int flags = assign ? 0 : CallStructures.IRQ_EVENT_FLAG_DEASSIGN;
    interruptEvent(event.fd(), gsi, flags, 0);
  }

  /**
   * {@code KVM_IRQFD} for a level triggered line: a signal raises it, the guest's end of interrupt
   * lowers it and signals {@code resample}, {@link KvmCapability#IRQFD_RESAMPLE}.
   *
   * @param assign whether to begin, or to end
   */
  public void interruptEvent(EventFd event, EventFd resample, int gsi, boolean assign) {
    int flags =
        assign ? CallStructures.IRQ_EVENT_FLAG_RESAMPLE : CallStructures.IRQ_EVENT_FLAG_DEASSIGN;
    interruptEvent(event.fd(), gsi, flags, resample.fd());
  }

  private void interruptEvent(int fd, int gsi, int flags, int resample) {
    MemorySegment irq = CallFrame.current().cleared(CallStructures.IRQ_EVENT_SIZE);
    irq.set(JAVA_INT, CallStructures.IRQ_EVENT_FD, fd);
    irq.set(JAVA_INT, CallStructures.IRQ_EVENT_GSI, gsi);
    irq.set(JAVA_INT, CallStructures.IRQ_EVENT_FLAGS, flags);
    irq.set(JAVA_INT, CallStructures.IRQ_EVENT_RESAMPLE_FD, resample);
    Kvm.call(file, Request.IRQFD, irq, "line " + gsi);
  }

  /**
   * {@code KVM_GET_IRQCHIP}.
   *
   * @param chip {@link InterruptChipState#PIC_MASTER}, {@code PIC_SLAVE} or {@code IOAPIC}
   * @param to {@link InterruptChipState#SIZE} bytes
   */
  public void getInterruptChip(int chip, MemorySegment to) {
    Kvm.checked(to, InterruptChipState.SIZE, "kvm_irqchip");
    to.set(JAVA_INT, InterruptChipState.CHIP, chip);
    Kvm.call(file, Request.GET_IRQCHIP, to, "chip " + chip);
  }

  /** {@code KVM_SET_IRQCHIP}: the chip that {@link InterruptChipState#CHIP} names. */
  public void setInterruptChip(MemorySegment from) {
    Kvm.checked(from, InterruptChipState.SIZE, "kvm_irqchip");
    int chip = from.get(JAVA_INT, InterruptChipState.CHIP);
    Kvm.call(file, Request.SET_IRQCHIP, from, "chip " + chip);
  }

  /** {@code KVM_GET_PIT2}: {@link TimerState#SIZE} bytes. */
  public void getTimer(MemorySegment to) {
    Kvm.call(file, Request.GET_PIT2, Kvm.checked(to, TimerState.SIZE, "kvm_pit_state2"), "");
  }

  /** {@code KVM_SET_PIT2}: {@link TimerState#SIZE} bytes. */
  public void setTimer(MemorySegment from) {
    Kvm.call(file, Request.SET_PIT2, Kvm.checked(from, TimerState.SIZE, "kvm_pit_state2"), "");
  }

  /** {@code KVM_GET_CLOCK}: {@link ClockState#SIZE} bytes. */
  public void getClock(MemorySegment to) {
    Kvm.call(file, Request.GET_CLOCK, Kvm.checked(to, ClockState.SIZE, "kvm_clock_data"), "");
  }

  /** {@code KVM_SET_CLOCK}: {@link ClockState#SIZE} bytes. */
  public void setClock(MemorySegment from) {
    Kvm.call(file, Request.SET_CLOCK, Kvm.checked(from, ClockState.SIZE, "kvm_clock_data"), "");
  }

  /**
   * {@code KVM_CREATE_VCPU}.
   *
   * @param id its APIC identifier
   */
  public KvmCpu createCpu(int id) {
    return createCpu(id, KickMethod.chosen());
  }

  /** Makes a vCPU that is kicked in the given way. */
  synchronized KvmCpu createCpu(int id, KickMethod method) {
    if (closed) {
      throw new IllegalStateException(file + " has no more vCPUs");
    }
    int result;
    do {
      result = file.ioctl(Request.CREATE_VCPU.number, id);
    } while (result == -Errno.EINTR);
    if (result < 0) {
      int most = Math.max(capability(KvmCapability.MAX_VCPUS), FALLBACK_CPUS);
      int largest = Math.max(capability(KvmCapability.MAX_VCPU_ID), most);
      throw Failure.ofCreateCpu(id, made, most, largest, -result);
    }
    Descriptor cpu = Descriptor.adopt(result, "vCPU " + id);
    Kick kick = null;
    try {
      int xsave = Math.max(capability(KvmCapability.XSAVE2), XsaveArea.SIZE);
      kick = method.create(cpu);
      long page = cpu.map(0, runPageSize);
      KvmCpu created = new KvmCpu(cpu, id, page, runPageSize, xsave, kick);
      cpus.add(created);
      made++;
      return created;
    } catch (HostException | IllegalStateException e) {
      if (kick != null) {
        kick.close();
      }
      cpu.close();
      throw e;
    }
  }

  /**
   * Closes the vCPUs, which interrupts those that run, and the VM. Its memory slots end once the
   * last file is closed. A second call does nothing.
   */
  @Override
  public void close() {
    List<KvmCpu> all;
    synchronized (this) {
      closed = true;
      all = List.copyOf(cpus);
      cpus.clear();
    }
    for (KvmCpu cpu : all) {
      cpu.close();
    }
    file.close();
  }

  private static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }

  @Override
  public String toString() {
    return file.toString();
  }
}
