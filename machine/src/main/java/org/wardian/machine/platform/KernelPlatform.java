package org.wardian.machine.platform;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.wardian.bus.Device;
import org.wardian.bus.HostTimers;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoBus;
import org.wardian.bus.MessageInterrupts;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.bus.Timers;
import org.wardian.chipset.ApicMessage;
import org.wardian.chipset.ApicMessages;
import org.wardian.chipset.IoApic;
import org.wardian.chipset.LocalApic;
import org.wardian.host.EventFd;
import org.wardian.host.kvm.ClockState;
import org.wardian.host.kvm.IoEvent;
import org.wardian.host.kvm.KvmVm;
import org.wardian.memory.GuestMemory;
import org.wardian.processor.Vcpu;
import org.wardian.processor.kvm.KernelCpuid;
import org.wardian.processor.kvm.KernelMachine;
import org.wardian.processor.kvm.KernelVcpu;
import org.wardian.processor.software.Observation;
import org.wardian.x86.Cpuid;
import org.wardian.x86.Feature;

/**
 * A machine on the host's processor. Local APICs are the kernel's, the other interrupt chips ours
 * or the kernel's; see {@link InterruptChips}.
 */
final class KernelPlatform implements Platform {
  /** KVM_PIT_SPEAKER_DUMMY: the kernel's PIT answers port 0x61 too. */
  private static final int PIT_WITH_PORT_B = 1;

  private final GuestMemory memory;
  private final IoBus ports = IoBus.ports();
  private final IoBus mmio = IoBus.mmio();
  private final HostTimers timers;
  private final KernelMachine machine;
  private final KvmVm vm;
  private final KernelRouting routing;
  private final List<Device> devices = new ArrayList<>();
  private final List<Device> localApics = new ArrayList<>();
  private final List<KernelVcpu> vcpus = new ArrayList<>();

  /** Null where all chips are in the kernel. */
  private final OwnChips chips;

  /** Null where they are ours. */
  private final KernelPics kernelPics;

  private final List<InterruptLine> externalLines = new ArrayList<>();
  private final Set<Feature> features;
  private long pausedClock;
  private boolean paused;

  static KernelPlatform create(PlatformConfiguration configuration) {
    GuestMemory memory = PlatformRecord.memory(configuration);
    try {
      return new KernelPlatform(configuration, memory);
    } catch (RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  private KernelPlatform(PlatformConfiguration configuration, GuestMemory memory) {
    this.memory = memory;
    this.machine = new KernelMachine(memory, ports, mmio);
    this.vm = machine.vm();
    this.timers = new HostTimers();
    Set<Feature> promised = EnumSet.copyOf(configuration.cpuModel().features());
    promised.removeAll(KernelCpuid.missing(configuration.cpuModel(), machine.supportedCpuid()));
    this.features = Collections.unmodifiableSet(promised);
    try {
      if (configuration.chips() == InterruptChips.KERNEL) {
        vm.createInterruptChips();
        vm.createTimer(PIT_WITH_PORT_B);
        chips = null;
        routing = KernelRouting.ofKernelChips(vm);
      } else {
        vm.splitInterruptChips(IoApic.PINS);
        chips = new OwnChips(ports, mmio, timers, new LocalApics(vm), this::externalInterrupt);
        routing = KernelRouting.ofOwnChips(vm, chips.ioApic);
      }
      for (int id = 0; id < configuration.processors(); id++) {
        addProcessor(id, configuration);
      }
      if (chips == null) {
        kernelPics = new KernelPics(vm);
        devices.add(new KernelIoApic(vm));
        devices.add(kernelPics);
        devices.add(new KernelPit(vm));
      } else {
        kernelPics = null;
        devices.addAll(chips.devices());
      }
      // Last: what the I/O APIC delivers while it is loaded must not outlive their own record.
      devices.addAll(localApics);
      reset();
    } catch (RuntimeException e) {
      machine.close();
      timers.close();
      throw e;
    }
  }

  private void addProcessor(int id, PlatformConfiguration configuration) {
    KernelVcpu vcpu =
        machine.createVcpu(
            id,
            configuration.cpuModel(),
            configuration.timestampHz(),
            hertz ->
                new Cpuid(
                    configuration.cpuModel(),
                    id,
                    configuration.processors(),
                    hertz,
                    LocalApic.BUS_FREQUENCY_HZ));
    vcpus.add(vcpu);
    localApics.add(new KernelLocalApic(vcpu.cpu(), id, id == 0));
    if (chips != null) {
      externalLines.add(
          vcpu.splitChips(id == 0 ? chips.pic::acknowledge : () -> -1, this::endOfInterrupt));
    }
  }

  /** The PICs' output: the bootstrap processor's local interrupt pin 0. */
  private void externalInterrupt(boolean level) {
    if (!externalLines.isEmpty()) {
      externalLines.getFirst().set(level);
    }
  }

  private void endOfInterrupt(int vector) {
    chips.ioApic.endOfInterrupt(vector);
  }

  /** Our I/O APIC's way to the kernel's local APICs. */
  private record LocalApics(KvmVm vm) implements ApicMessages {
    @Override
    public boolean deliver(ApicMessage message) {
      return vm.signalMessage(message.address(), message.data()) > 0;
    }
  }

  @Override
  public AcceleratorKind accelerator() {
    return AcceleratorKind.KVM;
  }

  @Override
  public GuestMemory memory() {
    return memory;
  }

  @Override
  public IoBus ports() {
    return ports;
  }

  @Override
  public IoBus mmio() {
    return mmio;
  }

  @Override
  public Timers timers() {
    return timers;
  }

  @Override
  public List<Vcpu> vcpus() {
    return List.copyOf(vcpus);
  }

  /** One that is not there does not run; the kernel keeps it waiting for its start-up message. */
  @Override
  public void present(int processor, boolean there) {
    vcpus.get(processor).present(there);
    localApics.get(processor).reset();
  }

  @Override
  public void observe(Observation observation) {
    // Nobody but the processor knows what it executes.
  }

  @Override
  public long timestampHz() {
    return vcpus.getFirst().timestampHz();
  }

  @Override
  public Set<Feature> features() {
    return features;
  }

  @Override
  public InterruptLine line(int gsi) {
    if (chips != null) {
      return chips.line(gsi);
    }
    return gsi == Wiring.CASCADE
        ? InterruptLine.UNCONNECTED
        : level -> vm.interruptLine(gsi, level);
  }

  @Override
  public InterruptLine ioApicLine(int pin) {
    if (chips != null) {
      return chips.ioApic.line(pin);
    }
    int gsi = KernelRouting.aloneGsi(pin);
    return level -> vm.interruptLine(gsi, level);
  }

  @Override
  public MessageInterrupts messages() {
    return vm::signalMessage;
  }

  @Override
  public void levelTriggered(int line) {
    if (chips != null) {
      chips.levelTriggered(line);
    } else {
      kernelPics.levelTriggered(line);
    }
  }

  @Override
  public Binding bindDoorbell(
      EventFd event, boolean port, long address, int size, OptionalLong value) {
    IoEvent where = new IoEvent(port, address, size, value);
    vm.ioEvent(event, where, true);
    return new Once(() -> vm.ioEvent(event, where, false));
  }

  @Override
  public Binding bindInterrupt(EventFd event, long address, int data) {
    int gsi = routing.add(address, data);
    try {
      vm.interruptEvent(event, gsi, true);
    } catch (RuntimeException e) {
      routing.remove(gsi);
      throw e;
    }
    return new Once(() -> {
      vm.interruptEvent(event, gsi, false);
      routing.remove(gsi);
    });
  }

  /** An ending that happens once. */
  private static final class Once implements Binding {
    private Runnable ending;

    Once(Runnable ending) {
      this.ending = ending;
    }

    @Override
    public synchronized void close() {
      Runnable now = ending;
      ending = null;
      if (now != null) {
        now.run();
      }
    }
  }

  @Override
  public void reset() {
    devices.forEach(Device::reset);
  }

  @Override
  public void start() {
    devices.forEach(Device::start);
  }

  @Override
  public void pause() {
    pausedClock = clock();
    timers.pause();
    holdTimestamps();
    paused = true;
    devices.forEach(Device::pause);
  }

  @Override
  public void resume() {
    clock(pausedClock);
    paused = false;
    vcpus.forEach(KernelVcpu::releaseTimestamp);
    timers.resume();
    devices.forEach(Device::resume);
  }

  /**
   * Keeps the time-stamp counters of this moment for {@link #save}. Those that differ by less than
   * the kernel itself takes for nothing, a second, are one counter that was read at two moments.
   */
  private void holdTimestamps() {
    long first = vcpus.getFirst().holdTimestamp();
    for (KernelVcpu vcpu : vcpus.subList(1, vcpus.size())) {
      if (Math.abs(vcpu.holdTimestamp() - first) < timestampHz()) {
        vcpu.holdTimestamp(first);
      }
    }
  }

  /** Guest time, and the kernel's own clock, which drifts away from it. */
  private final class Clocks implements PlatformRecord.Clocks {
    @Override
    public long devices() {
      return timers.nanoseconds();
    }

    @Override
    public long paravirtual() {
      return paused ? pausedClock : clock();
    }

    @Override
    public void moveTo(long devices, long paravirtual) {
      timers.moveTo(devices);
      clock(paravirtual);
      pausedClock = paravirtual;
    }
  }

  /** The guest's paravirtual clock, in nanoseconds. */
  private long clock() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment clock = arena.allocate(ClockState.SIZE, 8);
      vm.getClock(clock);
      return clock.get(ValueLayout.JAVA_LONG, ClockState.CLOCK);
    }
  }

  private void clock(long nanoseconds) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment clock = arena.allocate(ClockState.SIZE, 8);
      clock.set(ValueLayout.JAVA_LONG, ClockState.CLOCK, nanoseconds);
      vm.setClock(clock);
    }
  }

  @Override
  public void save(StateWriter out) {
    PlatformRecord.save(new Clocks(), vcpus(), devices, out);
  }

  @Override
  public void load(StateReader in) {
    PlatformRecord.load(new Clocks(), vcpus(), devices, in);
  }

  @Override
  public void close() {
    devices.forEach(Device::stop);
    timers.close();
    machine.close();
    memory.close();
  }
}
