package org.wardian.machine.platform;

import java.util.List;
import org.wardian.bus.Device;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.memory.GuestMemory;
import org.wardian.processor.Vcpu;
import org.wardian.processor.VcpuState;

/** The saved record of processors and interrupt chips, the same on every accelerator. */
final class PlatformRecord {
  private static final String NAME = "platform";
  private static final int VERSION = 2;

  private PlatformRecord() {}

  /** RAM as the configuration asks. */
  static GuestMemory memory(PlatformConfiguration configuration) {
    return configuration.memoryBytes() == 0
        ? new GuestMemory(configuration.hostMemory())
        : GuestMemory.withRam(configuration.memoryBytes(), configuration.hostMemory());
  }

  /** The clocks of a machine that stands still. */
  interface Clocks {
    /** Guest time of devices in nanoseconds. */
    long devices();

    /** KVM's paravirtual clock in nanoseconds. */
    long paravirtual();

    /** Makes both go on from there. */
    void moveTo(long devices, long paravirtual);
  }

  /** Writes it. */
  static void save(Clocks clocks, List<Vcpu> vcpus, List<Device> devices, StateWriter out) {
    out.begin(NAME, VERSION);
    out.writeLong(clocks.devices());
    out.writeLong(clocks.paravirtual());
    out.writeInt(vcpus.size());
    for (int id = 0; id < vcpus.size(); id++) {
      VcpuState.save(vcpus.get(id), id, out);
    }
    devices.forEach(device -> device.save(out));
    out.end();
  }

  /** Reads it. */
  static void load(Clocks clocks, List<Vcpu> vcpus, List<Device> devices, StateReader in) {
    int version = in.begin(NAME, VERSION);
    long deviceTime = in.readLong();
    // Before all that reckons by it.
    clocks.moveTo(deviceTime, version == 1 ? deviceTime : in.readLong());
    int saved = in.readInt();
    if (saved != vcpus.size()) {
      throw new StateException(
          "the state has " + saved + " processors, this machine has " + vcpus.size());
    }
    for (int id = 0; id < saved; id++) {
      VcpuState.load(vcpus.get(id), id, in);
    }
    devices.forEach(device -> device.load(in));
    in.end();
  }
}
