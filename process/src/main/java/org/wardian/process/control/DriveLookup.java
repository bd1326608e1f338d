package org.wardian.process.control;

import org.wardian.process.domain.Drive;
import org.wardian.process.domain.MachineParts;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.QmpException;

/** Finds the drive that a command names, by the device's id or by its block device's or node's. */
final class DriveLookup {
  private DriveLookup() {}

  /**
   * The drive of a command's arguments {@code id}, {@code device} or {@code node-name}.
   *
   * @throws QmpException where there is none
   */
  static Drive of(MachineParts parts, Arguments arguments) throws QmpException {
    for (String key : new String[] {"id", "device", "node-name"}) {
      if (arguments.has(key)) {
        return named(parts, arguments.string(key));
      }
    }
    throw new QmpException("Need exactly one of 'device' and 'id'");
  }

  /**
   * The drive of a name.
   *
   * @throws QmpException where there is none
   */
  static Drive named(MachineParts parts, String name) throws QmpException {
    Drive byId = parts.drives().get(name);
    if (byId != null) {
      return byId;
    }
    for (Drive drive : parts.drives().values()) {
      if (drive.driveName().equals(name)
          || drive.nodeName().equals(name)
          || name.equals("/machine/peripheral/" + drive.alias() + "/virtio-backend")) {
        return drive;
      }
    }
    throw Replies.noDevice(name);
  }
}
