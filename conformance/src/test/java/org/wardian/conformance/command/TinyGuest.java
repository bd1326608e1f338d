package org.wardian.conformance.command;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A guest of a few instructions, as a multiboot image without ELF: 32-bit protected mode, entered
 * at its first instruction. Multiboot Specification 0.6.96 §3.1.
 */
public final class TinyGuest {
  private static final int LOAD_ADDRESS = 0x100000;
  private static final int HEADER_BYTES = 32;
  private static final int MAGIC = 0x1badb002;

  /** The header's address fields are valid. */
  private static final int FLAGS = 1 << 16;

  private final ByteArrayOutputStream code = new ByteArrayOutputStream();

  private TinyGuest bytes(int... values) {
    for (int value : values) {
      code.write(value);
    }
    return this;
  }

  /** Sends a text to COM1, without waiting for room. */
  public TinyGuest print(String text) {
    bytes(0x66, 0xba, 0xf8, 0x03); // mov $0x3f8, %dx
    for (byte b : text.getBytes(StandardCharsets.ISO_8859_1)) {
      bytes(0xb0, b, 0xee); // mov $b, %al; out %al, %dx
    }
    return this;
  }

  /** Echoes what COM1 receives, up to and with the first {@code last}. */
  TinyGuest echoUntil(char last) {
    return bytes(
        0x66, 0xba, 0xfd, 0x03, // 1: mov $0x3fd, %dx
        0xec, 0xa8, 0x01, 0x74, 0xfb, // 2: in %dx, %al; test $1, %al; jz 2b
        0x66, 0xba, 0xf8, 0x03, // mov $0x3f8, %dx
        0xec, 0xee, // in %dx, %al; out %al, %dx
        0x3c, last, 0x75, 0xed); // cmp $last, %al; jne 1b
  }

  /** Switches off by ACPI: SLP_EN and the sleep type of S5 to PM1a_CNT. */
  public TinyGuest powerOff() {
    return bytes(0x66, 0xba, 0x04, 0x06) // mov $0x604, %dx
        .bytes(0x66, 0xb8, 0x00, 0x34, 0x66, 0xef) // mov $0x3400, %ax; out %ax, %dx
        .spin();
  }

  /** Writes to the exit port of the test device. */
  TinyGuest exit(int value) {
    return bytes(0xb0, value, 0xe6, 0xf4).spin(); // mov $value, %al; out %al, $0xf4
  }

  /** Pulses the reset line by the keyboard controller. */
  TinyGuest reset() {
    return bytes(0xb0, 0xfe, 0xe6, 0x64).spin(); // mov $0xfe, %al; out %al, $0x64
  }

  /** A breakpoint without a table of interrupts. */
  TinyGuest tripleFault() {
    // push $0; push $0; lidt (%esp); int3
    return bytes(0xbc, 0x00, 0x00, 0x20, 0x00) // mov $0x200000, %esp
        .bytes(0x6a, 0x00, 0x6a, 0x00, 0x0f, 0x01, 0x1c, 0x24, 0xcc);
  }

  /** Halts with interrupts off. */
  TinyGuest die() {
    return bytes(0xfa, 0xf4, 0xeb, 0xfc); // cli; 1: hlt; jmp 1b - 1
  }

  /** Goes on where there is no memory. */
  TinyGuest leaveMemory() {
    return bytes(0xb8, 0x00, 0x00, 0x00, 0xd0, 0xff, 0xe0); // mov $0xd0000000, %eax; jmp *%eax
  }

  /** Runs for ever. */
  TinyGuest spin() {
    return bytes(0xeb, 0xfe); // 1: jmp 1b
  }

  /** The image. */
  byte[] image() {
    byte[] text = code.toByteArray();
    int end = LOAD_ADDRESS + HEADER_BYTES + text.length;
    return ByteBuffer.allocate(HEADER_BYTES + text.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(MAGIC)
        .putInt(FLAGS)
        .putInt(-(MAGIC + FLAGS))
        .putInt(LOAD_ADDRESS) // of this header
        .putInt(LOAD_ADDRESS) // of the first byte loaded
        .putInt(end) // of the loaded part
        .putInt(end) // of the part to be cleared
        .putInt(LOAD_ADDRESS + HEADER_BYTES) // entry
        .put(text)
        .array();
  }

  /** Writes the image into a folder and gives its path. */
  public String in(Path folder) throws IOException {
    return Files.write(folder.resolve("guest"), image()).toString();
  }
}
