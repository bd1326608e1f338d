package org.wardian.cli.profile;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Functions in the {@code .symtab} and {@code .dynsym} of an ELF file of 32 or 64 bits, little
 * endian. System V ABI, "Sections" and "Symbol Table".
 */
final class ElfSymbols {
  private static final int MAGIC = 0x464c457f;
  private static final int CLASS = 4;
  private static final int DATA = 5;
  private static final int LITTLE_ENDIAN = 1;
  private static final int SYMTAB = 2;
  private static final int DYNSYM = 11;
  private static final int EXECUTABLE = 4;
  private static final int NO_TYPE = 0;
  private static final int FUNCTION = 2;
  private static final int INDIRECT_FUNCTION = 10;
  private static final int FIRST_RESERVED_SECTION = 0xff00;
  private static final int LONGEST_NAME = 4096;

  private final ByteBuffer file;
  private final boolean wide;
  private final long sections;
  private final int sectionSize;
  private final int sectionCount;

  private ElfSymbols(byte[] bytes) throws SymbolFileException {
    file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.length < 52 || bytes[DATA] != LITTLE_ENDIAN || bytes[CLASS] < 1 || bytes[CLASS] > 2) {
      throw new SymbolFileException("it is no ELF file of an x86 processor");
    }
    wide = bytes[CLASS] == 2;
    if (wide && bytes.length < 64) {
      throw damaged("its header");
    }
    sections = wide ? file.getLong(0x28) : file.getInt(0x20) & 0xffffffffL;
    sectionSize = unsignedShort(wide ? 0x3a : 0x2e);
    if (sections == 0) {
      throw new SymbolFileException("it has no section headers, and so no symbols: it is stripped");
    }
    if (sectionSize < (wide ? 64 : 40)) {
      throw damaged("its section headers");
    }
    int count = unsignedShort(wide ? 0x3c : 0x30);
    // Where there are too many for the header, the first section has their number.
    sectionCount = count == 0 ? (int) Math.min(field(0, Field.SIZE), 1 << 20) : count;
  }

  static boolean isElf(byte[] file) {
    return file.length >= 4
        && ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(0) == MAGIC;
  }

  static List<Symbol> parse(byte[] file) throws SymbolFileException {
    return new ElfSymbols(file).symbols();
  }

  private enum Field {
    TYPE(4, 4, 4),
    FLAGS(8, 8, 8),
    OFFSET(0x18, 0x10, 8),
    SIZE(0x20, 0x14, 8),
    LINK(0x28, 0x18, 4),
    ENTRY_SIZE(0x38, 0x24, 8);

    private final int wide;
    private final int narrow;
    private final int wideBytes;

    Field(int wide, int narrow, int wideBytes) {
      this.wide = wide;
      this.narrow = narrow;
      this.wideBytes = wideBytes;
    }
  }

  private static SymbolFileException damaged(String what) {
    return new SymbolFileException("it is a damaged ELF file: " + what + " lies outside of it");
  }

  private int unsignedShort(int at) {
    return file.getShort(at) & 0xffff;
  }

  private void check(long offset, long length, String what) throws SymbolFileException {
    if (offset < 0 || length < 0 || offset > file.capacity() - length) {
      throw damaged(what);
    }
  }

  private long field(int section, Field field) throws SymbolFileException {
    check(sections, 0, "its section headers");
    long at = sections + (long) section * sectionSize;
    check(at, sectionSize, "its section header " + section);
    return wide && field.wideBytes == 8
        ? file.getLong((int) at + field.wide)
        : file.getInt((int) at + (wide ? field.wide : field.narrow)) & 0xffffffffL;
  }

  private List<Symbol> symbols() throws SymbolFileException {
    List<Symbol> symbols = new ArrayList<>();
    boolean[] executable = new boolean[sectionCount];
    for (int section = 0; section < sectionCount; section++) {
      executable[section] = (field(section, Field.FLAGS) & EXECUTABLE) != 0;
    }
    for (int section = 0; section < sectionCount; section++) {
      long type = field(section, Field.TYPE);
      if (type == SYMTAB || type == DYNSYM) {
        read(section, executable, symbols);
      }
    }
    return symbols;
  }

  private void read(int section, boolean[] executable, List<Symbol> symbols)
      throws SymbolFileException {
    long offset = field(section, Field.OFFSET);
    long size = field(section, Field.SIZE);
    long entry = field(section, Field.ENTRY_SIZE);
    long strings = field(section, Field.LINK);
    check(offset, size, "its symbol table");
    if (entry < (wide ? 24 : 16) || strings >= sectionCount) {
      throw damaged("its symbol table's layout");
    }
    long names = field((int) strings, Field.OFFSET);
    long namesSize = field((int) strings, Field.SIZE);
    check(names, namesSize, "the names of its symbols");
    for (long at = offset; at <= offset + size - entry; at += entry) {
      int s = (int) at;
      int type = file.get(s + (wide ? 4 : 12)) & 15;
      int home = unsignedShort(s + (wide ? 6 : 14));
      boolean code =
          home != 0
              && home < FIRST_RESERVED_SECTION
              && home < executable.length
              && executable[home]
              && (type == FUNCTION || type == INDIRECT_FUNCTION || type == NO_TYPE);
      if (code) {
        long address = wide ? file.getLong(s + 8) : file.getInt(s + 4) & 0xffffffffL;
        long length = wide ? file.getLong(s + 16) : file.getInt(s + 8) & 0xffffffffL;
        String name = name(names, namesSize, file.getInt(s) & 0xffffffffL);
        if (!name.isEmpty()) {
          symbols.add(new Symbol(address, length, name));
        }
      }
    }
  }

  private String name(long names, long size, long at) throws SymbolFileException {
    if (at >= size) {
      throw damaged("the name of a symbol");
    }
    int start = (int) (names + at);
    int limit = (int) Math.min(names + size, (long) start + LONGEST_NAME);
    int end = start;
    while (end < limit && file.get(end) != 0) {
      end++;
    }
    byte[] bytes = new byte[end - start];
    file.get(start, bytes);
    return Names.clean(new String(bytes, StandardCharsets.ISO_8859_1));
  }
}
