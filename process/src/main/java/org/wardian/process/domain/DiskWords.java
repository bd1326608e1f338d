package org.wardian.process.domain;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.wardian.definition.domain.Disk;
import org.wardian.machine.DeviceConfiguration.DiskBus;
import org.wardian.process.assembly.AssemblyException;
import org.wardian.process.assembly.AssemblyException.Reason;
import org.wardian.process.assembly.DiskRequest;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.device.DeviceLimits;
import org.wardian.storage.device.DeviceOptions;
import org.wardian.storage.device.ErrorPolicy;
import org.wardian.storage.device.RateLimit;

/** What a document says of a disk, in the terms of the block layer. */
public final class DiskWords {
  private DiskWords() {}

  /** The bus of a disk; empty for a floppy drive. */
  static Optional<DiskBus> bus(Disk disk) {
    return switch (disk.bus()) {
      case "virtio" -> Optional.of(DiskBus.VIRTIO);
      case "scsi" -> Optional.of(DiskBus.SCSI);
      case "ide" -> Optional.of(DiskBus.IDE);
      case "sata" -> Optional.of(DiskBus.AHCI);
      case "fdc" -> Optional.empty();
      default ->
          throw new AssemblyException(
              Reason.REQUEST,
              "disk "
                  + disk.target()
                  + ": this machine has no bus "
                  + disk.bus()
                  + "; there is virtio, scsi, ide, sata and fdc");
    };
  }

  /** The image of a disk; empty where it has none. */
  static Optional<DiskRequest> medium(Disk disk) {
    if (disk.source().isEmpty()) {
      return Optional.empty();
    }
    Path image =
        disk.source()
            .path()
            .map(Path::of)
            .or(() -> NetworkDisk.of(disk))
            .orElseThrow(() ->
                new AssemblyException(
                    Reason.REQUEST,
                    "disk "
                        + disk.target()
                        + ": images of type "
                        + disk.type()
                        + " are not opened by this machine; file, block and network (nbd) are"));
    return Optional.of(
        new DiskRequest(
            image,
            disk.isReadOnly(),
            disk.isTransient(),
            Optional.of(format(disk.format())),
            !disk.cache().filter("unsafe"::equals).isPresent(),
            options(disk)));
  }

  /** The format of a name. */
  public static ImageFormat format(String name) {
    for (ImageFormat format : ImageFormat.values()) {
      if (format.text().equals(name)) {
        return format;
      }
    }
    throw new AssemblyException(
        Reason.REQUEST,
        "there is no image format "
            + name
            + "; there is "
            + Arrays.stream(ImageFormat.values())
                .map(ImageFormat::text)
                .collect(Collectors.joining(", ")));
  }

  /** Limits, policies and discards of a disk. */
  static DeviceOptions options(Disk disk) {
    ErrorPolicy writes = policy(disk.errorPolicy(), ErrorPolicy.STOP_ON_NO_SPACE);
    ErrorPolicy reads =
        policy(
            disk.readErrorPolicy()
                .or(() -> disk.errorPolicy().filter(word -> !word.equals("enospace"))),
            ErrorPolicy.REPORT);
    return DeviceOptions.usual()
        .withBlockSize(disk.logicalBlockSize().orElse(512))
        .withLimits(limits(disk.limits()))
        .withErrors(reads, writes)
        .withDiscards(disk.discard().filter("unmap"::equals).isPresent());
  }

  private static ErrorPolicy policy(Optional<String> word, ErrorPolicy usual) {
    return switch (word.orElse("")) {
      case "stop" -> ErrorPolicy.STOP;
      case "report" -> ErrorPolicy.REPORT;
      case "ignore" -> ErrorPolicy.IGNORE;
      case "enospace" -> ErrorPolicy.STOP_ON_NO_SPACE;
      default -> usual;
    };
  }

  /** Limits by the names that a document has for them. */
  static DeviceLimits limits(Map<String, Long> words) {
    return new DeviceLimits(
        limit(words, "total_bytes_sec"),
        limit(words, "read_bytes_sec"),
        limit(words, "write_bytes_sec"),
        limit(words, "total_iops_sec"),
        limit(words, "read_iops_sec"),
        limit(words, "write_iops_sec"));
  }

  private static RateLimit limit(Map<String, Long> words, String name) {
    return rate(
        words.getOrDefault(name, 0L),
        words.getOrDefault(name + "_max", 0L),
        words.getOrDefault(name + "_max_length", 1L));
  }

  /**
   * A limit.
   *
   * @param perSecond 0 for none
   * @param burst a second's most for a while; 0 for none
   * @param seconds that a burst may last
   */
  public static RateLimit rate(long perSecond, long burst, long seconds) {
    try {
      return perSecond <= 0
          ? RateLimit.NONE
          : new RateLimit(perSecond, Math.max(burst, 0), Math.max(seconds, 1));
    } catch (IllegalArgumentException e) {
      throw new AssemblyException(Reason.REQUEST, e.getMessage(), e);
    }
  }
}
