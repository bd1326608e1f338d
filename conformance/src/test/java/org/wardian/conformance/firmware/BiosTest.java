package org.wardian.conformance.firmware;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.wardian.display.Screen;
import org.wardian.machine.DeviceConfiguration;
import org.wardian.machine.DeviceConfiguration.DiskBus;
import org.wardian.machine.Firmware;
import org.wardian.machine.Machine;
import org.wardian.machine.MachineConfiguration;
import org.wardian.machine.Outcome;
import org.wardian.x86.CpuModel;

/** SeaBIOS of Debian's package starts from disks, discs and floppies. */
@Timeout(600)
class BiosTest {
  private static final Path BIOS = Path.of("/usr/share/seabios/bios-256k.bin");
  private static final Path VIDEO_BIOS = Path.of("/usr/share/seabios/vgabios-stdvga.bin");

  /** What a run wrote, and how it ended. */
  private record Run(Outcome outcome, String serial, String debug, int litPixels) {}

  private static Run run(DeviceConfiguration... devices) throws Exception {
    StringBuilder serial = new StringBuilder();
    StringBuilder debug = new StringBuilder();
    Firmware bios =
        Firmware.bios(Files.readAllBytes(BIOS))
            .with(Map.of("etc/boot-fail-wait", new byte[8]))
            .logTo(value -> debug.append((char) value));
    MachineConfiguration configuration =
        new MachineConfiguration(
                new byte[0],
                Path.of("none"),
                Optional.empty(),
                "",
                64L << 20,
                1,
                CpuModel.standard(),
                Set.of(),
                false)
            .with(List.of(devices))
            .with(bios);
    try (Machine machine =
        new Machine(configuration, value -> serial.append((char) (value & 0xff)))) {
      Outcome outcome = machine.run();
      int lit = machine.screen().map(BiosTest::litPixels).orElse(0);
      return new Run(outcome, serial.toString(), debug.toString(), lit);
    }
  }

  private static int litPixels(Screen screen) {
    int[] lit = {0};
    try (Screen.Viewer viewer = screen.view()) {
      viewer.changes(
          new Screen.Painter() {
            @Override
            public void size(int width, int height, boolean resized) {
              assertThat(width).isEqualTo(720);
              assertThat(height).isEqualTo(400);
            }

            @Override
            public void rectangle(int x, int y, int w, int h, int[] pixels, int stride) {
              for (int row = y; row < y + h; row++) {
                int from = row * stride + x;
                lit[0] += (int) Arrays.stream(pixels, from, from + w).filter(p -> p != 0).count();
              }
            }
          },
          true);
    }
    return lit[0];
  }

  private static DeviceConfiguration disk(DiskBus bus, boolean cdrom) {
    BootDisk medium = cdrom ? BootDisk.disc() : BootDisk.disk(8 << 20);
    return new DeviceConfiguration.Disk(
        "disk", bus, medium, cdrom, "SERIAL", 1, OptionalInt.empty());
  }

  private static void assertBooted(Run run) {
    assertThat(run.serial()).as("the firmware's log: %s", run.debug()).contains(BootDisk.TEXT);
    assertThat(run.outcome().cause()).isEqualTo(Outcome.Cause.POWERED_OFF);
    assertThat(run.debug()).contains("SeaBIOS (version", "ACPI: parse DSDT");
  }

  @ParameterizedTest
  @EnumSource(
      value = DiskBus.class,
      names = {"IDE", "AHCI", "VIRTIO"})
  void fromADisk(DiskBus bus) throws Exception {
    assertBooted(run(disk(bus, false)));
  }

  @ParameterizedTest
  @EnumSource(
      value = DiskBus.class,
      names = {"IDE", "AHCI"})
  void fromADisc(DiskBus bus) throws Exception {
    assertBooted(run(disk(bus, true)));
  }

  @Test
  void fromAFloppyDiskWithADisplay() throws Exception {
    Run run =
        run(
            new DeviceConfiguration.Floppy("floppy", BootDisk.disk(1440 << 10)),
            new DeviceConfiguration.Display("display", Files.readAllBytes(VIDEO_BIOS)));
    assertBooted(run);
    assertThat(run.debug()).contains("Start SeaVGABIOS");
    assertThat(run.litPixels()).as("the banner is on the screen").isGreaterThan(500);
  }

  @Test
  void theBootIndexDecides() throws Exception {
    BootDisk one = BootDisk.disk(8 << 20, "from the first disk\n");
    BootDisk two = BootDisk.disk(8 << 20, "from the second disk\n");
    Run run =
        run(
            new DeviceConfiguration.Disk(
                "first", DiskBus.IDE, one, false, "A", 1, OptionalInt.of(2)),
            new DeviceConfiguration.Disk(
                "second", DiskBus.AHCI, two, false, "B", 1, OptionalInt.of(1)));
    assertThat(run.serial()).contains("second").doesNotContain("first");
  }
}
