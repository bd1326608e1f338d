package org.wardian.definition.domain;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlException.Kind;

/** What libvirt refuses of drives. */
final class DiskChecks {
  private static final Set<String> FORMATS =
      Set.of(
          "none", "raw", "dir", "bochs", "cloop", "dmg", "iso", "vpc", "vdi", "fat", "vhd", "ploop",
          "cow", "qcow", "qcow2", "qed", "vmdk");

  private DiskChecks() {}

  static void before(XmlElement disk) throws XmlException {
    String type = disk.attribute("type", "file");
    String device = disk.attribute("device", "disk");
    XmlElement source = disk.child("source");
    String path = new DiskSource(type, source).path().orElse("");
    String target = disk.attributeAt("target", "dev");
    if (type.equals("network") && source != null && source.attribute("protocol") == null) {
      throw new XmlException(
          Kind.BAD_CONTENT,
          XmlException.XML_ORIGIN,
          "Missing required attribute 'protocol' in element 'source'");
    }
    if (type.equals("volume")
        && source != null
        && (source.attribute("pool") == null) != (source.attribute("volume") == null)) {
      throw XmlException.badContent(
          "'pool' and 'volume' must be specified together for 'pool' type source");
    }
    if (target == null || target.isEmpty()) {
      throw new XmlException(Kind.NO_TARGET, path);
    }
    String format = disk.attributeAt("driver", "type");
    if (format != null && !FORMATS.contains(format)) {
      throw XmlException.unsupported("unknown driver format value '" + format + "'");
    }
    boolean isEmpty = new DiskSource(type, source).isEmpty();
    if (isEmpty && (device.equals("disk") || device.equals("lun"))) {
      throw new XmlException(Kind.NO_SOURCE, target);
    }
    String bus = disk.attributeAt("target", "bus");
    if (device.equals("floppy") && bus != null && !bus.equals("fdc")) {
      throw new XmlException(Kind.INTERNAL, "Invalid bus type '" + bus + "' for floppy disk");
    }
    String wwn = disk.textAt("wwn");
    if (wwn != null && !wwn.matches("(0x)?[0-9a-fA-F]{16}")) {
      throw new XmlException(Kind.INTERNAL, "Malformed wwn: " + wwn);
    }
  }

  static void after(DomainDocument document) throws XmlException {
    Map<String, Disk> targets = new HashMap<>();
    Set<DeviceAddress> places = new HashSet<>();
    for (Disk disk : document.disks()) {
      Disk other = targets.putIfAbsent(disk.target(), disk);
      if (other != null) {
        throw XmlException.badContent(
            "target '"
                + disk.target()
                + "' duplicated for disk sources '"
                + other.source().path().orElse("NULL")
                + "' and '"
                + disk.source().path().orElse("NULL")
                + "'");
      }
      alone(disk, document);
      if (disk.address().orElse(null) instanceof DeviceAddress.Drive drive
          && !places.add(drive(disk, drive))) {
        throw XmlException.unsupported(
            "Found duplicate drive address for disk with target name '"
                + firstAt(document, disk, drive)
                + "' controller='"
                + drive.controller()
                + "' bus='"
                + drive.bus()
                + "' target='"
                + drive.target()
                + "' unit='"
                + drive.unit()
                + "'");
      }
    }
  }

  /** A place with its kind of controller, which its number alone does not tell. */
  private static DeviceAddress drive(Disk disk, DeviceAddress.Drive drive) {
    int kind = List.of("ide", "fdc", "scsi", "sata").indexOf(disk.bus());
    return new DeviceAddress.Drive(
        drive.controller() * 8 + kind, drive.bus(), drive.target(), drive.unit());
  }

  private static String firstAt(DomainDocument document, Disk disk, DeviceAddress.Drive drive) {
    return document.disks().stream()
        .filter(other ->
            other.bus().equals(disk.bus()) && other.address().filter(drive::equals).isPresent())
        .map(Disk::target)
        .findFirst()
        .orElse(disk.target());
  }

  private static void alone(Disk disk, DomainDocument document) throws XmlException {
    if (disk.address().orElse(null) instanceof DeviceAddress.Drive drive
        && (drive.controller() < 0 || drive.controller() >= ImplicitDevices.MOST_CONTROLLERS)) {
      throw XmlException.unsupported(
          "disk '"
              + disk.target()
              + "' is on controller "
              + drive.controller()
              + "; there are up to "
              + ImplicitDevices.MOST_CONTROLLERS);
    }
    String driver = disk.element().attributeAt("driver", "name");
    if (!"qemu".equals(driver)) {
      throw new XmlException(
          Kind.UNSUPPORTED,
          XmlException.QEMU_ORIGIN,
          "unsupported driver name '" + driver + "' for disk '" + disk.target() + "'");
    }
    if (disk.device().equals("lun")
        && !Set.of("block", "network", "volume", "vhostuser").contains(disk.type())) {
      throw XmlException.unsupported("disk device='lun' is only valid for block type disk source");
    }
    if (!disk.device().equals("floppy") && disk.bus().equals("fdc")) {
      throw new XmlException(Kind.INTERNAL, "Invalid bus type 'fdc' for disk");
    }
    if (disk.bus().equals("virtio") && disk.isRemovable()) {
      throw new XmlException(
          Kind.UNSUPPORTED,
          XmlException.QEMU_ORIGIN,
          "disk type of '" + disk.target() + "' does not support ejectable media");
    }
    if (disk.queues().isPresent() && !disk.bus().equals("virtio")) {
      throw XmlException.unsupported(
          "queues attribute in disk driver element is only supported by virtio-blk");
    }
    if (disk.bus().equals("virtio")
        && disk.address().isPresent()
        && !(disk.address().get() instanceof DeviceAddress.Pci)) {
      throw new XmlException(
          Kind.UNSUPPORTED,
          XmlException.QEMU_ORIGIN,
          "virtio disk cannot have an address of type '"
              + disk.element().attributeAt("address", "type")
              + "'");
    }
    if (disk.ioThread().isPresent() && !hasThread(document, disk.ioThread().getAsInt())) {
      throw new XmlException(
          Kind.UNSUPPORTED,
          XmlException.QEMU_ORIGIN,
          "Disk iothread '" + disk.ioThread().getAsInt() + "' not defined in iothreadid");
    }
    limits(disk);
  }

  private static boolean hasThread(DomainDocument document, int id) {
    XmlElement ids = document.root().child("iothreadids");
    if (ids != null
        && ids.children("iothread").stream()
            .anyMatch(thread -> Values.integer(thread.attribute("id")).orElse(0) == id)) {
      return true;
    }
    return ids == null && id > 0 && id <= document.tuning().ioThreads().orElse(0);
  }

  private static void limits(Disk disk) throws XmlException {
    Map<String, Long> limits = disk.limits();
    for (String unit : List.of("bytes_sec", "iops_sec", "bytes_sec_max", "iops_sec_max")) {
      boolean total = limits.getOrDefault("total_" + unit, 0L) > 0;
      boolean parts =
          limits.getOrDefault("read_" + unit, 0L) > 0
              || limits.getOrDefault("write_" + unit, 0L) > 0;
      if (total && parts) {
        throw XmlException.badContent(
            "total and read/write " + unit + " cannot be set at the same time");
      }
    }
  }
}
