package org.wardian.daemon.group;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Tuning;
import org.wardian.libvirt.error.LibvirtException;

/** What a machine's group may do with the host's disks. */
public final class DiskLimits {
  /** Least and most of a weight. */
  public static final int LEAST_WEIGHT = 1;

  /** See {@link #LEAST_WEIGHT}. */
  public static final int MOST_WEIGHT = 10_000;

  private static final String WEIGHT = "weight";

  /** Words of the kernel's by the elements of {@code <blkiotune>}. */
  private static final Map<String, String> WORDS =
      Map.of(
          "read_bytes_sec", "rbps",
          "write_bytes_sec", "wbps",
          "read_iops_sec", "riops",
          "write_iops_sec", "wiops");

  /** stat(2): what kind of file it is, and a block device. */
  private static final int KIND = 0xf000;

  private static final int BLOCK_DEVICE = 0x6000;

  private final ControlGroup group;

  DiskLimits(ControlGroup group) {
    this.group = group;
  }

  /** Sets all that a document says. */
  void set(Tuning tuning) throws LibvirtException {
    if (tuning.blockWeight().isPresent()) {
      setWeight(tuning.blockWeight().getAsLong());
    }
    for (Tuning.BlockDevice device : tuning.blockDevices()) {
      OptionalLong weight = number(device, WEIGHT);
      if (weight.isPresent()) {
        set(device.path(), WEIGHT, weight.getAsLong());
      }
      for (String element : WORDS.keySet()) {
        OptionalLong value = number(device, element);
        if (value.isPresent()) {
          set(device.path(), element, value.getAsLong());
        }
      }
    }
  }

  private static OptionalLong number(Tuning.BlockDevice device, String element) {
    String text = device.element().textAt(element);
    return text == null ? OptionalLong.empty() : OptionalLong.of(Long.parseUnsignedLong(text));
  }

  /** The file of weights: of the scheduler BFQ where the host has that. */
  private String weights() {
    return group.has("io.bfq.weight") ? "io.bfq.weight" : "io.weight";
  }

  /** Sets the weight against other groups, {@link #LEAST_WEIGHT} to {@link #MOST_WEIGHT}. */
  public void setWeight(long weight) throws LibvirtException {
    group.write(weights(), "default " + weight);
  }

  /** The weight; empty where the host has none. */
  public OptionalLong weight() {
    return group
        .read(weights())
        .flatMap(text -> text.lines().filter(line -> line.startsWith("default ")).findFirst())
        .map(line -> Long.parseLong(line.substring("default ".length())))
        .stream()
        .mapToLong(one -> one)
        .findAny();
  }

  /**
   * Limits one of the host's block devices.
   *
   * @param element of {@code <device>}
   * @param value bytes or requests in a second, or the weight; 0 for no limit
   */
  public void set(String path, String element, long value) throws LibvirtException {
    String device = number(path);
    if (element.equals(WEIGHT)) {
      group.write(weights(), device + " " + (value == 0 ? "default" : Long.toString(value)));
    } else {
      group.write(
          "io.max",
          device
              + " "
              + WORDS.get(element)
              + "="
              + (value == 0 ? "max" : Long.toUnsignedString(value)));
    }
  }

  /** The kernel's number of a block device, as MAJOR:MINOR. */
  private static String number(String path) throws LibvirtException {
    try {
      Path file = Path.of(path);
      if (((int) Files.getAttribute(file, "unix:mode") & KIND) != BLOCK_DEVICE) {
        throw Refusal.system("Path '" + path + "' must be a block device: Invalid argument", null);
      }
      long number = (long) Files.getAttribute(file, "unix:rdev");
      // makedev(3).
      long major = number >>> 8 & 0xfff | number >>> 32 & ~0xfffL;
      long minor = number & 0xff | number >>> 12 & ~0xffL;
      return major + ":" + minor;
    } catch (NoSuchFileException e) {
      throw Refusal.system("Path '" + path + "' is not accessible: No such file or directory", e);
    } catch (IOException | InvalidPathException e) {
      throw Refusal.system("Path '" + path + "' is not accessible: " + e.getMessage(), e);
    }
  }
}
