package org.wardian.conformance.accelerator;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.wardian.memory.GuestMemory;

/**
 * An assembled guest among the test resources: an ELF file of one segment, with its symbols.
 * Source: System V ABI, chapters 4 and 5.
 */
final class GuestImage {
  private static final Map<String, GuestImage> CACHE = new HashMap<>();
  private static final int SYMBOL_TABLE = 2;
  private static final int LOAD = 1;

  private final String name;
  private final Map<String, Long> symbols = new HashMap<>();
  private final byte[] code;
  private final long base;

  private GuestImage(String name, byte[] elf) {
    this.name = name;
    ByteBuffer in = ByteBuffer.wrap(elf).order(ByteOrder.LITTLE_ENDIAN);
    int program = (int) in.getLong(0x20);
    if (in.getInt(program) != LOAD || in.getShort(0x38) < 1) {
      throw new IllegalStateException(name + " does not begin with a segment to load");
    }
    base = in.getLong(program + 0x10);
    code = new byte[(int) in.getLong(program + 0x20)];
    in.get((int) in.getLong(program + 0x08), code);
    int sections = (int) in.getLong(0x28);
    for (int i = 0; i < in.getShort(0x3c); i++) {
      int section = sections + 0x40 * i;
      if (in.getInt(section + 4) == SYMBOL_TABLE) {
        int names = (int) in.getLong(sections + 0x40 * in.getInt(section + 0x28) + 0x18);
        readSymbols(
            in, (int) in.getLong(section + 0x18), (int) in.getLong(section + 0x20) / 24, names);
      }
    }
  }

  private void readSymbols(ByteBuffer in, int table, int count, int names) {
    for (int i = 0; i < count; i++) {
      int from = names + in.getInt(table + 24 * i);
      int to = from;
      while (in.get(to) != 0) {
        to++;
      }
      byte[] text = new byte[to - from];
      in.get(from, text);
      symbols.put(new String(text, StandardCharsets.US_ASCII), in.getLong(table + 24 * i + 8));
    }
  }

  /** The guest called {@code name}. */
  static synchronized GuestImage named(String name) {
    return CACHE.computeIfAbsent(name, GuestImage::load);
  }

  /** A guest of an ELF file's bytes. */
  static GuestImage of(String name, byte[] elf) {
    return new GuestImage(name, elf);
  }

  private static GuestImage load(String name) {
    try (InputStream in = GuestImage.class.getResourceAsStream(name + ".elf")) {
      if (in == null) {
        throw new IllegalStateException("no guest " + name + " among the resources");
      }
      return new GuestImage(name, in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Its name. */
  String name() {
    return name;
  }

  /** Where {@code symbol} stands. */
  long address(String symbol) {
    Long address = symbols.get(symbol);
    if (address == null) {
      throw new IllegalArgumentException("guest " + name + " has no " + symbol);
    }
    return address;
  }

  /** Whether there is such a symbol. */
  boolean has(String symbol) {
    return symbols.containsKey(symbol);
  }

  /** The last symbol at or before {@code address}, for messages. */
  String near(long address) {
    if (address < base || address >= base + code.length) {
      return "outside the image";
    }
    return symbols.entrySet().stream()
        .filter(e -> e.getValue() >= base && e.getValue() <= address && !e.getKey().isEmpty())
        .max(Map.Entry.comparingByValue())
        .map(e -> "%s+%#x".formatted(e.getKey(), address - e.getValue()))
        .orElse("?");
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof GuestImage image
        && base == image.base
        && Arrays.equals(code, image.code)
        && symbols.equals(image.symbols);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(code);
  }

  @Override
  public String toString() {
    return "%s: %d bytes, %d symbols".formatted(name, code.length, symbols.size());
  }

  /** Puts the image where it was linked to. */
  void load(GuestMemory memory) {
    memory.write(base, code, 0, code.length);
  }
}
