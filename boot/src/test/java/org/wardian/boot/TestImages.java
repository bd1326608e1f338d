package org.wardian.boot;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Small kernel images of every format. None of them holds code: no test here runs one. */
final class TestImages {

  static final long LOAD = 0x200000;
  static final long HIGH_HALF_64 = 0xffffffff80000000L;
  static final long HIGH_HALF_32 = 0xc0000000L;
  static final int PVH_OFFSET = 0x40;
  static final int TEXT_SIZE = 0x180;
  static final int BSS_SIZE = 0x2000;

  private TestImages() {}

  /** What an ELF image is made of. */
  record Elf(boolean wide, int machine, int type, long virtualBase, boolean pvh, byte[] text) {

    static Elf linux64() {
      return new Elf(true, ElfImage.EM_X86_64, 2, HIGH_HALF_64, true, TestImages.text(TEXT_SIZE));
    }

    static Elf linux32() {
      return new Elf(false, ElfImage.EM_386, 2, HIGH_HALF_32, true, TestImages.text(TEXT_SIZE));
    }

    Elf withoutPvh() {
      return new Elf(wide, machine, type, virtualBase, false, text);
    }

    Elf withMachine(int other) {
      return new Elf(wide, other, type, virtualBase, pvh, text);
    }

    Elf withText(byte[] other) {
      return new Elf(wide, machine, type, virtualBase, pvh, other);
    }

    Elf withType(int other) {
      return new Elf(wide, machine, other, virtualBase, pvh, text);
    }

    /** Linked where it is loaded, as a multiboot kernel is. */
    Elf flat() {
      return new Elf(wide, machine, type, 0, pvh, text);
    }

    /** One segment at {@link #LOAD} with a BSS, and a note segment behind it in the file. */
    byte[] build() {
      int headers = wide ? 64 + 2 * 56 : 52 + 2 * 32;
      byte[] note = pvh ? note() : new byte[0];
      byte[] file = new byte[headers + text.length + note.length];
      file[0] = 0x7f;
      System.arraycopy("ELF".getBytes(StandardCharsets.US_ASCII), 0, file, 1, 3);
      file[4] = (byte) (wide ? 2 : 1);
      file[5] = 1;
      file[6] = 1;
      LittleEndian.put16(file, 16, type);
      LittleEndian.put16(file, 18, machine);
      LittleEndian.put32(file, 20, 1);
      if (wide) {
        LittleEndian.put64(file, 24, LOAD);
        LittleEndian.put64(file, 32, 64);
        LittleEndian.put16(file, 54, 56);
        LittleEndian.put16(file, 56, 2);
      } else {
        LittleEndian.put32(file, 24, LOAD);
        LittleEndian.put32(file, 28, 52);
        LittleEndian.put16(file, 42, 32);
        LittleEndian.put16(file, 44, 2);
      }
      header(file, 0, 1, headers, LOAD, text.length, text.length + BSS_SIZE);
      header(file, 1, 4, headers + text.length, LOAD, note.length, note.length);
      System.arraycopy(text, 0, file, headers, text.length);
      System.arraycopy(note, 0, file, headers + text.length, note.length);
      return file;
    }

    private void header(
        byte[] file, int index, int kind, long offset, long physical, long size, long memory) {
      if (wide) {
        int at = 64 + index * 56;
        LittleEndian.put32(file, at, kind);
        LittleEndian.put64(file, at + 8, offset);
        LittleEndian.put64(file, at + 16, virtualBase + physical);
        LittleEndian.put64(file, at + 24, physical);
        LittleEndian.put64(file, at + 32, size);
        LittleEndian.put64(file, at + 40, memory);
        LittleEndian.put64(file, at + 48, 4);
      } else {
        int at = 52 + index * 32;
        LittleEndian.put32(file, at, kind);
        LittleEndian.put32(file, at + 4, offset);
        LittleEndian.put32(file, at + 8, virtualBase + physical);
        LittleEndian.put32(file, at + 12, physical);
        LittleEndian.put32(file, at + 16, size);
        LittleEndian.put32(file, at + 20, memory);
        LittleEndian.put32(file, at + 28, 4);
      }
    }

    /** A foreign note first, then the PVH one with a value as wide as the file. */
    private byte[] note() {
      int width = wide ? 8 : 4;
      byte[] notes = new byte[12 + 4 + 8 + 12 + 4 + width];
      LittleEndian.put32(notes, 0, 4);
      LittleEndian.put32(notes, 4, 5);
      LittleEndian.put32(notes, 8, 6);
      System.arraycopy("Xen\0Linux".getBytes(StandardCharsets.US_ASCII), 0, notes, 12, 9);
      LittleEndian.put32(notes, 24, 4);
      LittleEndian.put32(notes, 28, width);
      LittleEndian.put32(notes, 32, ElfImage.XEN_ELFNOTE_PHYS32_ENTRY);
      System.arraycopy("Xen\0".getBytes(StandardCharsets.US_ASCII), 0, notes, 36, 4);
      LittleEndian.put32(notes, 40, LOAD + PVH_OFFSET);
      return notes;
    }
  }

  /** Bytes that differ from their neighbours and from zero. */
  static byte[] text(int length) {
    byte[] text = new byte[length];
    for (int i = 0; i < length; i++) {
      text[i] = (byte) (1 + i % 251);
    }
    return text;
  }

  /** A bzImage of boot protocol 2.15 around a payload, which has its size appended already. */
  static byte[] bzImage(byte[] payload) {
    int setup = 2 * 512;
    int payloadOffset = 0x100;
    byte[] file = new byte[setup + (payloadOffset + payload.length + 31) / 16 * 16];
    file[BzImage.HEADER] = 1;
    LittleEndian.put32(file, 0x1f4, (file.length - setup) / 16);
    LittleEndian.put16(file, 0x1fe, 0xaa55);
    LittleEndian.put16(file, 0x200, 0x6aeb);
    System.arraycopy("HdrS".getBytes(StandardCharsets.US_ASCII), 0, file, 0x202, 4);
    LittleEndian.put16(file, 0x206, 0x20f);
    LittleEndian.put16(file, 0x20e, 0x100);
    byte[] version = "6.1.0-test (someone) #1".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(version, 0, file, 0x300, version.length);
    file[0x211] = 3;
    LittleEndian.put32(file, 0x214, 0x100000);
    LittleEndian.put32(file, 0x22c, 0x7fffffff);
    LittleEndian.put32(file, 0x230, 0x200000);
    file[0x234] = 1;
    LittleEndian.put16(file, 0x236, 1);
    LittleEndian.put32(file, 0x238, 200);
    LittleEndian.put32(file, 0x248, payloadOffset);
    LittleEndian.put32(file, 0x24c, payload.length);
    LittleEndian.put64(file, 0x250, 0x1234);
    LittleEndian.put64(file, 0x258, LOAD);
    LittleEndian.put32(file, 0x260, 0x10000);
    System.arraycopy(payload, 0, file, setup + payloadOffset, payload.length);
    return file;
  }

  /** Text for an ELF file, with a multiboot header that asks for page-aligned modules. */
  static byte[] multibootText() {
    byte[] text = text(TEXT_SIZE);
    multibootHeader(text, 0x10, 3);
    return text;
  }

  /** A flat multiboot image, loaded by the address fields of its header at {@link #LOAD}. */
  static byte[] flatMultiboot() {
    byte[] file = text(TEXT_SIZE);
    int header = 0x20;
    multibootHeader(file, header, 0x10001);
    LittleEndian.put32(file, header + 12, LOAD + header);
    LittleEndian.put32(file, header + 16, LOAD);
    LittleEndian.put32(file, header + 20, LOAD + 0x100);
    LittleEndian.put32(file, header + 24, LOAD + 0x1000);
    LittleEndian.put32(file, header + 28, LOAD + 0x80);
    return file;
  }

  static void multibootHeader(byte[] file, int at, int flags) {
    LittleEndian.put32(file, at, MultibootHeader.MAGIC);
    LittleEndian.put32(file, at + 4, flags);
    LittleEndian.put32(file, at + 8, -(MultibootHeader.MAGIC + flags));
  }

  /** Appends the size of the unpacked data, as Linux does behind its compressed payload. */
  static byte[] withSize(byte[] packed, int size) {
    byte[] payload = Arrays.copyOf(packed, packed.length + 4);
    LittleEndian.put32(payload, packed.length, size);
    return payload;
  }
}
