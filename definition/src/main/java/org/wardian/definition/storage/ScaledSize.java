package org.wardian.definition.storage;

import java.math.BigInteger;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/** Sizes with a unit, such as {@code <capacity unit='GiB'>8</capacity>}. */
public final class ScaledSize {
  private static final BigInteger MOST = BigInteger.valueOf(Long.MAX_VALUE);
  private static final BigInteger MOST_UNSIGNED =
      BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);
  private static final String PREFIXES = "kmgtpe";

  private ScaledSize() {}

  /**
   * Bytes that an element gives.
   *
   * @throws XmlException where its text is no number, there is no such unit, or the size does not
   *     fit into 63 bits
   */
  static long of(XmlElement element) throws XmlException {
    String text = element.text().strip();
    if (!text.matches("\\+?[0-9]{1,20}") || new BigInteger(text).compareTo(MOST_UNSIGNED) > 0) {
      throw XmlException.badContent("malformed " + element.name() + " element");
    }
    return of(new BigInteger(text), element.attribute("unit", ""));
  }

  /** A number in a unit, in bytes; without a unit it is bytes. */
  static long of(BigInteger number, String unit) throws XmlException {
    BigInteger bytes = number.multiply(factor(unit));
    if (bytes.compareTo(MOST) > 0) {
      throw new XmlException(XmlException.Kind.OVERFLOW, "value too large: " + number + unit);
    }
    return bytes.longValueExact();
  }

  private static BigInteger factor(String unit) throws XmlException {
    if (unit.isEmpty()
        || unit.equalsIgnoreCase("b")
        || unit.equalsIgnoreCase("byte")
        || unit.equalsIgnoreCase("bytes")) {
      return BigInteger.ONE;
    }
    int power = PREFIXES.indexOf(Character.toLowerCase(unit.charAt(0))) + 1;
    String rest = unit.substring(1);
    if (power > 0 && (rest.isEmpty() || rest.equalsIgnoreCase("iB"))) {
      return BigInteger.ONE.shiftLeft(10 * power);
    }
    if (power > 0 && rest.equalsIgnoreCase("B")) {
      return BigInteger.valueOf(1000).pow(power);
    }
    throw new XmlException(XmlException.Kind.INVALID_ARGUMENT, "unknown suffix '" + unit + "'");
  }
}
