package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text part of a VMDK ("Virtual Disk Format 5.0", 'The Descriptor File').
 *
 * @param values the lines {@code name=value}, names in lower case, quotes removed
 * @param extents what the disk is made of, in order
 */
record VmdkDescriptor(Map<String, String> values, List<Line> extents) {
  /** The value of {@code parentCID} that means no parent. */
  static final long NO_PARENT = 0xffffffffL;

  static final int MOST_BYTES = 1 << 20;
  private static final int MOST_EXTENTS = 8192;

  private static final Pattern EXTENT =
      Pattern.compile(
          "(RW|RDONLY|NOACCESS)\\s+(\\d{1,18})\\s+([A-Z0-9]+)(?:\\s+\"([^\"]*)\"(?:\\s+(\\d{1,18})\\b.*)?)?");
  private static final Pattern VALUE = Pattern.compile("([A-Za-z0-9_.]+)\\s*=\\s*(.*)");

  /**
   * One extent.
   *
   * @param access RW, RDONLY or NOACCESS
   * @param sectors of 512 bytes
   * @param type FLAT, SPARSE, ZERO and others
   * @param file as written, or null
   * @param offset first sector in the file
   */
  record Line(String access, long sectors, String type, String file, long offset) {}

  /** Whether a file's first characters are those of a descriptor. */
  static boolean looksLikeOne(String head) {
    for (String line : head.split("\\R", 64)) {
      String text = line.strip();
      if (text.toLowerCase(Locale.ROOT).startsWith("# disk descriptorfile")) {
        return true;
      }
      if (!text.isEmpty() && !text.startsWith("#")) {
        return text.matches("version=[123]") && head.contains("createType=");
      }
    }
    return false;
  }

  /** A file that is all text. */
  static VmdkDescriptor ofFile(ByteSource file) throws IOException {
    if (file.size() > MOST_BYTES) {
      throw new ImportException(
          file.name(), "is a VMDK descriptor of " + file.size() + " bytes: that is no text");
    }
    return read(file, 0, (int) file.size());
  }

  /** The text in a part of a sparse file. */
  static VmdkDescriptor read(ByteSource file, long position, int length) throws IOException {
    byte[] bytes = new byte[length];
    file.read(position, ByteBuffer.wrap(bytes));
    int end = 0;
    while (end < length && bytes[end] != 0) {
      end++;
    }
    return parse(file.name(), text(bytes, end));
  }

  private static String text(byte[] bytes, int length) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, 0, length))
          .toString();
    } catch (CharacterCodingException e) {
      // Older writers use the code page of their Windows; only file names can suffer.
      return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
    }
  }

  static VmdkDescriptor parse(String name, String text) throws IOException {
    Map<String, String> values = new LinkedHashMap<>();
    List<Line> extents = new ArrayList<>();
    for (String each : text.split("\\R")) {
      String line = each.strip();
      Matcher extent = EXTENT.matcher(line);
      Matcher value = VALUE.matcher(line);
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      if (extent.matches()) {
        if (extents.size() == MOST_EXTENTS) {
          throw new ImportException(name, "has more than " + MOST_EXTENTS + " extents");
        }
        extents.add(
            new Line(
                extent.group(1),
                Long.parseLong(extent.group(2)),
                extent.group(3),
                extent.group(4),
                extent.group(5) == null ? 0 : Long.parseLong(extent.group(5))));
      } else if (value.matches()) {
        values.put(value.group(1).toLowerCase(Locale.ROOT), unquoted(value.group(2)));
      } else if (line.startsWith("RW ") || line.startsWith("RDONLY ")) {
        throw new ImportException(name, "has an extent line that makes no sense: " + line);
      }
    }
    return new VmdkDescriptor(values, extents);
  }

  private static String unquoted(String value) {
    return value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"")
        ? value.substring(1, value.length() - 1)
        : value;
  }

  /** {@code createType}, or the empty string. */
  String createType() {
    return values.getOrDefault("createtype", "");
  }

  /**
   * The content identifier of this image, or of its parent: 32 bits; {@link #NO_PARENT} if absent.
   */
  long identifier(String name) {
    try {
      return Long.parseLong(values.getOrDefault(name.toLowerCase(Locale.ROOT), "ffffffff"), 16)
          & 0xffffffffL;
    } catch (NumberFormatException e) {
      return NO_PARENT;
    }
  }
}
