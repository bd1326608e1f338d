package org.wardian.conformance.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Our machines go back to external snapshots, with memory and without, under a daemon which is
 * killed meanwhile.
 */
@Tag("slow")
@Timeout(600)
class KilledRevertTest {
  private static final int KILLS = Integer.getInteger("wardian.kills", 4);
  private static final int MOST_MILLISECONDS = 1_500;

  @TempDir private Path folder;
  private OneDiskHost host;

  @BeforeEach
  void start() throws Exception {
    host = new OneDiskHost(folder);
    define();
  }

  @AfterEach
  void stop() throws Exception {
    host.close();
  }

  private static void write(Path image, int pattern) throws Exception {
    String command = "write -P %1$d %1$dM 1M".formatted(pattern);
    OneDiskHost.tool("qemu-io", "-c", command, image.toString());
  }

  /** A snapshot of the disk alone, one with memory, and something written after each. */
  private void define() throws Exception {
    host.define("64M");
    host.virsh("snapshot-create-as d off --disk-only");
    write(host.path("disk.off"), 1);
    host.virsh("start d");
    host.virsh("suspend d");
    host.virsh(
        "snapshot-create-as d memory --memspec file=" + host.path("kept") + ",snapshot=external");
    host.virsh("destroy d");
    write(host.path("disk.memory"), 2);
  }

  /** What the images and the memory are that snapshots have. */
  private List<String> kept() throws Exception {
    List<String> all = new ArrayList<>();
    for (String name : List.of("disk", "disk.off", "disk.memory", "kept")) {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(host.path(name)));
      all.add(name + " " + HexFormat.of().formatHex(digest));
    }
    return all;
  }

  private String state() throws Exception {
    return host.virsh("domstate d");
  }

  /** Definition, machine, files and content say the same. */
  private void requireAgreement() throws Exception {
    Path top = host.top();
    assertThat(host.virsh("dumpxml d --inactive")).contains("'" + top + "'");
    List<String> chain = OneDiskHost.chain(top);
    List<String> others =
        Stream.of("disk", "disk.off", "disk.memory").map(one -> host.path(one).toString()).toList();
    // Of reverts there is no overlay but that which is written.
    assertThat(host.images().stream().filter(file -> !others.contains(file)))
        .isSubsetOf(top.toString());
    boolean first = chain.contains(host.path("disk.off").toString());
    boolean second = chain.contains(host.path("disk.memory").toString());
    String read = "read -P %d %dM 1M";
    assertThat(
            OneDiskHost.tool(
                "qemu-io",
                "-r",
                "-U",
                "-c",
                read.formatted(first ? 1 : 0, 1),
                "-c",
                read.formatted(second ? 2 : 0, 2),
                top.toString()))
        .doesNotContain("verification failed");
    OneDiskHost.tool("qemu-img", "check", "-q", "-U", top.toString());
    assertThat(host.journal()).isEmptyDirectory();
    if (!top.equals(host.path("disk.memory"))) {
      String current = host.virsh("snapshot-current d --name");
      assertThat(chain.get(1))
          .isEqualTo(host.path(current.equals("off") ? "disk" : "disk.off").toString());
    }
  }

  @Test
  void nothingIsLost() throws Exception {
    List<String> before = kept();
    Random random = new Random(Long.getLong("wardian.seed", 1L));
    for (int i = 0; i < KILLS; i++) {
      String name = i % 2 == 0 ? "memory" : "off";
      host.killAmid("snapshot-revert d " + name, random.nextInt(MOST_MILLISECONDS));
      requireAgreement();
      assertThat(kept()).isEqualTo(before);
      host.virsh("snapshot-revert d " + name);
      requireAgreement();
      assertThat(state()).isEqualTo(name.equals("memory") ? "paused" : "shut off");
    }
    assertThat(kept()).isEqualTo(before);
  }

  @Test
  void aMachineGoesOnWithItsMemory() throws Exception {
    List<String> before = kept();
    host.virsh("snapshot-revert d memory");
    assertThat(host.virsh("domstate d --reason")).isEqualTo("paused (from snapshot)");
    host.virsh("snapshot-revert d memory --running");
    assertThat(host.virsh("domstate d --reason")).isEqualTo("running (from snapshot)");
    requireAgreement();
    byte[] whole = Files.readAllBytes(host.path("kept"));
    Files.write(host.path("kept"), new byte[1 << 16]);
    assertThat(host.tried("snapshot-revert d memory").text()).contains("image magic is incorrect");
    assertThat(state()).isEqualTo("running");
    // The end of the file is whole, and the machine's part is not.
    byte[] broken = whole.clone();
    Arrays.fill(broken, 0, 1 << 12, (byte) 0);
    Files.write(host.path("kept"), broken);
    host.virsh("snapshot-revert d off");
    Path top = host.top();
    assertThat(host.tried("snapshot-revert d memory").status()).isNotZero();
    assertThat(state()).isEqualTo("shut off");
    assertThat(host.top()).isEqualTo(top);
    requireAgreement();
    Files.write(host.path("kept"), whole);
    host.virsh("snapshot-revert d memory --running");
    assertThat(kept()).isEqualTo(before);
  }
}
