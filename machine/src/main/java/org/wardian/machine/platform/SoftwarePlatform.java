package org.wardian.machine.platform;

import java.util.ArrayList;
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
import org.wardian.bus.TimestampCounter;
import org.wardian.chipset.ApicBus;
import org.wardian.chipset.LocalApic;
import org.wardian.host.EventFd;
import org.wardian.memory.GuestMemory;
import org.wardian.processor.Vcpu;
import org.wardian.processor.software.Observation;
import org.wardian.processor.software.SoftwareVcpu;
import org.wardian.processor.software.VcpuGroup;
import org.wardian.x86.Cpuid;
import org.wardian.x86.Feature;

/** A machine on our own processor: every chip is ours, time-stamp counters tick in nanoseconds. */
final class SoftwarePlatform implements Platform {
  /** Rate of the guest's time-stamp counter: one tick a nanosecond. */
  private static final long TSC_HZ = 1_000_000_000L;

  private static final long SECOND = 1_000_000_000L;

  private final GuestMemory memory;
  private final IoBus ports = IoBus.ports();
  private final IoBus mmio = IoBus.mmio();
  private final HostTimers timers = new HostTimers();
  private final ApicBus apicBus = new ApicBus();
  private final OwnChips chips;
  private final List<Device> devices = new ArrayList<>();
  private final List<SoftwareVcpu> vcpus = new ArrayList<>();
  private final List<LocalApic> localApics = new ArrayList<>();
  private final TimestampCounter counter;

  /** What KVM's paravirtual clock is ahead of that of the devices, in nanoseconds. */
  private long clockLead;

  private final Set<Feature> features;

  SoftwarePlatform(PlatformConfiguration configuration) {
    features = configuration.cpuModel().features();
    memory = PlatformRecord.memory(configuration);
    boolean translated =
        TranslatorChoice.of(configuration.translator(), configuration.cpuModel()).translated();
    long hertz = configuration.timestampHz() == 0 ? TSC_HZ : configuration.timestampHz();
    counter = hertz == TSC_HZ ? new NanosecondCounter(timers) : new ScaledCounter(timers, hertz);
    for (int id = 0; id < configuration.processors(); id++) {
      localApics.add(
          new LocalApic(id, id == 0, Cpuid.PHYSICAL_ADDRESS_BITS, apicBus, timers, counter));
    }
    chips = new OwnChips(ports, mmio, timers, apicBus, apicBus.localInterrupt0());
    apicBus.externalInterrupts(chips.pic::acknowledge);
    devices.addAll(chips.devices());
    devices.addAll(localApics);
    VcpuGroup group = new VcpuGroup(configuration.processors());
    for (LocalApic apic : localApics) {
      Cpuid cpuid =
          new Cpuid(
              configuration.cpuModel(),
              apic.id(),
              configuration.processors(),
              hertz,
              LocalApic.BUS_FREQUENCY_HZ);
      SoftwareVcpu vcpu =
          SoftwareVcpu.create(
              new SoftwareVcpu.Wiring(
                  configuration.cpuModel(), cpuid, memory, ports, mmio, apic, counter),
              translated,
              group);
      apic.connect(vcpu);
      vcpus.add(vcpu);
    }
  }

  /** The counter behind RDTSC: the machine's clock. */
  private record NanosecondCounter(HostTimers timers) implements TimestampCounter {
    @Override
    public long ticks() {
      return timers.nanoseconds();
    }

    @Override
    public long frequencyHz() {
      return TSC_HZ;
    }

    @Override
    public long hostOffset() {
      return timers.hostOffset();
    }
  }

  /** A counter at the rate that a guest has found elsewhere. */
  private record ScaledCounter(HostTimers timers, long frequencyHz) implements TimestampCounter {
    @Override
    public long ticks() {
      long time = timers.nanoseconds();
      return time / SECOND * frequencyHz + time % SECOND * frequencyHz / SECOND;
    }

    @Override
    public long hostOffset() {
      return UNRELATED;
    }
  }

  /** Guest time, and the paravirtual clock's lead, which only another accelerator makes. */
  private final class Clocks implements PlatformRecord.Clocks {
    @Override
    public long devices() {
      return timers.nanoseconds();
    }

    @Override
    public long paravirtual() {
      return timers.nanoseconds() + clockLead;
    }

    @Override
    public void moveTo(long devices, long paravirtual) {
      timers.moveTo(devices);
      clockLead = paravirtual - devices;
      vcpus.forEach(vcpu -> vcpu.clockLead(clockLead));
    }
  }

  @Override
  public AcceleratorKind accelerator() {
    return AcceleratorKind.SOFTWARE;
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

  @Override
  public void present(int processor, boolean there) {
    LocalApic apic = localApics.get(processor);
    vcpus.get(processor).present(there);
    apicBus.present(apic, there);
    apic.reset();
  }

  @Override
  public void observe(Observation observation) {
    vcpus.forEach(vcpu -> vcpu.observe(observation));
  }

  @Override
  public long timestampHz() {
    return counter.frequencyHz();
  }

  @Override
  public Set<Feature> features() {
    return features;
  }

  @Override
  public InterruptLine line(int gsi) {
    return chips.line(gsi);
  }

  @Override
  public InterruptLine ioApicLine(int pin) {
    return chips.ioApic.line(pin);
  }

  @Override
  public MessageInterrupts messages() {
    return apicBus;
  }

  @Override
  public void levelTriggered(int line) {
    chips.levelTriggered(line);
  }

  @Override
  public Binding bindDoorbell(
      EventFd event, boolean port, long address, int size, OptionalLong value) {
    IoBus.Doorbell doorbell = (port ? ports : mmio).ring(address, size, value, event::signal);
    return doorbell::remove;
  }

  @Override
  public Binding bindInterrupt(EventFd event, long address, int data) {
    return new EventThread("interrupt-event", event, () -> apicBus.send(address, data));
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
    timers.pause();
    devices.forEach(Device::pause);
  }

  @Override
  public void resume() {
    timers.resume();
    devices.forEach(Device::resume);
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
    vcpus.forEach(Vcpu::close);
    memory.close();
  }
}
