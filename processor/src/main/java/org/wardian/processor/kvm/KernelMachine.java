package org.wardian.processor.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.wardian.bus.IoBus;
import org.wardian.host.HostException;
import org.wardian.host.kvm.CpuidEntry;
import org.wardian.host.kvm.Kvm;
import org.wardian.host.kvm.KvmCapability;
import org.wardian.host.kvm.KvmVm;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.GuestMemory.Region;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Cpuid;

/**
 * A virtual machine of the kernel: its memory slots follow a {@link GuestMemory}, its vCPUs call
 * two buses.
 *
 * <p>Source: Linux, Documentation/virt/kvm/api.rst.
 */
public final class KernelMachine
    implements AutoCloseable, GuestMemory.MapListener, GuestMemory.DirtySource {
  /** What the kernel must offer. */
  public static final List<KvmCapability> REQUIRED =
      List.of(
          KvmCapability.USER_MEMORY,
          KvmCapability.IRQCHIP,
          KvmCapability.SPLIT_IRQCHIP,
          KvmCapability.IRQ_ROUTING,
          KvmCapability.SIGNAL_MSI,
          KvmCapability.IRQFD,
          KvmCapability.IOEVENTFD,
          KvmCapability.SET_TSS_ADDR,
          KvmCapability.SET_IDENTITY_MAP_ADDR,
          KvmCapability.EXT_CPUID,
          KvmCapability.MP_STATE,
          KvmCapability.VCPU_EVENTS,
          KvmCapability.DEBUGREGS,
          KvmCapability.XSAVE,
          KvmCapability.XCRS,
          KvmCapability.READONLY_MEM,
          KvmCapability.GET_TSC_KHZ,
          KvmCapability.IMMEDIATE_EXIT);

  /**
   * Three pages for the task state segment and one for the page table with which some Intel
   * processors run real mode; below the firmware's place, and in no memory map.
   */
  private static final long IDENTITY_MAP = 0xfeff_c000L;

  private static final long TASK_STATE = IDENTITY_MAP + 0x1000;

  private final Kvm kvm;
  private final KvmVm vm;
  private final GuestMemory memory;
  private final IoBus ports;
  private final IoBus mmio;
  private final List<CpuidEntry> supported;
  private final List<KernelVcpu> vcpus = new ArrayList<>();
  private final HaltWatch watch = new HaltWatch();
  private final Map<Region, Integer> slots = new HashMap<>();
  private final BitSet usedSlots = new BitSet();
  private final BitSet logged = new BitSet();
  private boolean closed;

  /**
   * Opens /dev/kvm and makes the machine; its memory is what {@code memory} holds now and later.
   *
   * @throws HostException where the kernel does not grant it: says what and what to do
   */
  public KernelMachine(GuestMemory memory, IoBus ports, IoBus mmio) {
    this.memory = memory;
    this.ports = ports;
    this.mmio = mmio;
    this.kvm = Kvm.open();
    KvmVm made = null;
    try {
      kvm.require(REQUIRED.toArray(KvmCapability[]::new));
      made = kvm.createVm();
      made.identityMapAddress(IDENTITY_MAP);
      made.taskStateAddress(TASK_STATE);
      this.supported = kvm.supportedCpuid();
    } catch (RuntimeException e) {
      if (made != null) {
        made.close();
      }
      kvm.close();
      throw e;
    }
    this.vm = made;
    try {
      memory.regions().forEach(this::regionAdded);
      memory.addMapListener(this);
      memory.addDirtySource(this);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** The kernel's virtual machine, for interrupts. */
  public KvmVm vm() {
    return vm;
  }

  /** What the kernel could promise to a guest by CPUID. */
  public List<CpuidEntry> supportedCpuid() {
    return supported;
  }

  /**
   * Makes a vCPU; the interrupt chips must exist.
   *
   * @param wantedHz ticks a second of its time-stamp counter; 0 for the host's
   * @param cpuid what the processor answers, before what the host lacks is taken from it
   * @throws HostException where the host cannot give that rate
   * @throws UnsupportedCpuModelException where the host lacks what the model stands for
   */
  public KernelVcpu createVcpu(
      int id, CpuModel model, long wantedHz, java.util.function.LongFunction<Cpuid> cpuid) {
    KernelVcpu vcpu = new KernelVcpu(id, vm.createCpu(id), memory, ports, mmio);
    try {
      if (wantedHz != 0) {
        rate(vcpu, wantedHz);
      }
      long hertz = vcpu.timestampHz();
      vcpu.promise(KernelCpuid.entries(cpuid.apply(hertz), model, supported));
      vcpu.reset();
    } catch (RuntimeException e) {
      vcpu.close();
      throw e;
    }
    vcpus.add(vcpu);
    vcpu.watchedBy(watch);
    watch.add(vcpu);
    return vcpu;
  }

  private static void rate(KernelVcpu vcpu, long hertz) {
    long own = vcpu.timestampHz();
    try {
      vcpu.timestampHz(hertz);
    } catch (HostException e) {
      throw HostException.unsupported(
          "a time-stamp counter of %.3f GHz".formatted(hertz / 1e9),
          "this host's processor has %.3f GHz and cannot scale it; use the software accelerator, or"
                  .formatted(own / 1e9)
              + " start the machine with this host's rate");
    }
  }

  @Override
  public synchronized void regionAdded(Region region) {
    int slot = usedSlots.nextClearBit(0);
    vm.memoryRegion(slot, flags(region, false), region.base(), region.size(), region.host());
    usedSlots.set(slot);
    slots.put(region, slot);
  }

  @Override
  public synchronized void regionRemoved(Region region) {
    Integer slot = slots.remove(region);
    if (slot != null) {
      vm.memoryRegion(slot, 0, region.base(), 0, 0);
      usedSlots.clear(slot);
      logged.clear(slot);
    }
  }

  private static int flags(Region region, boolean log) {
    return (region.writable() ? 0 : KvmVm.READONLY) | (log ? KvmVm.LOG_DIRTY_PAGES : 0);
  }

  @Override
  public synchronized void start(Region region) {
    log(region, true);
  }

  @Override
  public synchronized void stop(Region region) {
    log(region, false);
  }

  private void log(Region region, boolean on) {
    Integer slot = slots.get(region);
    if (slot != null && region.writable()) {
      vm.memoryRegion(slot, flags(region, on), region.base(), region.size(), region.host());
      logged.set(slot, on);
    }
  }

  @Override
  public synchronized void collect(Region region, long[] into) {
    Integer slot = slots.get(region);
    if (slot == null || !logged.get(slot)) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bitmap = arena.allocate(8L * into.length, 8);
      vm.dirtyLog(slot, bitmap);
      for (int i = 0; i < into.length; i++) {
        into[i] |= bitmap.getAtIndex(ValueLayout.JAVA_LONG, i);
      }
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    memory.removeMapListener(this);
    memory.removeDirtySource(this);
    watch.close();
    vcpus.forEach(KernelVcpu::close);
    vm.close();
    kvm.close();
  }
}
