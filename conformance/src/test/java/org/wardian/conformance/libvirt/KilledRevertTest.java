package org.wardian.conformance.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
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
  private WardianDaemon daemon;

  @BeforeEach
  void start() throws Exception {
    daemon = WardianDaemon.start(folder.resolve("d"));
    define();
  }

  @AfterEach
  void stop() throws Exception {
    run(virsh("destroy d"));
    daemon.close();
  }

  /** What a program printed, both ways, and how it ended. */
  private record Result(int status, String text) {}

  private static Process begin(List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    return process;
  }

  private static Result run(List<String> command) throws Exception {
    Process process = begin(command);
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), text.strip());
  }

  private static String printed(List<String> command) throws Exception {
    Result result = run(command);
    assertThat(result.status()).as("%s: %s", command, result.text()).isZero();
    return result.text();
  }

  private List<String> virsh(String words) {
    List<String> command = new ArrayList<>(List.of("virsh", "-q", "-c", daemon.uri()));
    command.addAll(List.of(words.split(" ")));
    return command;
  }

  private Path image(String name) {
    return folder.resolve(name);
  }

  private static void write(Path image, int pattern) throws Exception {
    String command = "write -P %1$d %1$dM 1M".formatted(pattern);
    printed(List.of("qemu-io", "-c", command, image.toString()));
  }

  /** A snapshot of the disk alone, one with memory, and something written after each. */
  private void define() throws Exception {
    printed(List.of("qemu-img", "create", "-q", "-f", "qcow2", image("disk").toString(), "64M"));
    Path document =
        Files.writeString(
            folder.resolve("d.xml"),
            """
            <domain type='qemu'>
              <name>d</name><memory unit='MiB'>32</memory><os><type>hvm</type></os>
              <devices>
                <disk type='file' device='disk'>
                  <driver name='qemu' type='qcow2'/><source file='%s'/>
                  <target dev='vda' bus='virtio'/>
                </disk>
              </devices>
            </domain>
            """
                .formatted(image("disk")));
    printed(virsh("define " + document));
    printed(virsh("snapshot-create-as d off --disk-only"));
    write(image("disk.off"), 1);
    printed(virsh("start d"));
    printed(virsh("suspend d"));
    printed(
        virsh(
            "snapshot-create-as d memory --memspec file=" + image("kept") + ",snapshot=external"));
    printed(virsh("destroy d"));
    write(image("disk.memory"), 2);
  }

  /** What the images and the memory are that snapshots have. */
  private List<String> kept() throws Exception {
    List<String> all = new ArrayList<>();
    for (String name : List.of("disk", "disk.off", "disk.memory", "kept")) {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(image(name)));
      all.add(name + " " + HexFormat.of().formatHex(digest));
    }
    return all;
  }

  private String state() throws Exception {
    return printed(virsh("domstate d"));
  }

  private Path top() throws Exception {
    List<String> lines = printed(virsh("domblklist d")).lines().toList();
    return Path.of(lines.getLast().replaceAll(".* ", ""));
  }

  /** Definition, machine, files and content say the same. */
  private void requireAgreement() throws Exception {
    Path top = top();
    assertThat(printed(virsh("dumpxml d --inactive"))).contains("'" + top + "'");
    List<String> chain =
        printed(List.of("qemu-img", "info", "-U", "--backing-chain", top.toString()))
            .lines()
            .filter(line -> line.startsWith("image: "))
            .map(line -> line.substring("image: ".length()))
            .toList();
    List<String> others =
        Stream.of("disk", "disk.off", "disk.memory").map(one -> image(one).toString()).toList();
    try (Stream<Path> files = Files.list(folder)) {
      // Of reverts there is no overlay but that which is written.
      assertThat(
              files
                  .map(Path::toString)
                  .filter(file -> file.startsWith(image("disk").toString()))
                  .filter(file -> !others.contains(file)))
          .isSubsetOf(top.toString());
    }
    boolean first = chain.contains(image("disk.off").toString());
    boolean second = chain.contains(image("disk.memory").toString());
    String read = "read -P %d %dM 1M";
    assertThat(
            printed(
                List.of(
                    "qemu-io",
                    "-r",
                    "-U",
                    "-c",
                    read.formatted(first ? 1 : 0, 1),
                    "-c",
                    read.formatted(second ? 2 : 0, 2),
                    top.toString())))
        .doesNotContain("verification failed");
    printed(List.of("qemu-img", "check", "-q", "-U", top.toString()));
    assertThat(folder.resolve("d/lib/qemu/snapshot-unfinished/d")).isEmptyDirectory();
    if (!top.equals(image("disk.memory"))) {
      String current = printed(virsh("snapshot-current d --name"));
      assertThat(chain.get(1))
          .isEqualTo(image(current.equals("off") ? "disk" : "disk.off").toString());
    }
  }

  @Test
  void nothingIsLost() throws Exception {
    List<String> before = kept();
    Random random = new Random(Long.getLong("wardian.seed", 1L));
    for (int i = 0; i < KILLS; i++) {
      String name = i % 2 == 0 ? "memory" : "off";
      Process revert = begin(virsh("snapshot-revert d " + name));
      TimeUnit.MILLISECONDS.sleep(random.nextInt(MOST_MILLISECONDS));
      daemon.kill();
      revert.waitFor();
      daemon = WardianDaemon.start(folder.resolve("d"));
      requireAgreement();
      assertThat(kept()).isEqualTo(before);
      printed(virsh("snapshot-revert d " + name));
      requireAgreement();
      assertThat(state()).isEqualTo(name.equals("memory") ? "paused" : "shut off");
    }
    assertThat(kept()).isEqualTo(before);
  }

  @Test
  void aMachineGoesOnWithItsMemory() throws Exception {
    List<String> before = kept();
    printed(virsh("snapshot-revert d memory"));
    assertThat(printed(virsh("domstate d --reason"))).isEqualTo("paused (from snapshot)");
    printed(virsh("snapshot-revert d memory --running"));
    assertThat(printed(virsh("domstate d --reason"))).isEqualTo("running (from snapshot)");
    requireAgreement();
    byte[] whole = Files.readAllBytes(image("kept"));
    Files.write(image("kept"), new byte[1 << 16]);
    assertThat(run(virsh("snapshot-revert d memory")).text()).contains("image magic is incorrect");
    assertThat(state()).isEqualTo("running");
    // The end of the file is whole, and the machine's part is not.
    byte[] broken = whole.clone();
    Arrays.fill(broken, 0, 1 << 12, (byte) 0);
    Files.write(image("kept"), broken);
    printed(virsh("snapshot-revert d off"));
    Path top = top();
    assertThat(run(virsh("snapshot-revert d memory")).status()).isNotZero();
    assertThat(state()).isEqualTo("shut off");
    assertThat(top()).isEqualTo(top);
    requireAgreement();
    Files.write(image("kept"), whole);
    printed(virsh("snapshot-revert d memory --running"));
    assertThat(kept()).isEqualTo(before);
  }
}
