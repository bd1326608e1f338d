package org.wardian.network.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.network.Frame;
import org.wardian.network.hub.Switch;
import org.wardian.network.hub.SwitchPort;
import org.wardian.network.nat.NatConfiguration;
import org.wardian.network.nat.NatPort;
import org.wardian.network.wire.Arp;
import org.wardian.network.wire.Ethernet;
import org.wardian.network.wire.IpAddress;

class CapturePortTest {
  @TempDir private Path folder;

  private static Frame frame(int size, int content) {
    byte[] bytes = new byte[size + 3];
    Arrays.fill(bytes, (byte) content);
    // A source that is one station's.
    bytes[3 + 6] = 2;
    return Frame.complete(bytes, 3, size);
  }

  @Test
  void framesOfBothWaysAreInTheFile() throws Exception {
    Path path = folder.resolve("net.pcap");
    Switch hub = new Switch(1500);
    CountDownLatch heard = new CountDownLatch(1);
    try (CapturePort captured = new CapturePort(hub.port(), path);
        SwitchPort other = hub.port()) {
      captured.attach(arrived -> {
        heard.countDown();
        return true;
      });
      captured.start();
      other.start();
      captured.send(frame(100, 0x21));
      other.send(frame(70, 0xff));
      assertThat(heard.await(120, TimeUnit.SECONDS)).isTrue();
      assertThat(captured.failure()).isNull();
    }
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path));
    assertThat(file.getInt()).isEqualTo(0xa1b2_3c4d);
    assertThat(file.getInt(20)).as("link type Ethernet").isEqualTo(1);
    assertThat(file.getInt(24 + 8)).isEqualTo(100);
    assertThat(file.get(24 + 16)).isEqualTo((byte) 0x21);
    assertThat(file.getInt(24 + 16 + 100 + 8)).isEqualTo(70);
    assertThat(file.capacity()).isEqualTo(24 + 16 + 100 + 16 + 70);
  }

  @Test
  void aVirtualProcessorNeverWaitsForTheFile() throws IOException {
    NatPort nat = new NatPort(NatConfiguration.builder().build());
    try (CapturePort captured = new CapturePort(nat, folder.resolve("net.pcap"))) {
      assertThat(nat.sendsAtOnce()).isTrue();
      assertThat(captured.sendsAtOnce()).isFalse();
    }
  }

  @Test
  void tcpdumpReadsTheFile() throws Exception {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/tcpdump")), "needs tcpdump: apt-get install tcpdump");
    Path path = folder.resolve("net.pcap");
    try (CaptureFile file = new CaptureFile(path, Long.MAX_VALUE)) {
      byte[] bytes = new byte[60];
      Ethernet.write(bytes, 0, -1L >>> 16, 2, 0x0806);
      new Arp(1, 2, IpAddress.parse("10.0.2.15"), IpAddress.parse("10.0.2.2")).write(bytes, 14, 0);
      file.add(Frame.complete(bytes, 0, bytes.length));
    }
    Process tcpdump =
        new ProcessBuilder("/usr/bin/tcpdump", "-n", "-r", path.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(tcpdump.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(said).contains("Request who-has 10.0.2.2 tell 10.0.2.15");
    assertThat(tcpdump.waitFor()).isZero();
  }

  @Test
  void aLimitEndsTheCaptureAndAFolderThatIsMissingIsAnError() throws IOException {
    Path path = folder.resolve("small.pcap");
    try (CaptureFile file = new CaptureFile(path, 300)) {
      for (int i = 0; i < 10; i++) {
        file.add(frame(60, i));
      }
    }
    assertThat(Files.size(path)).isEqualTo(24 + 3 * 76);
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> new CaptureFile(folder.resolve("no/such"), 300).close());
  }
}
