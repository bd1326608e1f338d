package org.wardian.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.conformance.firmware.BootDisk;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.nbd.NbdExport;
import org.wardian.storage.nbd.NbdServer;
import org.wardian.storage.nbd.NbdUri;

/** Disks, networks and displays of {@code ward run}, by real processes. */
class AttachedDevicesTest {
  private static final int USAGE = 2;
  private static final int BAD_IMAGE = 3;
  private static final int UNAVAILABLE = 9;
  private static final int DISK_BYTES = 1 << 20;
  private static final OpenOptions RAW = OpenOptions.readOnly().withFormat(ImageFormat.RAW);

  @TempDir private Path folder;
  private WardProcess.Start ward;

  @BeforeEach
  void start() throws IOException {
    ward = new WardProcess.Start(folder);
  }

  private String refusal(int status, String... arguments) throws Exception {
    try (WardProcess process = ward.run(arguments)) {
      assertThat(process.status()).as(process.err()).isEqualTo(status);
      assertThat(process.err()).startsWith("ward: ").doesNotContain("Exception");
      assertThat(ward.temporary()).isEmptyDirectory();
      return process.err();
    }
  }

  private Path disk() throws IOException {
    return Files.write(folder.resolve("disk.img"), BootDisk.disk(DISK_BYTES).content());
  }

  @Test
  void aDiskStartsByTheBiosAndThePictureIsKept() throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/share/seabios/bios-256k.bin")), "seabios is missing");
    Path picture = folder.resolve("picture.png");
    try (WardProcess process =
        ward.run(
            "run",
            "--disk",
            disk() + ",format=raw,snapshot",
            "--memory",
            "64M",
            "--screenshot",
            picture.toString())) {
      assertThat(process.status()).as(process.err()).isZero();
      assertThat(process.out()).contains(BootDisk.TEXT.strip());
    }
    BufferedImage image = ImageIO.read(picture.toFile());
    assertThat(image.getWidth()).isEqualTo(720);
    assertThat(image.getHeight()).isEqualTo(400);
    assertThat(disk()).hasBinaryContent(BootDisk.disk(DISK_BYTES).content());
    assertThat(ward.temporary()).isEmptyDirectory();
  }

  @Test
  void aDiskAtAServerStartsLikeOneOfTheHost() throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/share/seabios/bios-256k.bin")), "seabios is missing");
    Path socket = folder.resolve("socket");
    try (BlockImage image = Images.open(disk(), RAW);
        NbdServer server = new NbdServer()) {
      server.add(NbdExport.of("boot", image, false));
      server.listen(UnixDomainSocketAddress.of(socket));
      String disk = NbdUri.unix(socket, "boot") + ",format=raw,readonly";
      try (WardProcess process = ward.run("run", "--disk", disk, "--memory", "64M")) {
        assertThat(process.status()).as(process.err()).isZero();
        assertThat(process.out()).contains(BootDisk.TEXT.strip());
      }
    }
  }

  @Test
  void aServerThatIsNotThere() throws Exception {
    assertThat(refusal(BAD_IMAGE, "run", "--disk", "nbd+unix:///?socket=/no/such/socket"))
        .contains("/no/such/socket");
  }

  /** By either card, and with no word about the ROM that it takes. */
  @ParameterizedTest
  @ValueSource(strings = {"virtio", "e1000"})
  void aMachineStartsFromTheNetwork(String model) throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/share/seabios/bios-256k.bin")), "seabios is missing");
    assumeTrue(Files.exists(Path.of("/usr/lib/ipxe/qemu/pxe-virtio.rom")), "ipxe-qemu is missing");
    Path served = Files.createDirectory(folder.resolve("served"));
    Files.writeString(
        served.resolve("start.ipxe"),
        """
        #!ipxe
        echo The address is ${net0/ip}, and this came from ${next-server}.
        shell
        """);
    try (WardProcess process =
        ward.run(
            "run",
            "--firmware",
            "bios",
            "--memory",
            "64M",
            "--net",
            "nat,model=" + model + ",tftp=" + served + ",bootfile=start.ipxe")) {
      process.awaitOut("The address is 10.0.2.15, and this came from 10.0.2.2.");
    }
  }

  @Test
  void aFolderForTheNetworkThatThereIsNot() throws Exception {
    assertThat(
            refusal(UNAVAILABLE, "run", "--firmware", "bios", "--net", "nat,tftp=/no/such/folder"))
        .contains("/no/such/folder is no folder");
  }

  @Test
  void anImageThatIsNotThere() throws Exception {
    assertThat(refusal(BAD_IMAGE, "run", "--disk", "/no/such.qcow2")).contains("/no/such.qcow2");
  }

  @Test
  void aWordThatADiskDoesNotKnow() throws Exception {
    assertThat(refusal(USAGE, "run", "--disk", disk() + ",bus=mfm")).contains("virtio, scsi");
  }

  @Test
  void aNetworkThatThereIsNot() throws Exception {
    assertThat(refusal(USAGE, "run", "--net", "bridge=br0")).contains("nat, none, tap=DEV");
  }

  @Test
  void aPublishedPortThatIsTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      assertThat(refusal(UNAVAILABLE, "run", "--disk", disk().toString(), "-p", port + ":22"))
          .contains(port);
    }
  }

  @Test
  void firmwareThatIsNotThere() throws Exception {
    assertThat(refusal(BAD_IMAGE, "run", "--disk", disk().toString(), "--firmware", "/no/such"))
        .contains("/no/such");
  }
}
