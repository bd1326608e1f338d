package org.wardian.definition.domain;

import java.util.Locale;
import java.util.OptionalLong;
import org.wardian.definition.xml.XmlElement;

/** Units of sizes: what libvirt takes for an attribute {@code unit}. */
public final class Scale {
  /** Bytes of a KiB. */
  public static final long KIB = 1024;

  private Scale() {}

  /**
   * How many bytes a unit has; empty for a word that is none. Letters may be large or small.
   *
   * @param unit b, bytes, k, KiB, KB, M, MiB, MB ... E, EiB, EB
   */
  public static OptionalLong bytes(String unit) {
    String word = unit.toLowerCase(Locale.ROOT);
    if (word.equals("b") || word.equals("byte") || word.equals("bytes")) {
      return OptionalLong.of(1);
    }
    int power = word.isEmpty() ? -1 : "kmgtpe".indexOf(word.charAt(0));
    if (power < 0) {
      return OptionalLong.empty();
    }
    long base =
        switch (word.substring(1)) {
          case "", "ib" -> 1024;
          case "b" -> 1000;
          default -> 0;
        };
    if (base == 0) {
      return OptionalLong.empty();
    }
    long result = 1;
    for (int i = 0; i <= power; i++) {
      result *= base;
    }
    return OptionalLong.of(result);
  }

  /**
   * The size that an element's text and attribute {@code unit} say, in KiB, rounded up; empty where
   * they say none or one beyond 63 bits.
   *
   * @param element may be null
   */
  public static OptionalLong kib(XmlElement element) {
    OptionalLong bytes = bytes(element, KIB);
    return bytes.isEmpty()
        ? bytes
        : OptionalLong.of(bytes.getAsLong() / KIB + (bytes.getAsLong() % KIB == 0 ? 0 : 1));
  }

  /** The same in bytes, with the unit that a missing attribute stands for. */
  public static OptionalLong bytes(XmlElement element, long otherwise) {
    if (element == null) {
      return OptionalLong.empty();
    }
    OptionalLong number = Values.number(element.text());
    String unit = element.attribute("unit");
    OptionalLong scale = unit == null ? OptionalLong.of(otherwise) : bytes(unit);
    if (number.isEmpty() || scale.isEmpty() || number.getAsLong() < 0) {
      return OptionalLong.empty();
    }
    long high = Math.multiplyHigh(number.getAsLong(), scale.getAsLong());
    long low = number.getAsLong() * scale.getAsLong();
    return high != 0 || low < 0 ? OptionalLong.empty() : OptionalLong.of(low);
  }
}
