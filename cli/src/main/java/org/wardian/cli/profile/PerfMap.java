package org.wardian.cli.profile;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.wardian.processor.software.BlockListener;

/**
 * The file by which Linux's {@code perf} names translated code: {@code /tmp/perf-PID.map}, a line
 * for each block of address and size in hexadecimal and a name, as {@code
 * tools/perf/Documentation/jit-interface.txt} of Linux says.
 */
public final class PerfMap implements BlockListener, AutoCloseable {
  private final PrintWriter lines;
  private final SymbolTable symbols;
  private long entry;
  private long move;

  private PerfMap(PrintWriter lines, SymbolTable symbols) {
    this.lines = lines;
    this.symbols = symbols;
  }

  /** Where perf looks for the code of process {@code pid}. */
  public static Path path(long pid) {
    return Path.of("/tmp", "perf-" + pid + ".map");
  }

  /**
   * Begins a file, in place of an old one of that name.
   *
   * @throws IOException where it cannot be written
   */
  public static PerfMap at(Path path, SymbolTable symbols) throws IOException {
    Files.deleteIfExists(path);
    // Anybody may have put a link there, in a folder that all write to.
    return new PerfMap(
        new PrintWriter(
            new OutputStreamWriter(
                Files.newOutputStream(
                    path,
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE,
                    LinkOption.NOFOLLOW_LINKS),
                StandardCharsets.US_ASCII)),
        symbols);
  }

  @Override
  public void translated(long guest, long host, int bytes, long systemCallEntry) {
    if (systemCallEntry != entry) {
      entry = systemCallEntry;
      move = symbols.move(entry);
    }
    String name =
        symbols
            .at(guest - move)
            .map(
                symbol -> symbol.name() + "+0x" + Long.toHexString(guest - move - symbol.address()))
            .orElseGet(() -> "0x" + Long.toHexString(guest));
    lines.println(Long.toHexString(host) + " " + Integer.toHexString(bytes) + " guest:" + name);
  }

  @Override
  public void close() {
    lines.close();
  }
}
