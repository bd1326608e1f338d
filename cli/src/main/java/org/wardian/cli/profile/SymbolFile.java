package org.wardian.cli.profile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads functions from whichever kind of file has them. */
public final class SymbolFile {
  /** More than a kernel with all of its debugging information. */
  private static final long LARGEST = 1L << 30;

  private SymbolFile() {}

  /**
   * Reads System.map, /proc/kallsyms or an ELF file.
   *
   * @throws IOException where it cannot be read
   * @throws SymbolFileException where it is none of these
   */
  public static SymbolTable read(Path path) throws IOException, SymbolFileException {
    if (Files.isDirectory(path)) {
      throw new IOException("it is a directory");
    }
    if (Files.size(path) > LARGEST) {
      throw new SymbolFileException(
          "it is larger than the " + (LARGEST >> 20) + " MiB that are read");
    }
    return parse(Files.readAllBytes(path));
  }

  /**
   * The functions in a file's bytes.
   *
   * @throws SymbolFileException where there are none
   */
  public static SymbolTable parse(byte[] file) throws SymbolFileException {
    SymbolTable table =
        SymbolTable.of(ElfSymbols.isElf(file) ? ElfSymbols.parse(file) : SystemMap.parse(file));
    if (table.size() == 0) {
      throw new SymbolFileException("it has no functions");
    }
    return table;
  }
}
