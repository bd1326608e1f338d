package org.wardian.cli.profile;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * System.map as {@code nm} writes it, and /proc/kallsyms: lines of a hexadecimal address, a letter
 * for the kind, a name, and in kallsyms perhaps a module in brackets.
 */
final class SystemMap {
  private static final int LONGEST_LINE = 4096;

  /** Letters of functions: in the text section, global or local, weak or not. */
  private static final String TEXT = "tTwW";

  private SystemMap() {}

  static List<Symbol> parse(byte[] file) throws SymbolFileException {
    List<Symbol> symbols = new ArrayList<>();
    boolean someAddress = false;
    int number = 0;
    for (int start = 0; start < file.length; ) {
      int end = start;
      while (end < file.length && file[end] != '\n') {
        end++;
      }
      number++;
      if (end - start > LONGEST_LINE) {
        throw new SymbolFileException("line " + number + " is too long; " + WANTED);
      }
      String line = new String(file, start, end - start, StandardCharsets.ISO_8859_1).strip();
      start = end + 1;
      if (line.isEmpty()) {
        continue;
      }
      Symbol symbol = symbol(line, number);
      someAddress |= symbol.address() != 0;
      if (TEXT.indexOf(kind(line)) >= 0) {
        symbols.add(symbol);
      }
    }
    if (number > 0 && !someAddress) {
      throw new SymbolFileException(
          "all of its addresses are 0: the guest hides them; read /proc/kallsyms as root, with"
              + " kernel.kptr_restrict=0");
    }
    return symbols;
  }

  private static final String WANTED =
      "wanted: lines of address, kind and name, as System.map and /proc/kallsyms have";

  private static int afterAddress(String line) {
    int at = 0;
    while (at < line.length() && Character.digit(line.charAt(at), 16) >= 0) {
      at++;
    }
    return at;
  }

  private static char kind(String line) {
    return line.charAt(afterAddress(line) + 1);
  }

  private static Symbol symbol(String line, int number) throws SymbolFileException {
    int digits = afterAddress(line);
    boolean whole =
        digits > 0
            && digits <= 16
            && line.length() > digits + 3
            && line.charAt(digits) == ' '
            && line.charAt(digits + 2) == ' ';
    if (!whole) {
      throw new SymbolFileException("line " + number + " is no symbol; " + WANTED);
    }
    String name = line.substring(digits + 3).strip();
    int module = name.indexOf('\t');
    if (module >= 0) {
      name = name.substring(0, module).strip() + " " + name.substring(module + 1).strip();
    }
    return new Symbol(Long.parseUnsignedLong(line, 0, digits, 16), 0, Names.clean(name));
  }
}
