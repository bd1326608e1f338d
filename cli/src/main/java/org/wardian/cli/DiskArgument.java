package org.wardian.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.wardian.machine.DeviceConfiguration.DiskBus;
import org.wardian.process.assembly.DiskRequest;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.ImageNames;
import org.wardian.storage.device.DeviceLimits;
import org.wardian.storage.device.DeviceOptions;
import org.wardian.storage.device.ErrorPolicy;
import org.wardian.storage.device.RateLimit;

/**
 * One {@code --disk}, {@code --cdrom} or {@code --floppy}.
 *
 * @param image the image file, or an export of an NBD server
 * @param bus what it hangs on; a floppy disk on none of these
 * @param cdrom whether it is a CD-ROM
 * @param readOnly whether the guest may not write
 * @param snapshot whether what the guest writes is thrown away at the end
 * @param format of the image, or empty where its content decides
 * @param serial number that the guest sees, perhaps empty
 * @param queues request queues of a virtio disk; 0 for one for each processor, up to 4
 * @param flushed whether the guest's flushes reach stable storage
 * @param options limits, what becomes of errors and discards
 */
record DiskArgument(
    Path image,
    DiskBus bus,
    boolean cdrom,
    boolean readOnly,
    boolean snapshot,
    Optional<ImageFormat> format,
    String serial,
    int queues,
    boolean flushed,
    DeviceOptions options) {
  private static final String KNOWN =
      "bus=virtio|scsi|ide|ahci, readonly, snapshot, format=NAME, serial=TEXT, queues=N,"
          + " cache=safe|unsafe, discard=on|off, errors=usual|report|stop|ignore, bps=SIZE, iops=N"
          + " and each of these with -read, -write, -burst, burst-seconds=N";

  private static final int MOST_QUEUES = 64;

  /** What is to be opened. */
  DiskRequest request() {
    return new DiskRequest(image, readOnly, snapshot, format, flushed, options);
  }

  /**
   * Reads {@code IMAGE[,bus=...,readonly,...]}.
   *
   * @throws IllegalArgumentException for what makes no sense, with what would
   */
  static DiskArgument disk(String text) {
    return parse("--disk", text, DiskBus.VIRTIO, false);
  }

  /** As {@link #disk}, of a CD-ROM. */
  static DiskArgument cdrom(String text) {
    return parse("--cdrom", text, DiskBus.AHCI, true);
  }

  /** As {@link #disk}, of a floppy disk. */
  static DiskArgument floppy(String text) {
    return parse("--floppy", text, DiskBus.IDE, false);
  }

  private static DiskArgument parse(String option, String text, DiskBus usual, boolean cdrom) {
    OptionText words = OptionText.parse(option, text);
    if (words.head().isEmpty()) {
      throw new IllegalArgumentException(option + " names no image: " + text);
    }
    DiskArgument disk =
        new DiskArgument(
            ImageNames.given(words.head()),
            words.choice("bus", DiskBus.class, usual),
            cdrom,
            words.flag("readonly") || cdrom,
            words.flag("snapshot"),
            words.take("format").map(name -> format(option, name)),
            words.take("serial").orElse(""),
            (int) words.number("queues", 1, MOST_QUEUES, 0),
            words.choice("cache", Cache.class, Cache.SAFE) == Cache.SAFE,
            options(words));
    words.end(KNOWN);
    if (disk.readOnly && disk.snapshot) {
      throw new IllegalArgumentException(
          option + ": readonly and snapshot exclude each other; snapshot never writes the image");
    }
    return disk;
  }

  private static ImageFormat format(String option, String name) {
    for (ImageFormat format : ImageFormat.values()) {
      if (format.text().equals(name)) {
        return format;
      }
    }
    throw new IllegalArgumentException(
        option
            + ": there is no format "
            + name
            + "; there is "
            + Arrays.stream(ImageFormat.values())
                .map(ImageFormat::text)
                .collect(Collectors.joining(", ")));
  }

  /** Whether what the guest was told to be safe survives a crash of the host. */
  private enum Cache {
    SAFE,
    UNSAFE
  }

  /** What becomes of the host's errors. */
  private enum Errors {
    /** The guest is told; its writes wait for room on a full host disk. */
    USUAL,
    REPORT,
    STOP,
    IGNORE
  }

  private static DeviceOptions options(OptionText words) {
    DeviceOptions usual =
        DeviceOptions.usual().withLimits(limits(words)).withDiscards(words.flag("discard", true));
    return switch (words.choice("errors", Errors.class, Errors.USUAL)) {
      case USUAL -> usual;
      case REPORT -> usual.withErrors(ErrorPolicy.REPORT, ErrorPolicy.REPORT);
      case STOP -> usual.withErrors(ErrorPolicy.STOP, ErrorPolicy.STOP);
      case IGNORE -> usual.withErrors(ErrorPolicy.IGNORE, ErrorPolicy.IGNORE);
    };
  }

  private static DeviceLimits limits(OptionText words) {
    long seconds = words.number("burst-seconds", 1, 3600, 1);
    long bytesBurst = bytes(words, "bps-burst");
    long operationsBurst = operations(words, "iops-burst");
    try {
      return new DeviceLimits(
          new RateLimit(bytes(words, "bps"), bytesBurst, seconds),
          RateLimit.of(bytes(words, "bps-read")),
          RateLimit.of(bytes(words, "bps-write")),
          new RateLimit(operations(words, "iops"), operationsBurst, seconds),
          RateLimit.of(operations(words, "iops-read")),
          RateLimit.of(operations(words, "iops-write")));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--disk: " + e.getMessage(), e);
    }
  }

  private static long bytes(OptionText words, String key) {
    return words.take(key).map(text -> ByteSize.parse(text).bytes()).orElse(0L);
  }

  private static long operations(OptionText words, String key) {
    return words.number(key, 1, 1L << 40, 0);
  }
}
