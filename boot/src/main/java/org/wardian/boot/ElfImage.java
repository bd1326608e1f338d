package org.wardian.boot;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * An executable ELF file for x86, 32 or 64 bits wide, read by its program headers (System V ABI,
 * "Object Files", "Program Loading"). Sections and symbols are not looked at.
 */
public final class ElfImage {

  /** Machine number of i386. */
  public static final int EM_386 = 3;

  /** Machine number of x86-64. */
  public static final int EM_X86_64 = 62;

  /** Type of the Xen note that names the PVH entry (Xen, {@code public/elfnote.h}). */
  public static final int XEN_ELFNOTE_PHYS32_ENTRY = 18;

  private static final int MAX_PROGRAM_HEADERS = 256;
  private static final long MAX_ADDRESS = 1L << 46;

  private static final int ET_EXEC = 2;
  private static final int ET_DYN = 3;
  private static final int PT_LOAD = 1;
  private static final int PT_INTERP = 3;
  private static final int PT_NOTE = 4;

  private final byte[] data;
  private final boolean wide;
  private final int machine;
  private final long entry;
  private final List<LoadSegment> segments;
  private final OptionalLong pvhEntry;
  private final boolean highHalf;

  private ElfImage(
      byte[] data,
      boolean wide,
      int machine,
      long entry,
      List<LoadSegment> segments,
      OptionalLong pvhEntry,
      boolean highHalf) {
    this.data = data;
    this.wide = wide;
    this.machine = machine;
    this.entry = entry;
    this.segments = List.copyOf(segments);
    this.pvhEntry = pvhEntry;
    this.highHalf = highHalf;
  }

  static boolean isElf(byte[] data) {
    return LittleEndian.matches(data, 0, 0x7f, 'E', 'L', 'F');
  }

  /**
   * Reads an ELF file. Bytes after the last segment are ignored: a relocatable Linux payload
   * carries its relocation table there.
   *
   * @param data the file; kept, not copied
   * @return the image
   * @throws KernelFormatException when it is not an executable for x86, or is damaged
   */
  public static ElfImage parse(byte[] data) throws KernelFormatException {
    if (!isElf(data)) {
      throw new KernelFormatException("not an ELF file; give a kernel image for x86");
    }
    if (data.length < 0x34) {
      throw truncated();
    }
    int width = LittleEndian.u8(data, 4);
    if (width != 1 && width != 2) {
      throw new KernelFormatException(
          "damaged ELF file: class %d is neither 32 nor 64 bits; fetch it again".formatted(width));
    }
    boolean wide = width == 2;
    if (wide && data.length < 0x40) {
      throw truncated();
    }
    int machine = LittleEndian.u16(data, 18);
    if (LittleEndian.u8(data, 5) != 1) {
      machine = Integer.reverseBytes(machine) >>> 16;
    }
    if (machine != EM_386 && machine != EM_X86_64) {
      throw new KernelFormatException(
          "ELF file for %s; this machine is an x86 PC: give a kernel for amd64 or i386"
              .formatted(ElfMachine.name(machine)));
    }
    if (LittleEndian.u8(data, 5) != 1) {
      throw new KernelFormatException("damaged ELF file: big-endian x86; fetch it again");
    }
    int type = LittleEndian.u16(data, 16);
    if (type != ET_EXEC && type != ET_DYN) {
      throw new KernelFormatException(
          "ELF file of type %d (a kernel module, an object file or a core dump); give a kernel"
              .formatted(type));
    }
    long entry = wide ? LittleEndian.i64(data, 24) : LittleEndian.u32(data, 24);
    return new Reader(data, wide).read(machine, entry);
  }

  private static KernelFormatException truncated() {
    return new KernelFormatException("truncated ELF file; fetch it again");
  }

  /** Program headers, in one pass. */
  private static final class Reader {
    private final byte[] data;
    private final boolean wide;
    private final List<LoadSegment> segments = new ArrayList<>();
    private OptionalLong pvhEntry = OptionalLong.empty();
    private boolean highHalf;

    Reader(byte[] data, boolean wide) {
      this.data = data;
      this.wide = wide;
    }

    ElfImage read(int machine, long entry) throws KernelFormatException {
      long table = wide ? LittleEndian.i64(data, 32) : LittleEndian.u32(data, 28);
      int size = LittleEndian.u16(data, wide ? 54 : 42);
      int count = LittleEndian.u16(data, wide ? 56 : 44);
      if (count == 0) {
        throw new KernelFormatException("ELF file with nothing to load; give a linked kernel");
      }
      if (size < (wide ? 56 : 32) || count > MAX_PROGRAM_HEADERS) {
        throw new KernelFormatException("damaged ELF file: program headers; fetch it again");
      }
      if (table < 0 || table > data.length || (long) size * count > data.length - table) {
        throw truncated();
      }
      for (int i = 0; i < count; i++) {
        header((int) table + i * size);
      }
      if (segments.isEmpty()) {
        throw new KernelFormatException("ELF file with nothing to load; give a linked kernel");
      }
      LoadSegment.requireDisjoint(segments);
      return new ElfImage(data, wide, machine, entry, segments, pvhEntry, highHalf);
    }

    private void header(int at) throws KernelFormatException {
      int type = LittleEndian.i32(data, at);
      if (type == PT_INTERP) {
        throw new KernelFormatException("an ELF program for Linux, not a kernel; give a kernel");
      }
      if (type != PT_LOAD && type != PT_NOTE) {
        return;
      }
      long offset = wide ? LittleEndian.i64(data, at + 8) : LittleEndian.u32(data, at + 4);
      long virtual = wide ? LittleEndian.i64(data, at + 16) : LittleEndian.u32(data, at + 8);
      long physical = wide ? LittleEndian.i64(data, at + 24) : LittleEndian.u32(data, at + 12);
      long fileSize = wide ? LittleEndian.i64(data, at + 32) : LittleEndian.u32(data, at + 16);
      long memorySize = wide ? LittleEndian.i64(data, at + 40) : LittleEndian.u32(data, at + 20);
      if (offset < 0 || fileSize < 0 || offset > data.length || fileSize > data.length - offset) {
        throw truncated();
      }
      if (type == PT_NOTE) {
        long align = wide ? LittleEndian.i64(data, at + 48) : LittleEndian.u32(data, at + 28);
        notes((int) offset, (int) (offset + fileSize), align == 8 ? 8 : 4);
        return;
      }
      if (memorySize == 0 && fileSize == 0) {
        return;
      }
      if (memorySize < fileSize
          || physical < 0
          || physical > MAX_ADDRESS
          || memorySize > MAX_ADDRESS) {
        throw new KernelFormatException(
            "damaged ELF file: segment at 0x%x of 0x%x bytes; fetch it again"
                .formatted(physical, memorySize));
      }
      highHalf |= virtual != physical && (wide ? virtual < 0 : virtual >= 0x40000000L);
      segments.add(new LoadSegment((int) offset, (int) fileSize, physical, memorySize));
    }

    private void notes(int start, int end, int align) {
      long at = start;
      while (at + 12 <= end) {
        long nameSize = LittleEndian.u32(data, (int) at);
        long valueSize = LittleEndian.u32(data, (int) at + 4);
        int type = LittleEndian.i32(data, (int) at + 8);
        long value = alignUp(at + 12 + nameSize, align, start);
        long next = alignUp(value + valueSize, align, start);
        if (value + valueSize > end) {
          return;
        }
        if (type == XEN_ELFNOTE_PHYS32_ENTRY
            && nameSize == 4
            && LittleEndian.matches(data, (int) at + 12, 'X', 'e', 'n', 0)) {
          // The value is 4 or 8 bytes wide, and the entry itself always below 4 GiB.
          if (valueSize == 4) {
            pvhEntry = OptionalLong.of(LittleEndian.u32(data, (int) value));
          } else if (valueSize == 8) {
            pvhEntry = OptionalLong.of(LittleEndian.i64(data, (int) value));
          }
        }
        at = next;
      }
    }

    private static long alignUp(long position, int align, int start) {
      return start + ((position - start + align - 1) & -align);
    }
  }

  /**
   * Machine number: {@link #EM_386} or {@link #EM_X86_64}.
   *
   * @return the ELF machine number
   */
  public int machine() {
    return machine;
  }

  /**
   * Whether the file is of the 64-bit class.
   *
   * @return true for ELF64
   */
  public boolean is64() {
    return wide;
  }

  /**
   * Entry point of the file header; in Linux a physical address.
   *
   * @return the address
   */
  public long entry() {
    return entry;
  }

  /**
   * The parts to load.
   *
   * @return segments in the order of the file
   */
  public List<LoadSegment> segments() {
    return segments;
  }

  /**
   * The PVH entry.
   *
   * @return physical address, or empty where the image has no such note
   */
  public OptionalLong pvhEntry() {
    return pvhEntry;
  }

  /**
   * Whether the image is linked to run in the upper part of the virtual address space, as Linux is
   * and a plain program is not.
   *
   * @return true for an image that looks like a vmlinux
   */
  public boolean highHalf() {
    return highHalf;
  }

  byte[] data() {
    return data;
  }

  void load(GuestRam ram) {
    for (LoadSegment segment : segments) {
      segment.load(data, ram);
    }
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(machine == EM_X86_64 ? "x86-64" : "i386");
    text.append(" ELF, entry 0x").append(Long.toHexString(entry));
    pvhEntry.ifPresent(pvh -> text.append(", PVH entry 0x").append(Long.toHexString(pvh)));
    return text.toString();
  }
}
