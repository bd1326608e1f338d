package org.wardian.cli.profile;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A small ELF file of 64 bits with a text section and a symbol table. */
final class ElfFile {
  private static final int HEADER = 64;
  private static final int SECTION = 64;
  private static final int SYMBOL = 24;
  private static final int TEXT = 1;

  private ElfFile() {}

  /** With {@code functions}, and an object, an absolute and an undefined symbol beside them. */
  static byte[] of(List<Symbol> functions) {
    StringBuilder names = new StringBuilder("\0variable\0");
    int[] offsets = new int[functions.size()];
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = names.length();
      names.append(functions.get(i).name()).append('\0');
    }
    byte[] strings = names.toString().getBytes(StandardCharsets.US_ASCII);
    int symbols = HEADER + 4 * SECTION;
    int symbolBytes = (functions.size() + 4) * SYMBOL;
    ByteBuffer file =
        ByteBuffer.allocate(symbols + symbolBytes + strings.length).order(ByteOrder.LITTLE_ENDIAN);
    file.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
    file.putLong(0x28, HEADER).putShort(0x3a, (short) SECTION).putShort(0x3c, (short) 4);
    section(file, TEXT, 1, 6, 0, 0, 0, 0);
    section(file, 2, 2, 0, symbols, symbolBytes, 3, SYMBOL);
    section(file, 3, 3, 0, symbols + symbolBytes, strings.length, 0, 0);
    int at = symbols + SYMBOL;
    symbol(file, at, 1, 1, TEXT, new Symbol(0x10, 8, ""));
    symbol(file, at + SYMBOL, 1, 2, 0xfff1, new Symbol(0x20, 8, ""));
    symbol(file, at + 2 * SYMBOL, 1, 2, 0, new Symbol(0, 0, ""));
    for (int i = 0; i < offsets.length; i++) {
      symbol(file, at + (3 + i) * SYMBOL, offsets[i], 2, TEXT, functions.get(i));
    }
    file.put(symbols + symbolBytes, strings);
    return file.array();
  }

  private static void section(
      ByteBuffer file, int n, int type, long flags, int offset, int size, int link, int entry) {
    int at = HEADER + n * SECTION;
    file.putInt(at + 4, type).putLong(at + 8, flags).putLong(at + 0x18, offset);
    file.putLong(at + 0x20, size).putInt(at + 0x28, link).putLong(at + 0x38, entry);
  }

  private static void symbol(
      ByteBuffer file, int at, int name, int type, int section, Symbol symbol) {
    file.putInt(at, name).put(at + 4, (byte) type).putShort(at + 6, (short) section);
    file.putLong(at + 8, symbol.address()).putLong(at + 16, symbol.size());
  }
}
