package org.wardian.definition.xml;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Makes bad documents out of good ones. */
public final class Mutations {
  /** How many documents to try, unless the system property says otherwise. */
  public static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);

  private static final String[] VALUES = {
    "",
    "0",
    "-1",
    "1",
    "2",
    "3",
    "255",
    "256",
    "65536",
    "4294967295",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "0x1f",
    "0x",
    "07",
    "1e9",
    "yes",
    "no",
    "on",
    "off",
    "auto",
    "virtio",
    "pci",
    "usb",
    "scsi",
    "ide",
    "none",
    "pcie-root-port",
    "pci-bridge",
    "pcie-to-pci-bridge",
    "virtio-transitional",
    "serial",
    "isa-serial",
    "vda",
    "sdzzzzz",
    "hd",
    "fda1",
    "q35",
    "pc",
    "file",
    "network",
    "qcow2",
    "tcp",
    "unix",
    "pty",
    "0-3,^2",
    "52:54:00:00:00:01",
    "MiB",
    "EiB",
    "k",
    "\u0000",
    "\u0007",
    "\n",
    "\ud800",
    "\udc00\ud800",
    "\ufffe",
    "\ud83d\ude00",
    "<&>'\"",
    "]]>",
    "&amp;",
    "%s%n",
    "../../etc/passwd",
    "a/b"
  };

  /** What reads a document whole, as the product does. */
  @FunctionalInterface
  public interface Reading {
    /**
     * Reads it.
     *
     * @throws XmlException where it is refused
     */
    void read(String document) throws XmlException;
  }

  private Mutations() {}

  /**
   * Has {@link #ITERATIONS} bad documents read: each is read, or refused with words, and some are
   * read.
   *
   * @param good what they are made of
   * @param seed of the random numbers, unless the system property {@code wardian.fuzz.seed} has one
   */
  public static void readOrRefused(String good, long seed, Reading reading) {
    Random random = new Random(Long.getLong("wardian.fuzz.seed", seed));
    int read = 0;
    for (int i = 0; i < ITERATIONS; i++) {
      String document = mutate(good, random);
      try {
        reading.read(document);
        read++;
      } catch (XmlException e) {
        assertThat(e.getMessage()).isNotBlank();
      } catch (RuntimeException | Error e) {
        throw new AssertionError("case " + i + ": " + document, e);
      }
    }
    assertThat(read).isPositive();
  }

  /** Changes some elements of a tree: their values, names, places and number. */
  public static void mutate(XmlElement root, Random random) {
    for (int n = 1 + random.nextInt(4); n > 0; n--) {
      List<XmlElement> all = new ArrayList<>();
      collect(root, all);
      XmlElement element = all.get(random.nextInt(all.size()));
      List<String> keys = List.copyOf(element.attributes().keySet());
      switch (random.nextInt(9)) {
        case 0, 1, 2 -> {
          if (!keys.isEmpty()) {
            element.set(keys.get(random.nextInt(keys.size())), value(random));
          }
        }
        case 3 -> {
          if (!keys.isEmpty()) {
            element.set(keys.get(random.nextInt(keys.size())), null);
          }
        }
        case 4 -> element.text(value(random));
        case 5 -> {
          if (!element.children().isEmpty()) {
            XmlElement gone = element.children().get(random.nextInt(element.children().size()));
            element.removeIf(child -> child == gone);
          }
        }
        case 6 -> {
          if (!element.children().isEmpty()) {
            XmlElement twin = element.children().get(random.nextInt(element.children().size()));
            element.add(twin.copy());
          }
        }
        case 7 -> element.add(all.get(random.nextInt(all.size())).copy());
        default -> {
          XmlElement other = all.get(random.nextInt(all.size()));
          other.attributes().forEach(element::set);
        }
      }
    }
  }

  /** Changes some characters of a text. */
  public static String mutate(String text, Random random) {
    StringBuilder out = new StringBuilder(text);
    for (int n = 1 + random.nextInt(6); n > 0; n--) {
      int at = random.nextInt(out.length() + 1);
      switch (random.nextInt(5)) {
        case 0 -> out.insert(at, value(random));
        case 1 -> out.insert(at, (char) random.nextInt(0x10000));
        case 2 -> out.delete(at, Math.min(out.length(), at + random.nextInt(20)));
        case 3 -> {
          int from = random.nextInt(out.length() + 1);
          int end = Math.min(out.length(), from + random.nextInt(100));
          out.insert(at, out.substring(from, end));
        }
        default -> out.insert(at, "<>&'\"/=!?[]-".charAt(random.nextInt(12)));
      }
      if (out.isEmpty()) {
        out.append('<');
      }
    }
    return out.toString();
  }

  private static String value(Random random) {
    return VALUES[random.nextInt(VALUES.length)];
  }

  private static void collect(XmlElement element, List<XmlElement> all) {
    if (all.size() < 20_000) {
      all.add(element);
      element.children().forEach(child -> collect(child, all));
    }
  }
}
