package org.wardian.machine.platform;

import java.util.List;
import java.util.function.LongConsumer;
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
  private static final int VERSION = 1;

  private PlatformRecord() {}

  /** RAM as the configuration asks. */
  static GuestMemory memory(PlatformConfiguration configuration) {
    return configuration.memoryBytes() == 0
        ? new GuestMemory()
        : GuestMemory.withRam(configuration.memoryBytes());
  }

  /** Writes it; {@code clock} is guest time in nanoseconds. */
  static void save(long clock, List<Vcpu> vcpus, List<Device> devices, StateWriter out) {
    out.begin(NAME, VERSION);
    out.writeLong(clock);
    out.writeInt(vcpus.size());
    for (int id = 0; id < vcpus.size(); id++) {
      VcpuState.save(vcpus.get(id), id, out);
    }
    devices.forEach(device -> device.save(out));
    out.end();
  }

  /** Reads it; {@code clock} takes guest time in nanoseconds, first of all. */
  static void load(LongConsumer clock, List<Vcpu> vcpus, List<Device> devices, StateReader in) {
    in.begin(NAME, VERSION);
    // Before all that reckons by it.
    clock.accept(in.readLong());
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
