package org.wardian.machine.state;

import java.lang.reflect.RecordComponent;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.network.MacAddress;
import org.wardian.storage.BlockDevice;

/**
 * What a guest knows of one of its devices.
 *
 * @param id its name
 * @param kind what it is
 * @param properties by name: all that the guest has seen of it and relies on
 * @param slot its PCI slot; 0 where it has none of its own, or any will do
 */
public record DeviceDescription(
    String id, String kind, SortedMap<String, String> properties, int slot) {
  private static final String NAME = "device-description";

  /** The first one did not tell the slot. */
  private static final int VERSION = 2;

  private static final int MOST_PROPERTIES = 256;
  private static final int MOST_SLOTS = 32;

  /** Copies the map. */
  public DeviceDescription {
    properties = Collections.unmodifiableSortedMap(new TreeMap<>(properties));
  }

  /**
   * Describes a device by those components of its configuration that are plain values, and by the
   * size of its medium: what else there is (where it is plugged in, who is told of it) is not the
   * guest's business.
   *
   * @param configuration a public record
   * @param slot as above
   */
  public static DeviceDescription of(String id, Record configuration, int slot) {
    SortedMap<String, String> properties = new TreeMap<>();
    for (RecordComponent component : configuration.getClass().getRecordComponents()) {
      Object value;
      try {
        value = component.getAccessor().invoke(configuration);
      } catch (ReflectiveOperationException e) {
        throw new IllegalArgumentException(configuration + " cannot be looked into", e);
      }
      String name = component.getName();
      switch (value) {
        case String text -> properties.put(name, text);
        case Number number -> properties.put(name, number.toString());
        case Boolean flag -> properties.put(name, flag.toString());
        case Enum<?> choice -> properties.put(name, choice.name().toLowerCase(Locale.ROOT));
        case MacAddress address -> properties.put(name, address.toString());
        case OptionalInt number ->
            number.ifPresent(given -> properties.put(name, Integer.toString(given)));
        case Optional<?> part -> part.ifPresent(given -> properties.put(name, given.toString()));
        case BlockDevice medium -> {
          properties.put("bytes", Long.toString(medium.length()));
          properties.put("block", Integer.toString(medium.blockSize()));
          properties.put("writable", Boolean.toString(!medium.readOnly()));
        }
        default -> {
          // Not the guest's business.
        }
      }
    }
    properties.remove("id");
    return new DeviceDescription(
        id, configuration.getClass().getSimpleName().toLowerCase(Locale.ROOT), properties, slot);
  }

  /** Whether another is the same device, wherever it is. */
  boolean isSame(DeviceDescription other) {
    return id.equals(other.id) && kind.equals(other.kind) && properties.equals(other.properties);
  }

  /** For a person. */
  public String text() {
    String values =
        properties.entrySet().stream()
            .map(entry -> entry.getKey() + "=" + entry.getValue())
            .collect(Collectors.joining(", "));
    return values.isEmpty() ? kind : kind + " with " + values;
  }

  void save(StateWriter out) {
    out.begin(NAME, VERSION);
    out.writeString(id);
    out.writeString(kind);
    out.writeInt(properties.size());
    for (Map.Entry<String, String> property : properties.entrySet()) {
      out.writeString(property.getKey());
      out.writeString(property.getValue());
    }
    out.writeInt(slot);
    out.end();
  }

  static DeviceDescription load(StateReader in) {
    int version = in.begin(NAME, VERSION);
    String id = in.readString();
    String kind = in.readString();
    SortedMap<String, String> properties = new TreeMap<>();
    for (int left = in.readInt(0, MOST_PROPERTIES); left > 0; left--) {
      properties.put(in.readString(), in.readString());
    }
    int slot = version == 1 ? 0 : in.readInt(0, MOST_SLOTS - 1);
    in.end();
    return new DeviceDescription(id, kind, properties, slot);
  }
}
