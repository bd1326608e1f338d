package org.wardian.boot.initramfs;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A cpio archive in the "newc" format, as Linux unpacks it into its first root file system (Linux,
 * Documentation/driver-api/early-userspace/buffer-format.rst).
 *
 * <p>Writing is reproducible: owner root, time 0, inode numbers counted, so equal entries give
 * equal bytes.
 */
public final class CpioArchive {
  private static final String MAGIC = "070701";
  private static final String MAGIC_WITH_CHECKSUM = "070702";
  private static final String TRAILER = "TRAILER!!!";
  private static final int HEADER_BYTES = 110;
  private static final int FIELDS = 13;
  private static final int FIELD_DIGITS = 8;

  /** Names are padded with their header to 4 bytes, contents too. */
  private static final int ALIGNMENT = 4;

  /** The whole is padded to tape blocks, as by cpio(1). */
  private static final int BLOCK_BYTES = 512;

  /** Linux's PATH_MAX, counted with the zero byte. */
  private static final int MAX_NAME_BYTES = 4096;

  private final List<CpioEntry> entries;

  private CpioArchive(List<CpioEntry> entries) {
    this.entries = List.copyOf(entries);
  }

  /**
   * An archive of entries in this order. A folder must come before what it holds: Linux makes no
   * missing ones.
   *
   * @throws IllegalArgumentException if a name is empty, absolute, too long, holds a zero byte or
   *     is the archive's end mark
   */
  public static CpioArchive of(List<CpioEntry> entries) {
    for (CpioEntry entry : entries) {
      String name = entry.name();
      if (name.isEmpty()
          || name.startsWith("/")
          || name.indexOf('\0') >= 0
          || name.equals(TRAILER)
          || name.getBytes(StandardCharsets.UTF_8).length >= MAX_NAME_BYTES) {
        throw new IllegalArgumentException("no name for a cpio archive: \"" + name + "\"");
      }
    }
    return new CpioArchive(entries);
  }

  /** The entries in their order. */
  public List<CpioEntry> entries() {
    return entries;
  }

  /** The last entry of a name: Linux lets a later one replace an earlier. */
  public Optional<CpioEntry> find(String name) {
    return entries.stream().filter(entry -> entry.name().equals(name)).reduce((a, b) -> b);
  }

  /** The archive as bytes, ready to be given to a kernel. */
  public byte[] toBytes() {
    int size = HEADER_BYTES + BLOCK_BYTES;
    for (CpioEntry entry : entries) {
      size += HEADER_BYTES + 2 * ALIGNMENT + entry.name().length() + entry.size();
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(size);
    int inode = 1;
    for (CpioEntry entry : entries) {
      write(out, entry, inode++);
    }
    write(out, new CpioEntry(TRAILER, 0, 0, 0, new byte[0]), 0);
    pad(out, BLOCK_BYTES);
    return out.toByteArray();
  }

  private static void write(ByteArrayOutputStream out, CpioEntry entry, int inode) {
    byte[] name = entry.name().getBytes(StandardCharsets.UTF_8);
    int links = entry.kind() == CpioEntry.DIRECTORY ? 2 : 1;
    int[] fields = {
      inode,
      entry.mode(),
      0, // user
      0, // group
      links,
      0, // time of change
      entry.size(),
      0, // device that holds the file, major
      0, // and minor
      entry.deviceMajor(),
      entry.deviceMinor(),
      name.length + 1,
      0 // checksum, not used with this magic
    };
    StringBuilder header = new StringBuilder(HEADER_BYTES).append(MAGIC);
    for (int field : fields) {
      header.append(String.format(Locale.ROOT, "%08X", field));
    }
    out.writeBytes(header.toString().getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(name);
    out.write(0);
    pad(out, ALIGNMENT);
    out.writeBytes(entry.contentUncopied());
    pad(out, ALIGNMENT);
  }

  private static void pad(ByteArrayOutputStream out, int alignment) {
    while (out.size() % alignment != 0) {
      out.write(0);
    }
  }

  /**
   * Reads an uncompressed archive. As in Linux, several archives may follow one another, with zero
   * bytes between them; owners, times and checksums are passed over, and so is what follows the
   * last archive if it is another format (a compressed archive behind an uncompressed one).
   *
   * @param data the archive
   * @throws CpioFormatException if it begins with no archive, or one is damaged or cut off
   */
  public static CpioArchive read(byte[] data) throws CpioFormatException {
    List<CpioEntry> entries = new ArrayList<>();
    int at = 0;
    boolean inside = true;
    while (true) {
      if (!inside) {
        while (at < data.length && data[at] == 0) {
          at++;
        }
        if (!hasMagic(data, at)) {
          return new CpioArchive(entries);
        }
      }
      Header header = header(data, at);
      at = header.next;
      inside = !header.entry.name().equals(TRAILER);
      if (inside) {
        entries.add(header.entry);
      }
    }
  }

  /** Whether data begins with an archive that {@link #read} takes. */
  public static boolean isCpio(byte[] data) {
    return hasMagic(data, 0);
  }

  private static boolean hasMagic(byte[] data, int at) {
    if (data.length - at < MAGIC.length()) {
      return false;
    }
    String magic = new String(data, at, MAGIC.length(), StandardCharsets.ISO_8859_1);
    return magic.equals(MAGIC) || magic.equals(MAGIC_WITH_CHECKSUM);
  }

  private record Header(CpioEntry entry, int next) {}

  private static Header header(byte[] data, int at) throws CpioFormatException {
    if (data.length - at < HEADER_BYTES) {
      throw new CpioFormatException("cpio archive cut off at offset " + at);
    }
    if (!hasMagic(data, at)) {
      throw new CpioFormatException("no newc cpio header at offset " + at);
    }
    long[] fields = new long[FIELDS];
    for (int i = 0; i < FIELDS; i++) {
      fields[i] = hex(data, at + MAGIC.length() + i * FIELD_DIGITS);
    }
    long size = fields[6];
    long nameBytes = fields[11];
    long nameAt = (long) at + HEADER_BYTES;
    if (nameBytes < 1 || nameBytes > MAX_NAME_BYTES) {
      throw new CpioFormatException("name of " + nameBytes + " bytes at offset " + at);
    }
    long contentAt = aligned(nameAt + nameBytes);
    long end = contentAt + size;
    if (nameAt + nameBytes > data.length || end > data.length || size > Integer.MAX_VALUE) {
      throw new CpioFormatException("cpio archive cut off in the entry at offset " + at);
    }
    int nameEnd = (int) (nameAt + nameBytes - 1);
    if (data[nameEnd] != 0) {
      throw new CpioFormatException("name without end at offset " + at);
    }
    String name = new String(data, (int) nameAt, (int) nameBytes - 1, StandardCharsets.UTF_8);
    byte[] content = new byte[(int) size];
    System.arraycopy(data, (int) contentAt, content, 0, content.length);
    CpioEntry entry =
        new CpioEntry(name, (int) fields[1], (int) fields[9], (int) fields[10], content);
    return new Header(entry, (int) Math.min(aligned(end), data.length));
  }

  private static long hex(byte[] data, int at) throws CpioFormatException {
    long value = 0;
    for (int i = at; i < at + FIELD_DIGITS; i++) {
      int digit = Character.digit(data[i], 16);
      if (digit < 0) {
        throw new CpioFormatException("no hexadecimal number at offset " + at);
      }
      value = value << 4 | digit;
    }
    return value;
  }

  /** Offsets are aligned from the start of the data, as Linux counts them. */
  private static long aligned(long offset) {
    return (offset + ALIGNMENT - 1) & -ALIGNMENT;
  }
}
