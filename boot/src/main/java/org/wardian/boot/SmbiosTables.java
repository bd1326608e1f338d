package org.wardian.boot;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A machine's description for firmware and for inventories (DMTF DSP0134, "System Management BIOS
 * Reference Specification" 2.8): the structures, and the entry point whose address and checksums
 * firmware fills in.
 *
 * @param structures the structures, one behind the other
 * @param entryPoint the 31 bytes of the 32-bit entry point
 */
public record SmbiosTables(byte[] structures, byte[] entryPoint) {
  private static final int SYSTEM = 1;
  private static final int ENCLOSURE = 3;
  private static final int PROCESSOR = 4;
  private static final int MEMORY_ARRAY = 16;
  private static final int MEMORY_DEVICE = 17;
  private static final int MEMORY_ARRAY_ADDRESS = 19;
  private static final int BOOT_INFORMATION = 32;
  private static final int END = 127;

  private static final int ENTRY_LENGTH = 31;
  private static final int INTERMEDIATE = 16;
  private static final String MAKER = "Wardian";

  private static final int UNKNOWN = 2;
  private static final int SAFE = 3;
  private static final int OTHER = 1;

  /** Largest memory device of the old size field, in MiB. */
  private static final int LARGEST_OLD_SIZE = 0x7fff;

  /**
   * Describes a machine.
   *
   * @param memoryBytes RAM
   * @param processors virtual processors
   * @param cpuModel the processor model's name
   */
  public static SmbiosTables of(long memoryBytes, int processors, String cpuModel) {
    List<byte[]> all = new ArrayList<>();
    all.add(system());
    all.add(enclosure());
    for (int i = 0; i < processors; i++) {
      all.add(processor(i, cpuModel));
    }
    all.add(memoryArray(memoryBytes));
    all.add(memoryDevice(memoryBytes));
    all.add(memoryAddress(memoryBytes));
    all.add(structure(BOOT_INFORMATION, 0x2000, new byte[7]));
    all.add(structure(END, 0x7f00, new byte[0]));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int largest = 0;
    for (byte[] one : all) {
      out.writeBytes(one);
      largest = Math.max(largest, one.length);
    }
    return new SmbiosTables(out.toByteArray(), entry(out.size(), all.size(), largest));
  }

  private static ByteBuffer body(int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A structure: header, body, then its strings, of which number 1 is the first. */
  private static byte[] structure(int type, int handle, byte[] body, String... strings) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(type);
    out.write(4 + body.length);
    out.write(handle);
    out.write(handle >> 8);
    out.writeBytes(body);
    for (String text : strings) {
      out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
      out.write(0);
    }
    out.write(0);
    if (strings.length == 0) {
      out.write(0);
    }
    return out.toByteArray();
  }

  private static byte[] system() {
    ByteBuffer b = body(23);
    b.put((byte) 1).put((byte) 2).put((byte) 3).put((byte) 0);
    b.position(20);
    b.put((byte) 6); // woken by the power switch
    return structure(SYSTEM, 0x0100, b.array(), MAKER, "Wardian PC", "1");
  }

  private static byte[] enclosure() {
    ByteBuffer b = body(18);
    b.put((byte) 1).put((byte) OTHER).put((byte) 0).put((byte) 0).put((byte) 0);
    b.put((byte) SAFE).put((byte) SAFE).put((byte) SAFE).put((byte) UNKNOWN);
    return structure(ENCLOSURE, 0x0300, b.array(), MAKER);
  }

  private static byte[] processor(int number, String model) {
    ByteBuffer b = body(38);
    b.put((byte) 1).put((byte) 3).put((byte) OTHER).put((byte) 2);
    b.putLong(0).put((byte) 3).put((byte) 0);
    b.putShort((short) 0).putShort((short) 0).putShort((short) 0);
    b.put((byte) 0x41).put((byte) OTHER); // present and enabled
    b.putShort((short) 0xffff).putShort((short) 0xffff).putShort((short) 0xffff);
    b.put((byte) 0).put((byte) 0).put((byte) 0);
    b.put((byte) 1).put((byte) 1).put((byte) 1).putShort((short) 0x0004);
    b.putShort((short) OTHER);
    return structure(PROCESSOR, 0x0400 + number, b.array(), "CPU " + number, MAKER, model);
  }

  private static byte[] memoryArray(long memory) {
    ByteBuffer b = body(19);
    b.put((byte) OTHER).put((byte) 3).put((byte) 6); // system memory, multi-bit correction
    boolean large = memory >> 10 >= 0x8000_0000L;
    b.putInt(large ? 0x8000_0000 : (int) (memory >> 10));
    b.putShort((short) 0xfffe).putShort((short) 1).putLong(large ? memory : 0);
    return structure(MEMORY_ARRAY, 0x1000, b.array());
  }

  private static byte[] memoryDevice(long memory) {
    long mebibytes = memory >> 20;
    boolean large = mebibytes >= LARGEST_OLD_SIZE;
    ByteBuffer b = body(36);
    b.putShort((short) 0x1000).putShort((short) 0xfffe);
    b.putShort((short) 0xffff).putShort((short) 0xffff);
    b.putShort((short) (large ? LARGEST_OLD_SIZE : mebibytes));
    b.put((byte) 9).put((byte) 0).put((byte) 1).put((byte) 0); // a DIMM
    b.put((byte) 7).putShort((short) UNKNOWN).putShort((short) 0); // RAM
    b.put((byte) 2);
    b.position(24);
    b.putInt(large ? (int) mebibytes : 0);
    return structure(MEMORY_DEVICE, 0x1100, b.array(), "DIMM 0", MAKER);
  }

  private static byte[] memoryAddress(long memory) {
    ByteBuffer b = body(27);
    long last = (memory >> 10) - 1;
    boolean large = last >= 0xffff_ffffL;
    b.putInt(large ? -1 : 0).putInt(large ? -1 : (int) last);
    b.putShort((short) 0x1000).put((byte) 1);
    b.putLong(0).putLong(large ? memory - 1 : 0);
    return structure(MEMORY_ARRAY_ADDRESS, 0x1300, b.array());
  }

  /** The entry point (§5.2.1); its address is zero until firmware knows it. */
  private static byte[] entry(int length, int count, int largest) {
    ByteBuffer b = body(ENTRY_LENGTH);
    b.put("_SM_".getBytes(StandardCharsets.US_ASCII)).put((byte) 0).put((byte) ENTRY_LENGTH);
    b.put((byte) 2).put((byte) 8).putShort((short) largest);
    b.position(INTERMEDIATE);
    b.put("_DMI_".getBytes(StandardCharsets.US_ASCII)).put((byte) 0);
    b.putShort((short) length).putInt(0).putShort((short) count).put((byte) 0x28);
    byte[] bytes = b.array();
    bytes[INTERMEDIATE + 5] = complement(bytes, INTERMEDIATE, ENTRY_LENGTH);
    bytes[4] = complement(bytes, 0, ENTRY_LENGTH);
    return bytes;
  }

  private static byte complement(byte[] bytes, int from, int to) {
    byte sum = 0;
    for (int i = from; i < to; i++) {
      sum += bytes[i];
    }
    return (byte) -sum;
  }
}
