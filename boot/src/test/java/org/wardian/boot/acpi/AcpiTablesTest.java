package org.wardian.boot.acpi;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.boot.GuestRam;
import org.wardian.boot.LowMemory;

class AcpiTablesTest {

  private static WrittenTables tables(int processors) {
    return new WrittenTables(AcpiTables.build(TestBoard.withProcessors(processors)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 64, 300})
  void everyChecksumIsRight(int processors) {
    WrittenTables tables = tables(processors);
    assertThat(WrittenTables.sum(tables.rsdp(), 20)).isZero();
    assertThat(WrittenTables.sum(tables.rsdp(), 36)).isZero();
    assertThat(tables.all()).containsOnlyKeys("XSDT", "FACP", "APIC", "MCFG", "FACS", "DSDT");
    tables
        .all()
        .forEach((signature, table) -> {
          if (!signature.equals("FACS")) {
            assertThat(WrittenTables.sum(table, table.limit())).as(signature).isZero();
          }
        });
  }

  @Test
  void writesToTheRomAreaWhereGuestsScan() {
    List<Long> writes = new ArrayList<>();
    GuestRam ram =
        new GuestRam() {
          @Override
          public long size() {
            return 1 << 20;
          }

          @Override
          public void write(long gpa, byte[] data, int offset, int length) {
            writes.add(gpa);
            assertThat(gpa + length).isLessThanOrEqualTo(LowMemory.ACPI_END);
            String signature = new String(data, offset, 8, StandardCharsets.US_ASCII);
            assertThat(signature).isEqualTo("RSD PTR ");
          }
        };
    assertThat(AcpiTables.write(TestBoard.withProcessors(64), ram)).isEqualTo(0xe0000);
    assertThat(writes).containsExactly(0xe0000L);
  }

  @Test
  void theWakingVectorIsWhatTheGuestLeftBelowOneMebibyte() {
    byte[] area = AcpiTables.build(TestBoard.withProcessors(1));
    AcpiTables.Reader ram =
        (gpa, data, offset, length) ->
            System.arraycopy(area, (int) (gpa - LowMemory.ACPI_TABLES), data, offset, length);
    ByteBuffer facs = new WrittenTables(area).table("FACS");
    assertThat(AcpiTables.wakingVector(ram)).isEmpty();
    int at = new String(area, StandardCharsets.ISO_8859_1).indexOf("FACS");
    ByteBuffer vector = ByteBuffer.wrap(area).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(facs.getInt(4)).isEqualTo(64);
    vector.putInt(at + 12, 0x9a006);
    assertThat(AcpiTables.wakingVector(ram)).hasValue(0x9a006);
    for (int wrong : new int[] {0x100000, -1, Integer.MIN_VALUE}) {
      vector.putInt(at + 12, wrong);
      assertThat(AcpiTables.wakingVector(ram)).as("%x", wrong).isEmpty();
    }
    vector.putInt(at + 12, 0x9a006).putInt(at, 0);
    assertThat(AcpiTables.wakingVector(ram)).as("no FACS any more").isEmpty();
  }

  @Test
  void rootPointerIsOfRevision2() {
    ByteBuffer rsdp = tables(1).rsdp();
    assertThat(rsdp.get(15)).isEqualTo((byte) 2);
    assertThat(rsdp.getInt(16)).isZero();
    assertThat(rsdp.getInt(20)).isEqualTo(36);
  }

  @Test
  void fixedDescriptionNamesThePorts() {
    ByteBuffer fadt = tables(1).table("FACP");
    assertThat(fadt.limit()).isEqualTo(276);
    assertThat(fadt.get(8)).isEqualTo((byte) 6);
    assertThat(fadt.getShort(46)).isEqualTo((short) 9);
    assertThat(fadt.getInt(48)).as("SMI command port").isZero();
    assertThat(fadt.getInt(56)).as("PM1a event").isEqualTo(0x600);
    assertThat(fadt.getInt(64)).as("PM1a control").isEqualTo(0x604);
    assertThat(fadt.getInt(76)).as("PM timer").isEqualTo(0x608);
    assertThat(fadt.get(88)).as("PM1 event length").isEqualTo((byte) 4);
    assertThat(fadt.get(89)).as("PM1 control length").isEqualTo((byte) 2);
    assertThat(fadt.get(91)).as("PM timer length").isEqualTo((byte) 4);
    assertThat(fadt.get(108)).as("century").isEqualTo((byte) 0x32);
    assertThat(fadt.getShort(109)).as("boot flags").isEqualTo((short) 5);
    // Reset register there; timer 32 bits wide; power button fixed (bit 4 clear); not
    // hardware-reduced (bit 20 clear).
    assertThat(fadt.getInt(112)).isEqualTo(0x565);
    assertThat(address(fadt, 116)).isEqualTo("01080001" + "f90c000000000000");
    assertThat(fadt.get(128)).as("reset value").isEqualTo((byte) 0x0e);
    assertThat(address(fadt, 148)).isEqualTo("01200002" + "0006000000000000");
    assertThat(address(fadt, 172)).isEqualTo("01100002" + "0406000000000000");
    assertThat(address(fadt, 208)).isEqualTo("01200003" + "0806000000000000");
  }

  private static String address(ByteBuffer table, int at) {
    byte[] bytes = new byte[12];
    table.get(at, bytes);
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void controlStructureIsAligned() {
    ByteBuffer fadt = tables(1).table("FACP");
    assertThat(fadt.getInt(36) % 64).isZero();
    assertThat(fadt.getLong(132)).as("64-bit FACS address").isZero();
    assertThat(fadt.getInt(40)).isEqualTo((int) fadt.getLong(140));
    assertThat(tables(1).table("FACS").limit()).isEqualTo(64);
  }

  @Test
  void interruptControllersAreListed() {
    assertThat(entries(tables(2).table("APIC")))
        .containsExactly(
            "0008000001000000",
            "0008010101000000",
            "010c07000000c0fe00000000",
            "020a0000020000000000",
            "020a0009090000000d00",
            "0406ff000001");
  }

  @Test
  void processorsBeyond254AreListedAsX2Apic() {
    List<String> entries = entries(tables(300).table("APIC"));
    assertThat(entries)
        .contains(
            "0008fefe01000000",
            "09100000ff00000001000000ff000000",
            "091000002b010000010000002b010000",
            "0a0c0000ffffffff01000000");
    assertThat(entries).filteredOn(e -> e.startsWith("0008")).hasSize(255);
    assertThat(entries).filteredOn(e -> e.startsWith("0910")).hasSize(45);
  }

  private static List<String> entries(ByteBuffer madt) {
    List<String> entries = new ArrayList<>();
    int at = 44;
    while (at < madt.limit()) {
      byte[] entry = new byte[madt.get(at + 1)];
      madt.get(at, entry);
      entries.add(HexFormat.of().formatHex(entry));
      at += entry.length;
    }
    return entries;
  }

  @Test
  void enhancedConfigurationSpaceIsNamed() {
    ByteBuffer mcfg = tables(1).table("MCFG");
    assertThat(mcfg.limit()).isEqualTo(60);
    assertThat(mcfg.getLong(44)).isEqualTo(0xe0000000L);
    assertThat(mcfg.getInt(52)).isEqualTo(0xff000000);
  }

  @Test
  void interruptPinsTakeTurns() {
    AcpiConfiguration.Pci pci = TestBoard.withProcessors(1).pci();
    assertThat(pci.interrupt(0, 0)).isEqualTo(16);
    assertThat(pci.interrupt(0, 3)).isEqualTo(19);
    assertThat(pci.interrupt(5, 3)).isEqualTo(16);
    assertThat(pci.interrupt(31, 1)).isEqualTo(16);
  }
}
