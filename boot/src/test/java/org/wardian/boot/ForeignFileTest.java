package org.wardian.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForeignFileTest {

  @ParameterizedTest
  @CsvSource({
    "0x38, 41524d64, arm64",
    "0x30, 524953435600, RISC-V",
    "4, 7a696d67, zboot",
    "0, 1f8b0800, gunzip",
    "0, fd377a585a00, unxz",
    "0, 28b52ffd, unzstd",
    "0, 04224d18, unlz4",
    "0, d00dfeed, device tree",
    "0, 514649fb, qcow2",
    "0x200, 4546492050415254, GPT",
    "0x8001, 4344303031, ISO 9660",
    "0x438, 53ef, ext4",
    "0x1fe, 55aa, boot sector",
    "0, 30373037303130, --initrd",
    "0, 213c617263683e0a64656269616e, Debian package",
    "0, 4d5a, EFI or DOS program",
    "0, 0102030405060708, 01 02 03 04 05 06 07 08",
  })
  void namesWhatItIs(String offset, String bytes, String name) {
    byte[] file = new byte[0x9000];
    for (int i = 0; i < bytes.length(); i += 2) {
      file[Integer.decode(offset) + i / 2] = (byte) Integer.parseInt(bytes.substring(i, i + 2), 16);
    }
    assertThatThrownBy(() -> KernelImage.parse(file))
        .isInstanceOf(KernelFormatException.class)
        .hasMessageContaining(name)
        .hasMessageNotContaining("\n");
  }

  @Test
  void namesTextScriptsAndZeros() {
    assertThat(describe("Grüße\tan alle\n")).startsWith("a text file");
    assertThat(describe("#!/bin/sh\nexit 0\n")).startsWith("a script");
    assertThat(ForeignFile.describe(new byte[4096])).startsWith("a file of zeros");
    assertThat(ForeignFile.describe(Arrays.copyOf(new byte[] {'M', 'Z'}, 300)))
        .startsWith("truncated kernel");
  }

  private static String describe(String text) {
    return ForeignFile.describe(text.getBytes(StandardCharsets.UTF_8));
  }
}
