package org.wardian.conformance.firmware;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.conformance.debian.DebianPackage;
import org.wardian.display.Screenshot;
import org.wardian.machine.DeviceConfiguration.CardModel;
import org.wardian.machine.DeviceConfiguration.DiskBus;
import org.wardian.network.nat.NatConfiguration;

/**
 * The Debian installer's netboot image, unmodified, to its first question, and by our NAT to the
 * mirror.
 */
@Tag("slow")
@Timeout(3600)
class InstallerTest {
  private static final long MEMORY = 1L << 30;
  private static final Path XORRISO = Path.of("/usr/bin/xorriso");
  private static final String TITLE = "Select a language";

  // The colours of the installer's screens, and X11's symbols of keys.
  private static final int BLUE = 0x0000aa;
  private static final int GREY = 0xaaaaaa;
  private static final int RED = 0xaa0000;
  private static final int DOWN = 0xff54;
  private static final int RETURN = 0xff0d;

  @TempDir private Path folder;

  private static Path tree(String architecture) throws Exception {
    return DebianPackage.file(
        "debian-installer-12-netboot-" + architecture,
        "usr/lib/debian-installer/images/12/" + architecture + "/text");
  }

  private static PcParts booted(String name, String architecture, String words) throws Exception {
    Path files = tree(architecture).resolve("debian-installer/" + architecture);
    return new PcParts("installer-%s-%s".formatted(name, architecture))
        .memory(MEMORY)
        .kernel(files.resolve("linux"), files.resolve("initrd.gz"), words)
        .card(CardModel.VIRTIO, NatConfiguration.builder().build());
  }

  @ParameterizedTest
  @ValueSource(strings = {"amd64", "i386"})
  void asksForALanguageOnTheSerialPort(String architecture) throws Exception {
    try (Pc pc = booted("serial", architecture, "console=ttyS0").start()) {
      pc.awaitSerial(TITLE);
    }
  }

  /** The picture has the installer's colours, and the bar of the choice follows the keyboard. */
  @ParameterizedTest
  @ValueSource(strings = {"amd64", "i386"})
  void asksForALanguageOnTheScreen(String architecture) throws Exception {
    try (Pc pc = booted("screen", architecture, "").start()) {
      awaitQuestion(pc);
      int first = choice(pc.picture());
      pc.press(DOWN);
      pc.awaitPicture("the next language", picture -> choice(picture) > first);
    }
  }

  /** As mini.iso is made: isolinux, the installer's menu in a frame buffer, kernel and initrd. */
  @ParameterizedTest
  @ValueSource(strings = {"amd64", "i386"})
  void startsFromItsDisc(String architecture) throws Exception {
    Path disc = disc(architecture);
    PcParts parts = new PcParts("installer-disc-" + architecture).memory(MEMORY);
    try (Pc pc = parts.cdrom(DiskBus.AHCI, disc).start()) {
      pc.awaitPicture("the menu", picture -> picture.width() == 640 && colours(picture) > 1000);
      pc.awaitStillPicture();
      pc.keepPicture("installer-menu-" + architecture);
      pc.press(RETURN);
      awaitQuestion(pc);
    }
  }

  /** Without questions it gets an address, and goes to the mirror for its other parts. */
  @ParameterizedTest
  @ValueSource(strings = "amd64")
  void loadsItsPartsFromTheMirror(String architecture) throws Exception {
    Optional<String> part = InstallerMirror.part(architecture);
    Assumptions.assumeTrue(part.isPresent(), "the Debian mirror does not answer");
    String words =
        "console=ttyS0 priority=critical locale=en_US.UTF-8 keymap=us hostname=guest"
            + " mirror/country=manual mirror/http/hostname="
            + InstallerMirror.HOST
            + " mirror/http/directory=/debian mirror/http/proxy= mirror/protocol=http";
    try (Pc pc = booted("mirror", architecture, words).start()) {
      // By then it has the mirror's lists, and has checked them.
      pc.awaitSerial("Loading additional components");
      if (InstallerMirror.gives(part.get())) {
        pc.awaitSerial("Set up users and passwords");
      } else {
        pc.awaitSerial("failed to download a file from the mirror");
      }
    }
  }

  private static void awaitQuestion(Pc pc) throws Exception {
    pc.awaitPicture(
        "the first question",
        picture ->
            count(picture, GREY) > picture.pixels().length / 2
                && count(picture, BLUE) > picture.pixels().length / 20
                && choice(picture) > 0);
  }

  /** The middle of the bar that shows the choice, in lines from the top; 0 where there is none. */
  private static int choice(Screenshot picture) {
    int lines = 0;
    int sum = 0;
    for (int y = 0; y < picture.height(); y++) {
      int from = y * picture.width();
      long red =
          Arrays.stream(picture.pixels(), from, from + picture.width())
              .filter(pixel -> pixel == RED)
              .count();
      if (red > picture.width() / 8) {
        lines++;
        sum += y;
      }
    }
    return lines == 0 ? 0 : sum / lines;
  }

  private static long count(Screenshot picture, int colour) {
    return Arrays.stream(picture.pixels()).filter(pixel -> pixel == colour).count();
  }

  private static long colours(Screenshot picture) {
    return Arrays.stream(picture.pixels()).distinct().count();
  }

  private Path disc(String architecture) throws Exception {
    Assumptions.assumeTrue(
        Files.isExecutable(XORRISO), "Debian's package xorriso, which makes the disc, is missing");
    Path content = folder.resolve("disc");
    copy(tree(architecture), content);
    Path isolinux = DebianPackage.file("isolinux", "usr/lib/ISOLINUX/isolinux.bin");
    Files.copy(isolinux, content.resolve("isolinux.bin"));
    Path screens = content.resolve("debian-installer/" + architecture + "/boot-screens");
    Files.copy(screens.resolve("ldlinux.c32"), content.resolve("isolinux.ldl"));
    Files.copy(screens.resolve("syslinux.cfg"), content.resolve("isolinux.cfg"));
    Path image = folder.resolve("netboot.iso");
    run(
        XORRISO.toString(),
        "-as",
        "mkisofs",
        "-quiet",
        "-r",
        "-J",
        "-o",
        image.toString(),
        "-b",
        "isolinux.bin",
        "-c",
        "boot.cat",
        "-no-emul-boot",
        "-boot-load-size",
        "4",
        "-boot-info-table",
        content.toString());
    assertThat(image).isRegularFile();
    return image;
  }

  private void copy(Path from, Path to) throws Exception {
    run("cp", "-rL", from.toString(), to.toString());
  }

  private void run(String... command) throws IOException, InterruptedException {
    Path log = folder.resolve("log");
    Process process =
        new ProcessBuilder(List.of(command))
            .redirectErrorStream(true)
            .redirectOutput(Redirect.to(log.toFile()))
            .start();
    if (!process.waitFor(5, TimeUnit.MINUTES) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new AssertionError(String.join(" ", command) + ": " + Files.readString(log));
    }
  }
}
