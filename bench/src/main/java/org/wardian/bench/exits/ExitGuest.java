package org.wardian.bench.exits;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The guest of the benchmark; what it does stands in {@code exits.inc}. */
final class ExitGuest {
  /** Guest-physical address of the image. */
  static final int LOAD = 0x1000;

  /** Bytes of RAM, from 0. */
  static final int RAM = 0x80000;

  static final int STACK = 0x8000;
  static final int PORT = 0xe0;
  static final long REGISTER = 0xd0000;
  static final int VECTOR = 0x20;

  /** Where a message goes that interrupts the processor with APIC ID 0. */
  static final long MESSAGE_ADDRESS = 0xfee0_0000L;

  /** CR0: protection on, paging off, and a bit that is always one. */
  static final long CR0 = 0x11;

  static final int CODE_SELECTOR = 8;
  static final int DATA_SELECTOR = 16;
  static final int GDT_LIMIT = 0x17;

  /** The image has one gate only, behind the descriptors. */
  static final int IDT = LOAD + 0x18 - 8 * VECTOR;

  static final int IDT_LIMIT = 8 * VECTOR + 7;

  private ExitGuest() {}

  /** The bytes to be loaded. */
  static byte[] image() {
    try (InputStream stream = ExitGuest.class.getResourceAsStream("/org/wardian/bench/exits.inc")) {
      String text = new String(stream.readAllBytes(), StandardCharsets.US_ASCII);
      ByteArrayOutputStream image = new ByteArrayOutputStream();
      for (String word : text.replaceAll("//.*", "").split("[,\\s]+")) {
        if (!word.isEmpty()) {
          image.write(Integer.decode(word));
        }
      }
      return image.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
