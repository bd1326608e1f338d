package org.wardian.process.domain;

import java.util.OptionalInt;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDevice;
import org.wardian.definition.domain.DomainDocument;

/** In which order firmware tries the devices. */
final class BootPlan {
  private final DomainDocument document;
  private final boolean perDevice;

  BootPlan(DomainDocument document) {
    this.document = document;
    perDevice = document.devices().stream().anyMatch(device -> device.bootOrder().isPresent());
  }

  /** The place of a device; empty where it is not tried. */
  OptionalInt index(DomainDevice device) {
    if (perDevice) {
      return device.bootOrder();
    }
    int place = document.os().bootDevices().indexOf(word(device));
    if (place < 0) {
      return OptionalInt.empty();
    }
    int same = 0;
    for (DomainDevice other : document.devices()) {
      if (other.element() == device.element()) {
        break;
      }
      same += word(other).equals(word(device)) ? 1 : 0;
    }
    return OptionalInt.of(place * 100 + same);
  }

  private static String word(DomainDevice device) {
    return switch (device.kind()) {
      case "disk" ->
          switch (((Disk) device).device()) {
            case "cdrom" -> "cdrom";
            case "floppy" -> "fd";
            default -> "hd";
          };
      case "interface" -> "network";
      default -> "";
    };
  }
}
