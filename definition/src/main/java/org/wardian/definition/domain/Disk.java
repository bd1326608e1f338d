package org.wardian.definition.domain;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.wardian.definition.xml.XmlElement;

/** A drive: {@code <disk>}. */
public final class Disk extends DomainDevice {
  /** How many images a chain is read through. */
  private static final int MOST_IMAGES = 200;

  /** Limits of a drive, each in its unit; 0 is no limit. Names are libvirt's. */
  public static final List<String> LIMITS =
      List.of(
          "total_bytes_sec",
          "read_bytes_sec",
          "write_bytes_sec",
          "total_iops_sec",
          "read_iops_sec",
          "write_iops_sec",
          "total_bytes_sec_max",
          "read_bytes_sec_max",
          "write_bytes_sec_max",
          "total_iops_sec_max",
          "read_iops_sec_max",
          "write_iops_sec_max",
          "size_iops_sec",
          "total_bytes_sec_max_length",
          "read_bytes_sec_max_length",
          "write_bytes_sec_max_length",
          "total_iops_sec_max_length",
          "read_iops_sec_max_length",
          "write_iops_sec_max_length");

  Disk(XmlElement element) {
    super(element);
  }

  /** What holds the blocks: file, block, dir, network, volume, nvme, vhostuser. */
  public String type() {
    return element().attribute("type", "file");
  }

  /** What the guest sees: disk, cdrom, floppy or lun. */
  public String device() {
    return element().attribute("device", "disk");
  }

  /** Whether its medium can be taken out. */
  public boolean isRemovable() {
    return device().equals("cdrom") || device().equals("floppy");
  }

  /** Where the blocks are. */
  public DiskSource source() {
    return new DiskSource(type(), element().child("source"));
  }

  /** The images under {@link #source}, the nearest first, where the document says them. */
  public List<DiskSource> backing() {
    List<DiskSource> images = new ArrayList<>();
    XmlElement store = element().child("backingStore");
    while (store != null && store.attribute("type") != null && images.size() < MOST_IMAGES) {
      images.add(new DiskSource(store.attribute("type"), store.child("source")));
      store = store.child("backingStore");
    }
    return images;
  }

  /** The format of the image: raw, qcow2, ... */
  public String format() {
    return attribute("driver", "type").orElse("raw");
  }

  /** How writes are held: default, none, writethrough, writeback, directsync, unsafe. */
  public Optional<String> cache() {
    return attribute("driver", "cache");
  }

  /** What a discard does: unmap or ignore. */
  public Optional<String> discard() {
    return attribute("driver", "discard");
  }

  /** What writing of zeros does: off, on or unmap. */
  public Optional<String> detectZeroes() {
    return attribute("driver", "detect_zeroes");
  }

  /** How the host is asked: native, threads or io_uring. */
  public Optional<String> io() {
    return attribute("driver", "io");
  }

  /** What a failed write does: stop, report, ignore or enospace. */
  public Optional<String> errorPolicy() {
    return attribute("driver", "error_policy");
  }

  /** What a failed read does. */
  public Optional<String> readErrorPolicy() {
    return attribute("driver", "rerror_policy");
  }

  /** Queues of a virtio disk. */
  public OptionalInt queues() {
    return Values.integer(attribute("driver", "queues"));
  }

  /** The entries of each queue of a virtio disk. */
  public OptionalInt queueSize() {
    return Values.integer(attribute("driver", "queue_size"));
  }

  /** The thread that does its work, from 1. */
  public OptionalInt ioThread() {
    return Values.integer(attribute("driver", "iothread"));
  }

  /** Its name, which is its key among the disks: vda, sdb, hdc, ... */
  public String target() {
    return attribute("target", "dev").orElse("");
  }

  /** What it is plugged into: virtio, ide, sata, scsi, usb, fdc, ... */
  public String bus() {
    return attribute("target", "bus").orElse("");
  }

  /** The model of a virtio or SCSI disk. */
  public Optional<String> model() {
    return attribute("model");
  }

  /** Whether a drive's tray is open. */
  public boolean isTrayOpen() {
    return attribute("target", "tray").filter("open"::equals).isPresent();
  }

  /** Turns of a rotating disk in a minute; 1 is one that does not turn. */
  public OptionalInt rotationRate() {
    return Values.integer(attribute("target", "rotation_rate"));
  }

  /** Whether the guest may only read. */
  public boolean isReadOnly() {
    return has("readonly") || device().equals("cdrom");
  }

  /** Whether several domains may write. */
  public boolean isShareable() {
    return has("shareable");
  }

  /** Whether writes are thrown away when the domain stops. */
  public boolean isTransient() {
    return has("transient");
  }

  /** The serial number that the guest sees. */
  public Optional<String> serial() {
    return Values.childText(element(), "serial");
  }

  /** The world-wide name, 16 hexadecimal digits. */
  public Optional<String> wwn() {
    return Values.childText(element(), "wwn");
  }

  /** The vendor that a SCSI guest sees. */
  public Optional<String> vendor() {
    return Values.childText(element(), "vendor");
  }

  /** The product that a SCSI guest sees. */
  public Optional<String> product() {
    return Values.childText(element(), "product");
  }

  /** Bytes of a logical block. */
  public OptionalInt logicalBlockSize() {
    return Values.integer(attribute("blockio", "logical_block_size"));
  }

  /** Bytes of a physical block. */
  public OptionalInt physicalBlockSize() {
    return Values.integer(attribute("blockio", "physical_block_size"));
  }

  /** The limits that are set, by their names of {@link #LIMITS}. */
  public Map<String, Long> limits() {
    Map<String, Long> limits = new LinkedHashMap<>();
    XmlElement tune = element().child("iotune");
    if (tune != null) {
      for (String name : LIMITS) {
        Values.number(tune.textAt(name)).ifPresent(value -> limits.put(name, value));
      }
    }
    return limits;
  }

  /** The name of the group of disks that share limits. */
  public Optional<String> limitGroup() {
    return Values.childText(element().child("iotune"), "group_name");
  }
}
