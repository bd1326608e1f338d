package org.wardian.machine.state;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.machine.platform.PlatformConfiguration;

/**
 * What a saved machine was: all that a machine must have in common with it to go on from its state.
 *
 * @param memoryBytes RAM
 * @param processors virtual processors
 * @param cpuModel the name of the CPU model
 * @param features what CPUID promised, by the features' names
 * @param timestampHz ticks a second of the time-stamp counter
 * @param start what it was started by: {@code kernel}, or the firmware with a hash of its image
 * @param extras devices on request, by name
 * @param devices disks, cards and the like, in the order in which the guest found them
 * @param accelerator who executed it; the next one may be another
 * @param saved when
 * @param ran how long the guest had run
 * @param origin what it was started from
 */
public record MachineDescription(
    long memoryBytes,
    int processors,
    String cpuModel,
    Set<String> features,
    long timestampHz,
    String start,
    Set<String> extras,
    List<DeviceDescription> devices,
    String accelerator,
    Instant saved,
    Duration ran,
    Origin origin) {
  /** {@link #start} of a machine without firmware. */
  public static final String KERNEL = "a kernel";

  private static final String NAME = "machine-description";

  /** The first one told nothing of the origin. */
  private static final int VERSION = 2;

  private static final int MOST_NAMES = 4096;
  private static final int MOST_DEVICES = 1024;
  private static final int MOST_PROCESSORS = 1 << 16;

  /** Copies the collections. */
  public MachineDescription {
    features = Set.copyOf(features);
    extras = Set.copyOf(extras);
    devices = List.copyOf(devices);
  }

  /** Whether a kernel was loaded by us, so that no firmware started it. */
  public boolean startedByKernel() {
    return start.equals(KERNEL);
  }

  /** The device of that name. */
  public Optional<DeviceDescription> device(String id) {
    return devices.stream().filter(device -> device.id().equals(id)).findFirst();
  }

  void save(StateWriter out) {
    out.begin(NAME, VERSION);
    out.writeLong(memoryBytes);
    out.writeInt(processors);
    out.writeString(cpuModel);
    saveNames(features, out);
    out.writeLong(timestampHz);
    out.writeString(start);
    saveNames(extras, out);
    out.writeInt(devices.size());
    devices.forEach(device -> device.save(out));
    out.writeString(accelerator);
    out.writeLong(saved.toEpochMilli());
    out.writeLong(ran.toNanos());
    origin.save(out);
    out.end();
  }

  private static void saveNames(Set<String> names, StateWriter out) {
    out.writeInt(names.size());
    new TreeSet<>(names).forEach(out::writeString);
  }

  static MachineDescription load(StateReader in) {
    int version = in.begin(NAME, VERSION);
    long memoryBytes = in.readLong();
    int processors = in.readInt(1, MOST_PROCESSORS);
    String cpuModel = in.readString();
    Set<String> features = loadNames(in);
    long timestampHz = in.readLong();
    if (timestampHz < PlatformConfiguration.LEAST_TIMESTAMP_HZ
        || timestampHz > PlatformConfiguration.MOST_TIMESTAMP_HZ
        || timestampHz % 1000 != 0) {
      throw new StateException("a time-stamp counter of " + timestampHz + " Hz");
    }
    String start = in.readString();
    Set<String> extras = loadNames(in);
    List<DeviceDescription> devices = new ArrayList<>();
    for (int left = in.readInt(0, MOST_DEVICES); left > 0; left--) {
      devices.add(DeviceDescription.load(in));
    }
    String accelerator = in.readString();
    Instant saved = instant(in.readLong());
    Duration ran = Duration.ofNanos(in.readLong());
    Origin origin = version == 1 ? Origin.NONE : Origin.load(in);
    in.end();
    return new MachineDescription(
        memoryBytes,
        processors,
        cpuModel,
        features,
        timestampHz,
        start,
        extras,
        devices,
        accelerator,
        saved,
        ran,
        origin);
  }

  private static Instant instant(long milliseconds) {
    try {
      return Instant.ofEpochMilli(milliseconds);
    } catch (DateTimeException e) {
      throw new StateException("a time of " + milliseconds + " ms");
    }
  }

  private static Set<String> loadNames(StateReader in) {
    Set<String> names = new TreeSet<>();
    for (int left = in.readInt(0, MOST_NAMES); left > 0; left--) {
      names.add(in.readString());
    }
    return names;
  }

  /**
   * What of a machine that is to go on from this state is not as it was: a line each, for a person;
   * none where it fits.
   */
  public List<String> differences(MachineDescription now) {
    List<String> found = new ArrayList<>();
    if (memoryBytes != now.memoryBytes) {
      found.add("it had %s of memory, not %s".formatted(size(memoryBytes), size(now.memoryBytes)));
    }
    if (processors != now.processors) {
      found.add("it had %d processors, not %d".formatted(processors, now.processors));
    }
    if (!cpuModel.equals(now.cpuModel)) {
      found.add("it had CPU model %s, not %s".formatted(cpuModel, now.cpuModel));
    } else if (!now.features.containsAll(features)) {
      Set<String> lost = new TreeSet<>(features);
      lost.removeAll(now.features);
      found.add(
          "its processor had %s, which accelerator %s cannot give on this host"
              .formatted(String.join(", ", lost), now.accelerator));
    }
    if (!start.equals(now.start)) {
      found.add("it was started by %s, not by %s".formatted(start, now.start));
    }
    if (!extras.equals(now.extras)) {
      found.add("it had the extra devices %s, not %s".formatted(extras, now.extras));
    }
    for (DeviceDescription device : devices) {
      Optional<DeviceDescription> other = now.device(device.id());
      if (other.isEmpty()) {
        found.add("it had %s: %s".formatted(device.id(), device.text()));
      } else if (!device.isSame(other.get())) {
        found.add("%s was %s, not %s".formatted(device.id(), device.text(), other.get().text()));
      } else if (device.slot() != 0
          && other.get().slot() != 0
          && device.slot() != other.get().slot()) {
        found.add(
            "%s was in PCI slot %d, not in %d"
                .formatted(device.id(), device.slot(), other.get().slot()));
      }
    }
    now.devices.stream()
        .filter(device -> device(device.id()).isEmpty())
        .forEach(device -> found.add("it had no %s: %s".formatted(device.id(), device.text())));
    // Kinds among each other may come in any order, and those whose place is known.
    if (found.isEmpty() && !order(this).equals(order(now))) {
      found.add("its devices had another order");
    }
    return found;
  }

  private Map<String, List<String>> order(MachineDescription machine) {
    return machine.devices.stream()
        .filter(device -> device(device.id()).orElseThrow().slot() == 0)
        .collect(
            Collectors.groupingBy(
                DeviceDescription::kind,
                Collectors.mapping(DeviceDescription::id, Collectors.toList())));
  }

  private static String size(long bytes) {
    return bytes % (1 << 20) == 0 ? (bytes >> 20) + " MiB" : bytes + " bytes";
  }
}
