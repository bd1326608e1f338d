package org.wardian.boot.seed;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Writes a volume of ISO 9660 (ECMA-119) with Joliet names: one folder of files. The files are
 * streamed; room for the folder is set aside before them, which is why their names come first.
 *
 * <p>The same names and contents give the same bytes: all times are the start of 1980.
 */
public final class IsoWriter implements AutoCloseable {
  /** Bytes of a logical block. */
  public static final int BLOCK = 2048;

  /** A longer file would take several extents (ECMA-119 §6.5.1). */
  private static final long MAX_FILE_BYTES = 0xFFFF_F800L;

  private static final int MAX_FILES = 8192;

  /** Joliet specification, "Path Component Size": 64 characters of two bytes. */
  private static final int MAX_NAME = 64;

  private static final int PRIMARY = 16;
  private static final int SUPPLEMENTARY = 17;
  private static final int TERMINATOR = 18;
  private static final int PATH_TABLES = 19;
  private static final int FIRST_FOLDER = 23;
  private static final int RECORD_BYTES = 33;
  private static final int PATH_TABLE_BYTES = 10;

  /** Years since 1900, month, day, then the time of day and the zone (ECMA-119 §9.1.5). */
  private static final byte[] RECORD_TIME = {80, 1, 1, 0, 0, 0, 0};

  /** Joliet, UCS-2 level 3. */
  private static final byte[] JOLIET_ESCAPE = {'%', '/', 'E'};

  private final FileChannel channel;
  private final String label;
  private final List<String> names;
  private final List<Extent> extents = new ArrayList<>();
  private final int folderBlocks;
  private final int jolietBlocks;

  private record Extent(long block, long bytes) {}

  /** A folder's entry: its name as bytes of that folder's kind, and where its content lies. */
  private record Entry(byte[] name, Extent extent) {}

  /**
   * Begins a volume in a new file.
   *
   * @param file must not exist
   * @param label the volume's name: 1 to 16 letters, digits and {@code _}
   * @param names of all files, in the order in which they are to be written: 1 to 64 printable
   *     ASCII characters except <code>*</code> <code>/</code> {@code :} {@code ;} {@code ?} and
   *     {@code \}
   * @throws IllegalArgumentException if a name or the label cannot be
   */
  public IsoWriter(Path file, String label, List<String> names) throws IOException {
    if (!label.matches("[A-Za-z0-9_]{1,16}")) {
      throw new IllegalArgumentException("no name for a volume: " + label);
    }
    if (names.size() > MAX_FILES) {
      throw new IllegalArgumentException("a volume of more than " + MAX_FILES + " files");
    }
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (!name.matches("[ -~&&[^*/:;?\\\\]]{1," + MAX_NAME + "}") || !seen.add(name)) {
        throw new IllegalArgumentException("no name for a file of a volume: " + name);
      }
    }
    this.label = label;
    this.names = List.copyOf(names);
    // Extents are not known yet, but the size of an entry depends on its name alone.
    List<Extent> none = names.stream().map(name -> new Extent(0, 0)).toList();
    folderBlocks = blocks(folder(primary(none), new Extent(0, 0)).length);
    jolietBlocks = blocks(folder(joliet(none), new Extent(0, 0)).length);
    channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /**
   * Begins the next file; the one before it must have been closed.
   *
   * @return its content, to be closed
   * @throws IllegalStateException if there are no more names
   */
  public RewritableStream next() {
    if (extents.size() == names.size()) {
      throw new IllegalStateException("all files of the volume are written");
    }
    return new Content(end());
  }

  /** Writes the next file at once. */
  public void next(byte[] content) throws IOException {
    try (RewritableStream out = next()) {
      out.write(content);
    }
  }

  private long end() {
    if (extents.isEmpty()) {
      return FIRST_FOLDER + (long) folderBlocks + jolietBlocks;
    }
    Extent last = extents.getLast();
    return last.block() + blocks(last.bytes());
  }

  /**
   * Writes what describes the volume, and closes it.
   *
   * @throws IllegalStateException if files are missing
   */
  public void finish() throws IOException {
    if (extents.size() != names.size()) {
      throw new IllegalStateException(
          names.size() - extents.size() + " files of the volume are missing");
    }
    long blocks = end();
    Extent root = new Extent(FIRST_FOLDER, (long) folderBlocks * BLOCK);
    Extent jolietRoot = new Extent(FIRST_FOLDER + (long) folderBlocks, (long) jolietBlocks * BLOCK);
    put(PRIMARY, descriptor(1, blocks, root, PATH_TABLES));
    put(SUPPLEMENTARY, descriptor(2, blocks, jolietRoot, PATH_TABLES + 2));
    put(TERMINATOR, terminator());
    put(PATH_TABLES, pathTable(root, ByteOrder.LITTLE_ENDIAN));
    put(PATH_TABLES + 1, pathTable(root, ByteOrder.BIG_ENDIAN));
    put(PATH_TABLES + 2, pathTable(jolietRoot, ByteOrder.LITTLE_ENDIAN));
    put(PATH_TABLES + 3, pathTable(jolietRoot, ByteOrder.BIG_ENDIAN));
    put(root.block(), folder(primary(extents), root));
    put(jolietRoot.block(), folder(joliet(extents), jolietRoot));
    long size = blocks * BLOCK;
    if (channel.size() < size) {
      channel.write(ByteBuffer.wrap(new byte[1]), size - 1);
    }
    channel.close();
  }

  private void put(long block, byte[] bytes) throws IOException {
    write(ByteBuffer.wrap(bytes), block * BLOCK);
  }

  private void write(ByteBuffer bytes, long position) throws IOException {
    long at = position;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
  }

  private static int blocks(long bytes) {
    return (int) ((bytes + BLOCK - 1) / BLOCK);
  }

  /** Names of eight and three capitals, made of the number: nobody reads them where Joliet is. */
  private List<Entry> primary(List<Extent> places) {
    List<Entry> entries = new ArrayList<>();
    for (int n = 0; n < places.size(); n++) {
      String name = String.format(Locale.ROOT, "F%07d.BIN;1", n);
      entries.add(new Entry(name.getBytes(StandardCharsets.US_ASCII), places.get(n)));
    }
    return entries;
  }

  /** Sorted by name, as folders must be (ECMA-119 §9.3). */
  private List<Entry> joliet(List<Extent> places) {
    List<Integer> order = new ArrayList<>();
    for (int n = 0; n < names.size(); n++) {
      order.add(n);
    }
    order.sort((a, b) -> names.get(a).compareTo(names.get(b)));
    return order.stream()
        .map(n -> new Entry(names.get(n).getBytes(StandardCharsets.UTF_16BE), places.get(n)))
        .toList();
  }

  private static byte[] folder(List<Entry> entries, Extent self) {
    ByteBuffer out = ByteBuffer.allocate((entries.size() + 2) * 2 * BLOCK);
    record(out, new byte[] {0}, self, true);
    record(out, new byte[] {1}, self, true);
    for (Entry entry : entries) {
      record(out, entry.name(), entry.extent(), false);
    }
    byte[] bytes = new byte[blocks(out.position()) * BLOCK];
    out.flip().get(bytes, 0, out.limit());
    return bytes;
  }

  /** ECMA-119 §9.1; a record does not cross the end of a block. */
  private static void record(ByteBuffer out, byte[] name, Extent extent, boolean isFolder) {
    int length = RECORD_BYTES + name.length;
    length += length & 1;
    int left = BLOCK - out.position() % BLOCK;
    if (left < length) {
      out.position(out.position() + left);
    }
    int start = out.position();
    out.put((byte) length).put((byte) 0);
    both32(out, extent.block());
    both32(out, extent.bytes());
    out.put(RECORD_TIME).put((byte) (isFolder ? 2 : 0)).put((byte) 0).put((byte) 0);
    both16(out, 1);
    out.put((byte) name.length).put(name);
    out.position(start + length);
  }

  /** ECMA-119 §8.4 and §8.5. */
  private byte[] descriptor(int type, long blocks, Extent root, int pathTables) {
    boolean joliet = type == 2;
    ByteBuffer out = ByteBuffer.allocate(BLOCK);
    out.put((byte) type).put(ascii("CD001")).put((byte) 1).put((byte) 0);
    text(out, 32, "", joliet);
    text(out, 32, label, joliet);
    out.position(80);
    both32(out, blocks);
    if (joliet) {
      out.put(JOLIET_ESCAPE);
    }
    out.position(120);
    both16(out, 1);
    both16(out, 1);
    both16(out, BLOCK);
    both32(out, PATH_TABLE_BYTES);
    out.order(ByteOrder.LITTLE_ENDIAN).putInt(pathTables).putInt(0);
    out.order(ByteOrder.BIG_ENDIAN).putInt(pathTables + 1).putInt(0);
    record(out, new byte[] {0}, root, true);
    out.position(190);
    text(out, 128, "", joliet);
    text(out, 128, "", joliet);
    text(out, 128, "", joliet);
    text(out, 128, "WARDIAN", joliet);
    text(out, 37, "", joliet);
    text(out, 37, "", joliet);
    text(out, 37, "", joliet);
    out.put(ascii("1980010100000000")).put((byte) 0);
    out.put(ascii("1980010100000000")).put((byte) 0);
    out.put(ascii("0000000000000000")).put((byte) 0);
    out.put(ascii("0000000000000000")).put((byte) 0);
    out.put((byte) 1);
    return out.array();
  }

  private static byte[] terminator() {
    ByteBuffer out = ByteBuffer.allocate(BLOCK);
    out.put((byte) 255).put(ascii("CD001")).put((byte) 1);
    return out.array();
  }

  /** ECMA-119 §9.4: the root alone. */
  private static byte[] pathTable(Extent root, ByteOrder order) {
    ByteBuffer out = ByteBuffer.allocate(PATH_TABLE_BYTES).order(order);
    out.put((byte) 1).put((byte) 0).putInt((int) root.block()).putShort((short) 1);
    return out.array();
  }

  /** Padded by spaces, of one byte or, in Joliet, of two. */
  private static void text(ByteBuffer out, int length, String text, boolean joliet) {
    byte[] bytes = text.getBytes(joliet ? StandardCharsets.UTF_16BE : StandardCharsets.US_ASCII);
    out.put(bytes);
    for (int n = bytes.length; n < length; n++) {
      boolean high = joliet && n % 2 == 0;
      out.put(high ? 0 : (byte) ' ');
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** Both byte orders, little-endian first (ECMA-119 §7.3.3). */
  private static void both32(ByteBuffer out, long value) {
    out.order(ByteOrder.LITTLE_ENDIAN).putInt((int) value);
    out.order(ByteOrder.BIG_ENDIAN).putInt((int) value);
  }

  private static void both16(ByteBuffer out, int value) {
    out.order(ByteOrder.LITTLE_ENDIAN).putShort((short) value);
    out.order(ByteOrder.BIG_ENDIAN).putShort((short) value);
  }

  /** Gives up a volume that is not finished; the file is left as it is. */
  @Override
  public void close() throws IOException {
    channel.close();
  }

  private final class Content extends RewritableStream {
    private static final int BUFFER_BYTES = 1 << 20;

    private final long start;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    private long flushed;
    private boolean closed;

    Content(long block) {
      start = block * BLOCK;
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (position() + length > MAX_FILE_BYTES) {
        throw new IOException("a file of a volume would have more than " + MAX_FILE_BYTES);
      }
      int at = offset;
      int left = length;
      while (left > 0) {
        if (!buffer.hasRemaining()) {
          flush();
        }
        int count = Math.min(left, buffer.remaining());
        buffer.put(bytes, at, count);
        at += count;
        left -= count;
      }
    }

    @Override
    public void flush() throws IOException {
      buffer.flip();
      int count = buffer.limit();
      IsoWriter.this.write(buffer, start + flushed);
      flushed += count;
      buffer.clear();
    }

    @Override
    public long position() {
      return flushed + buffer.position();
    }

    @Override
    public void rewrite(long at, byte[] bytes) throws IOException {
      if (at < 0 || at + bytes.length > position()) {
        throw new IllegalArgumentException("beyond what was written");
      }
      flush();
      IsoWriter.this.write(ByteBuffer.wrap(bytes), start + at);
    }

    @Override
    public void close() throws IOException {
      if (!closed) {
        closed = true;
        flush();
        extents.add(new Extent(start / BLOCK, flushed));
      }
    }
  }
}
