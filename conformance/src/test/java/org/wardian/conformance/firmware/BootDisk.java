package org.wardian.conformance.firmware;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockRequest;

/**
 * A disk in an array with a boot sector that has the BIOS read the disk's second sector, writes
 * what stands there to the first serial port, and turns the machine off.
 */
public final class BootDisk implements BlockDevice {
  /** What the second sector says. */
  public static final String TEXT = "the second sector was read\n";

  private static final int SECTOR = 512;
  private static final int DISC_SECTOR = 2048;

  /**
   * The program, at 0x7c00 in 16-bit mode:
   *
   * <pre>
   *   xor %ax,%ax; mov %ax,%ds; mov %ax,%es; mov %ax,%ss; mov $0x7c00,%sp; cld
   *   mov $0x0201,%ax; mov $2,%cx; xor %dh,%dh; mov $0x7e00,%bx; int $0x13
   *   mov $0x7e00,%si
   * 1: lodsb; test %al,%al; jz 2f; mov $0x3f8,%dx; out %al,%dx; jmp 1b
   * 2: mov $0x604,%dx; mov $0x3400,%ax; out %ax,%dx; hlt
   * </pre>
   */
  private static final byte[] PROGRAM =
      HexFormat.of()
          .parseHex(
              "31c0" + "8ed8" + "8ec0" + "8ed0" + "bc007c" + "fc" + "b80102" + "b90200" + "30f6"
                  + "bb007e" + "cd13" + "be007e" + "ac" + "84c0" + "7406" + "baf803" + "ee" + "ebf5"
                  + "ba0406" + "b80034" + "ef" + "f4");

  private final byte[] content;

  private BootDisk(int length) {
    content = new byte[length];
  }

  /** A disk or floppy disk of {@code length} bytes. */
  public static BootDisk disk(int length) {
    return disk(length, TEXT);
  }

  /** A disk whose second sector says {@code text}. */
  static BootDisk disk(int length, String text) {
    BootDisk disk = new BootDisk(length);
    disk.writeBootSectors(0, text);
    return disk;
  }

  /** A disc that starts as El Torito says ("Bootable CD-ROM Format Specification" 1.0, §2). */
  static BootDisk disc() {
    BootDisk disc = new BootDisk(32 * DISC_SECTOR);
    ByteBuffer record = disc.at(17 * DISC_SECTOR);
    record.put((byte) 0).put(ascii("CD001")).put((byte) 1).put(ascii("EL TORITO SPECIFICATION"));
    record.putInt(0x47, 18);
    ByteBuffer catalog = disc.at(18 * DISC_SECTOR);
    catalog.put(0, (byte) 1).putShort(30, (short) 0xaa55);
    int sum = 0;
    for (int i = 0; i < 32; i += 2) {
      sum += catalog.getShort(i);
    }
    catalog.putShort(28, (short) -sum);
    catalog.put(32, (byte) 0x88).putShort(38, (short) 4).putInt(40, 19);
    disc.writeBootSectors(19 * DISC_SECTOR, TEXT);
    return disc;
  }

  /** A copy of what it holds. */
  public byte[] content() {
    return content.clone();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private ByteBuffer at(int offset) {
    int length = content.length - offset;
    return ByteBuffer.wrap(content, offset, length).slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  private void writeBootSectors(int offset, String text) {
    at(offset).put(PROGRAM).putShort(SECTOR - 2, (short) 0xaa55);
    at(offset + SECTOR).put(ascii(text));
  }

  @Override
  public long length() {
    return content.length;
  }

  @Override
  public int blockSize() {
    return SECTOR;
  }

  @Override
  public boolean readOnly() {
    return false;
  }

  @Override
  public boolean discards() {
    return false;
  }

  @Override
  public void submit(BlockRequest request) {
    int at = (int) request.offset();
    if (request.kind() == BlockRequest.Kind.READ) {
      for (ByteBuffer buffer : request.buffers()) {
        ByteBuffer to = buffer.duplicate();
        byte[] piece = Arrays.copyOfRange(content, at, at + to.remaining());
        at += piece.length;
        to.put(piece);
      }
    }
    request.completed(BlockRequest.Result.OK);
  }

  @Override
  public void onChange(Runnable listener) {}

  @Override
  public void pause() {}

  @Override
  public void resume() {}

  @Override
  public void close() {}
}
