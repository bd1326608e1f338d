package org.wardian.boot.acpi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AmlWriterTest {

  private static String hex(AmlWriter aml) {
    return HexFormat.of().formatHex(aml.toByteArray());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 00",
    "1, 01",
    "2, 0a02",
    "0xff, 0aff",
    "0x100, 0b0001",
    "0x10000, 0c00000100",
    "0xffffffff, 0cffffffff",
    "0x100000000, 0e0000000001000000",
  })
  void integersTakeTheirShortestForm(String value, String expected) {
    assertThat(hex(new AmlWriter().integer(Long.decode(value)))).isEqualTo(expected);
  }

  @Test
  void eisaIdentifiersAreCompressed() {
    // The value that the ACPI specification gives for PNP0A03.
    assertThat(hex(new AmlWriter().eisaId("PNP0A03"))).isEqualTo("0c41d00a03");
    assertThatThrownBy(() -> new AmlWriter().eisaId("pnp0a03"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void namesArePaddedAndPrefixed() {
    assertThat(hex(new AmlWriter().name("A").integer(0))).isEqualTo("08" + "415f5f5f" + "00");
    assertThat(hex(new AmlWriter().name("\\_S5").integer(0))).isEqualTo("085c5f53355f00");
    assertThat(hex(new AmlWriter().name("_SB.PCI0").integer(0)))
        .isEqualTo("082e5f53425f5043493000");
    assertThat(hex(new AmlWriter().name("A.B.C").integer(0)))
        .isEqualTo("082f03415f5f5f425f5f5f435f5f5f00");
    for (String bad : new String[] {"TOOLONG", "a", "9A", "A..B"}) {
      assertThatThrownBy(() -> new AmlWriter().name(bad))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void blocksCountTheirOwnLength() {
    assertThat(hex(new AmlWriter().device("D", d -> {}))).isEqualTo("5b8205445f5f5f");
    assertThat(hex(new AmlWriter().scope("\\", s -> {}))).isEqualTo("10035c00");
    assertThat(hex(new AmlWriter().method("_STA", 0, m -> m.returns().integer(15))))
        .isEqualTo("14095f535441" + "00" + "a40a0f");
    assertThat(hex(new AmlWriter().packageOf(2, p -> p.integer(0).string("x"))))
        .isEqualTo("120602000d7800");
  }

  @ParameterizedTest
  @CsvSource({
    // Content of the buffer, its PkgLength: one byte up to 63, two up to 4095, then three.
    "59, 3e0a3b",
    "60, 3f0a3c",
    "61, 41040a3d",
    "4090, 4fff0bfa0f",
    "4091, 8100010bfb0f",
  })
  void lengthsTakeOneToFourBytes(int content, String start) {
    byte[] aml = new AmlWriter().buffer(new byte[content]).toByteArray();
    assertThat(aml[0]).isEqualTo((byte) 0x11);
    byte[] head = Arrays.copyOfRange(aml, 1, 1 + start.length() / 2);
    assertThat(HexFormat.of().formatHex(head)).isEqualTo(start);
    assertThat(aml).hasSize(1 + start.length() / 2 + content);
  }

  @Test
  void resourcesEndWithATag() {
    ResourceTemplate template = new ResourceTemplate().io(0x3f8, 8).irq(4);
    assertThat(HexFormat.of().formatHex(template.toByteArray()))
        .isEqualTo("4701f803f8030108" + "221000" + "7900");
  }

  @Test
  void wideWindowsTakeWideDescriptors() {
    byte[] narrow = new ResourceTemplate().memoryWindow(0xc0000000L, 0xffffffffL).toByteArray();
    assertThat(narrow[0]).isEqualTo((byte) 0x87);
    byte[] wide = new ResourceTemplate().memoryWindow(1L << 32, (1L << 33) - 1).toByteArray();
    assertThat(wide[0]).isEqualTo((byte) 0x8a);
    assertThat(wide).hasSize(46 + 2);
  }
}
