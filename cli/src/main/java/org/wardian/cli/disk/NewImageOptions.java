package org.wardian.cli.disk;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import picocli.CommandLine.Option;

/** What a new image is like: {@code -o KEY=VALUE}, with the keys that qemu-img has. */
final class NewImageOptions {
  private static final List<String> KEYS =
      List.of(
          "preallocation",
          "compat",
          "cluster_size",
          "refcount_bits",
          "lazy_refcounts",
          "extended_l2",
          "compression_type",
          "data_file",
          "data_file_raw");

  @Option(
      names = {"-o", "--option"},
      paramLabel = "KEY=VALUE",
      split = ",",
      description = {
        "What the new image is like. For raw and qcow2: preallocation=off|falloc|full. For qcow2"
            + " also: preallocation=metadata, compat=0.10|1.1, cluster_size=SIZE (64K),"
            + " refcount_bits=N (16), lazy_refcounts=on|off, extended_l2=on|off,"
            + " compression_type=zlib|zstd, data_file=NAME, data_file_raw=on|off."
      })
  private Map<String, String> values = new LinkedHashMap<>();

  /** Whether anything was given. */
  boolean any() {
    return !values.isEmpty();
  }

  /**
   * The options for an image.
   *
   * @throws IllegalArgumentException with the key and what would do
   */
  CreateOptions of(ImageFormat format, long size) {
    if (!FormatNames.WRITTEN.contains(format)) {
      throw new IllegalArgumentException(
          format.text() + " images are only read; make a qcow2 or raw image (--format qcow2)");
    }
    CreateOptions options =
        format == ImageFormat.RAW ? CreateOptions.raw(size) : CreateOptions.qcow2(size);
    for (Map.Entry<String, String> each : values.entrySet()) {
      String key = each.getKey().toLowerCase(Locale.ROOT);
      if (!KEYS.contains(key)) {
        throw new IllegalArgumentException(
            "there is no option " + key + "; there is " + String.join(", ", KEYS));
      }
      if (format == ImageFormat.RAW && !key.equals("preallocation")) {
        throw new IllegalArgumentException("a raw image has no " + key + "; a qcow2 image has");
      }
      options = with(options, key, each.getValue().toLowerCase(Locale.ROOT), each.getValue());
    }
    if (values.containsKey("data_file_raw") && !values.containsKey("data_file")) {
      throw new IllegalArgumentException("data_file_raw needs data_file=NAME");
    }
    return options;
  }

  private CreateOptions with(CreateOptions options, String key, String value, String written) {
    return switch (key) {
      case "preallocation" ->
          options.withPreallocation(
              CreateOptions.Preallocation.valueOf(
                  oneOf(key, value, Set.of("off", "metadata", "falloc", "full"))));
      case "compat" ->
          options.withVersion(
              switch (value) {
                case "0.10", "v2" -> 2;
                case "1.1", "v3" -> 3;
                default -> throw no(key, value, "0.10 or 1.1");
              });
      case "cluster_size" -> options.withClusterSize(clusterSize(value));
      case "refcount_bits" -> options.withRefcountBits(number(key, value));
      case "lazy_refcounts" -> options.withLazyRefcounts(onOff(key, value));
      case "extended_l2" -> options.withExtendedL2(onOff(key, value));
      case "compression_type" ->
          options.withCompression(
              CreateOptions.Compression.valueOf(oneOf(key, value, Set.of("zlib", "zstd"))));
      case "data_file" -> options.withDataFile(written, onOff("data_file_raw", raw()));
      default -> options; // data_file_raw, which goes with data_file
    };
  }

  private String raw() {
    return values.getOrDefault("data_file_raw", "off").toLowerCase(Locale.ROOT);
  }

  private static int clusterSize(String value) {
    try {
      long bytes = DiskSize.parse(value).bytes();
      if (bytes <= 2 << 20) {
        return (int) bytes;
      }
    } catch (picocli.CommandLine.TypeConversionException e) {
      throw no("cluster_size", value, "a power of two from 512 to 2M");
    }
    throw no("cluster_size", value, "a power of two from 512 to 2M");
  }

  private static int number(String key, String value) {
    if (!value.matches("\\d{1,6}")) {
      throw no(key, value, "a number");
    }
    return Integer.parseInt(value);
  }

  private static boolean onOff(String key, String value) {
    return switch (value) {
      case "on", "true", "yes" -> true;
      case "off", "false", "no" -> false;
      default -> throw no(key, value, "on or off");
    };
  }

  private static String oneOf(String key, String value, Set<String> words) {
    if (!words.contains(value)) {
      throw no(key, value, String.join(", ", words.stream().sorted().toList()));
    }
    return value.toUpperCase(Locale.ROOT);
  }

  private static IllegalArgumentException no(String key, String value, String good) {
    return new IllegalArgumentException(key + "=" + value + " makes no sense; it is " + good);
  }
}
