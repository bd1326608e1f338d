package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the members of a tar archive lie (POSIX.1-2017 pax, 'ustar Interchange Format' and 'pax
 * Header Block'; GNU's long names and binary sizes).
 */
final class TarIndex {
  private static final int BLOCK = 512;
  private static final int MOST_MEMBERS = 10_000;
  private static final int MOST_NAME_BLOCK = 64 << 10;
  private static final int SIZE = 124;
  private static final int CHECKSUM = 148;

  /**
   * A regular file in the archive.
   *
   * @param position of its first byte
   * @param size bytes
   */
  record Member(String name, long position, long size) {}

  private final ByteSource file;
  private final List<Member> members = new ArrayList<>();
  private String nextName;
  private long nextSize = -1;

  private TarIndex(ByteSource file) {
    this.file = file;
  }

  /** Whether a file begins with the header of a member. */
  static boolean looksLikeOne(byte[] head) {
    return head.length >= BLOCK
        && new String(head, 257, 5, StandardCharsets.ISO_8859_1).equals("ustar")
        && sound(ByteBuffer.wrap(head, 0, BLOCK).slice());
  }

  /** The regular files of an archive, in order. */
  static List<Member> of(ByteSource file) throws IOException {
    TarIndex index = new TarIndex(file);
    index.walk();
    return List.copyOf(index.members);
  }

  private void walk() throws IOException {
    long at = 0;
    for (int count = 0; at <= file.size() - BLOCK; count++) {
      ByteBuffer header = file.structure(at, BLOCK, ByteOrder.BIG_ENDIAN);
      if (isZero(header)) {
        return;
      }
      if (!sound(header)) {
        throw new ImportException(
            file.name(), "has a damaged tar header at byte " + at + ": copy it again");
      }
      if (count == MOST_MEMBERS) {
        throw new ImportException(file.name(), "has more than " + MOST_MEMBERS + " members");
      }
      long position = at + BLOCK;
      char type = (char) (header.get(156) & 0xff);
      boolean describesNext = type == 'x' || type == 'L' || type == 'K' || type == 'g';
      long size = nextSize >= 0 && !describesNext ? nextSize : number(header, SIZE, 12);
      if (size < 0 || size > file.size() - position) {
        throw file.cutOff(position, size);
      }
      member(header, type, position, size);
      at = position + (size + BLOCK - 1) / BLOCK * BLOCK;
    }
  }

  private void member(ByteBuffer header, char type, long position, long size) throws IOException {
    switch (type) {
      case 'L' -> {
        String name = text(position, size);
        int end = name.indexOf('\0');
        nextName = end < 0 ? name : name.substring(0, end);
      }
      case 'x' -> extended(text(position, size));
      case 'K', 'g' -> {
        // The target of a link, or what holds for all members: nothing that a disk needs.
      }
      default -> {
        if (type == '0' || type == '\0') {
          members.add(new Member(nextName != null ? nextName : name(header), position, size));
        }
        nextName = null;
        nextSize = -1;
      }
    }
  }

  private String text(long position, long size) throws IOException {
    if (size > MOST_NAME_BLOCK) {
      throw new ImportException(
          file.name(), "has a member name of " + size + " bytes: the archive is damaged");
    }
    ByteBuffer bytes = file.structure(position, (int) size, ByteOrder.BIG_ENDIAN);
    return StandardCharsets.UTF_8.decode(bytes).toString();
  }

  /**
   * Records of the form {@code LENGTH KEY=VALUE\n}; lengths are of no use where no value has lines.
   */
  private void extended(String records) throws ImportException {
    for (String each : records.split("\n")) {
      String record = each.substring(each.indexOf(' ') + 1);
      if (record.startsWith("path=")) {
        nextName = record.substring(5);
      } else if (record.startsWith("size=")) {
        try {
          nextSize = Long.parseLong(record.substring(5));
        } catch (NumberFormatException e) {
          throw new ImportException(file.name(), "has a member of a size that is no number");
        }
      }
    }
  }

  private static String name(ByteBuffer header) {
    String name = field(header, 0, 100);
    boolean posix = header.get(262) == 0; // GNU has a blank there, and other fields for the prefix
    String prefix = posix ? field(header, 345, 155) : "";
    return prefix.isEmpty() ? name : prefix + "/" + name;
  }

  private static String field(ByteBuffer header, int at, int length) {
    String text = StandardCharsets.UTF_8.decode(header.slice(at, length)).toString();
    int end = text.indexOf('\0');
    return end < 0 ? text : text.substring(0, end);
  }

  /** Octal digits, or GNU's binary number with its highest bit set; -1 where it is neither. */
  private static long number(ByteBuffer header, int at, int length) {
    if ((header.get(at) & 0x80) != 0) {
      long value = header.getLong(at + length - 8);
      return header.getInt(at) == 0x80000000 ? value : -1;
    }
    long value = 0;
    boolean digits = false;
    for (int i = at; i < at + length; i++) {
      int c = header.get(i);
      if (c >= '0' && c <= '7') {
        value = value << 3 | (c - '0');
        digits = true;
      } else if (digits && (c == ' ' || c == 0)) {
        return value;
      } else if (c != ' ' && c != 0) {
        return -1;
      }
    }
    return digits ? value : -1;
  }

  private static boolean sound(ByteBuffer header) {
    int sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += i >= CHECKSUM && i < CHECKSUM + 8 ? ' ' : header.get(i) & 0xff;
    }
    return number(header, CHECKSUM, 8) == sum;
  }

  private static boolean isZero(ByteBuffer header) {
    for (int i = 0; i < BLOCK; i += 8) {
      if (header.getLong(i) != 0) {
        return false;
      }
    }
    return true;
  }
}
