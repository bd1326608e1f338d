package org.wardian.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.wardian.machine.DeviceConfiguration.DiskBus;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.device.DeviceLimits;
import org.wardian.storage.device.RateLimit;

/**
 * One {@code --disk}, {@code --cdrom} or {@code --floppy}.
 *
 * @param image the image file
 * @param bus what it hangs on; a floppy disk on none of these
 * @param cdrom whether it is a CD-ROM
 * @param readOnly whether the guest may not write
 * @param snapshot whether what the guest writes is thrown away at the end
 * @param format of the image, or empty where its content decides
 * @param serial number that the guest sees, perhaps empty
 * @param queues request queues of a virtio disk; 0 for one for each processor, up to 4
 * @param limits how fast it may be
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
    DeviceLimits limits) {
  private static final String KNOWN =
      "bus=virtio|scsi|ide|ahci, readonly, snapshot, format=NAME, serial=TEXT, queues=N, iops=N,"
          + " bps=SIZE";

  private static final int MOST_QUEUES = 64;

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
            Path.of(words.head()),
            words.choice("bus", DiskBus.class, usual),
            cdrom,
            words.flag("readonly") || cdrom,
            words.flag("snapshot"),
            words.take("format").map(name -> format(option, name)),
            words.take("serial").orElse(""),
            (int) words.number("queues", 1, MOST_QUEUES, 0),
            limits(words));
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

  private static DeviceLimits limits(OptionText words) {
    long operations = words.number("iops", 1, 1L << 40, 0);
    long bytes = words.take("bps").map(text -> ByteSize.parse(text).bytes()).orElse(0L);
    return new DeviceLimits(
        RateLimit.of(bytes),
        RateLimit.NONE,
        RateLimit.NONE,
        RateLimit.of(operations),
        RateLimit.NONE,
        RateLimit.NONE);
  }
}
