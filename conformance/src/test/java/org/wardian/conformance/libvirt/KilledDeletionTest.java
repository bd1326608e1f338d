package org.wardian.conformance.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Disks of our machines under our daemon, which is killed amid the deletion of a snapshot. */
@Tag("slow")
@Timeout(600)
class KilledDeletionTest {
  private static final int KILLS = Integer.getInteger("wardian.kills", 4);
  private static final int MOST_MILLISECONDS = 700;

  @TempDir private Path folder;
  private WardianDaemon daemon;

  @BeforeEach
  void start() throws Exception {
    daemon = WardianDaemon.start(folder.resolve("d"));
  }

  @AfterEach
  void stop() throws Exception {
    run("virsh", "-q", "-c", daemon.uri(), "destroy", "d");
    daemon.close();
  }

  /** What a program printed, both ways, and how it ended. */
  private record Result(int status, String text) {}

  private static Process begin(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    return process;
  }

  private static Result run(String... command) throws Exception {
    Process process = begin(command);
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), text.strip());
  }

  private static String printed(String... command) throws Exception {
    Result result = run(command);
    assertThat(result.status()).as("%s: %s", List.of(command), result.text()).isZero();
    return result.text();
  }

  private String[] virsh(String words) {
    List<String> command = new ArrayList<>(List.of("virsh", "-q", "-c", daemon.uri()));
    command.addAll(List.of(words.split(" ")));
    return command.toArray(String[]::new);
  }

  private Path image(int snapshot) {
    return folder.resolve(snapshot == 0 ? "disk" : "disk.s" + snapshot);
  }

  /** A domain with three snapshots; each overlay has something of its own and of all. */
  private void define() throws Exception {
    printed("qemu-img", "create", "-q", "-f", "qcow2", image(0).toString(), "256M");
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
                .formatted(image(0)));
    printed(virsh("define " + document));
    for (int i = 1; i <= 3; i++) {
      printed(virsh("snapshot-create-as d s" + i + " --disk-only"));
      printed(
          "qemu-io",
          "-c",
          "write -P %d %dM 60M".formatted(i, 40 * i),
          "-c",
          "write -P %d %dM 1M".formatted(16 + i, 4 * i),
          image(i).toString());
    }
  }

  /** Documents, chain, files and content say the same. */
  private void requireAgreement(boolean running) throws Exception {
    List<String> names = printed(virsh("snapshot-list d --name")).lines().toList();
    List<String> wanted = new ArrayList<>(List.of(image(0).toString()));
    for (String name : names) {
      wanted.addFirst(folder.resolve("disk." + name).toString());
    }
    String top = printed(virsh("domblklist d")).lines().toList().getLast().replaceAll(".* ", "");
    assertThat(
            printed("qemu-img", "info", "-U", "--backing-chain", top)
                .lines()
                .filter(line -> line.startsWith("image: "))
                .map(line -> line.substring("image: ".length()))
                .toList())
        .isEqualTo(wanted);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(
              files
                  .map(Path::toString)
                  .filter(file -> file.startsWith(image(0).toString()))
                  .toList())
          .containsExactlyInAnyOrderElementsOf(wanted);
    }
    List<String> reads = new ArrayList<>(List.of("qemu-io", "-r", "-U"));
    for (int i = 1; i <= 3; i++) {
      reads.addAll(List.of("-c", "read -P %d %dM 40M".formatted(i, 40 * i)));
      reads.addAll(List.of("-c", "read -P %d %dM 1M".formatted(16 + i, 4 * i)));
    }
    reads.add(top);
    assertThat(printed(reads.toArray(String[]::new))).doesNotContain("verification failed");
    if (!running) {
      for (String file : wanted) {
        printed("qemu-img", "check", "-q", file);
      }
    }
    for (int i = 1; i <= 3; i++) {
      assertThat(folder.resolve("d/lib/qemu/snapshot-unfinished/d/s" + i + ".xml")).doesNotExist();
    }
    assertThat(run(virsh("blockjob d vda")).text()).doesNotContain("Commit");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nothingIsLost(boolean running) throws Exception {
    long seed = Long.getLong("wardian.seed", 1L);
    Random random = new Random(seed);
    for (int i = 0; i < KILLS; i++) {
      define();
      if (running) {
        printed(virsh("start d --paused"));
      }
      String name = "s" + (1 + random.nextInt(3));
      Process deletion = begin(virsh("snapshot-delete d " + name));
      TimeUnit.MILLISECONDS.sleep(random.nextInt(MOST_MILLISECONDS));
      daemon.kill();
      deletion.waitFor();
      daemon = WardianDaemon.start(folder.resolve("d"));
      requireAgreement(running);
      if (run(virsh("snapshot-info d " + name)).status() == 0) {
        printed(virsh("snapshot-delete d " + name));
        requireAgreement(running);
      }
      run(virsh("destroy d"));
      printed(virsh("undefine d --snapshots-metadata"));
      for (int j = 0; j <= 3; j++) {
        Files.deleteIfExists(image(j));
      }
    }
  }

  @Test
  void aDiskThatIsPluggedInHasTheNumberOfNoJob() throws Exception {
    define();
    printed("qemu-img", "create", "-q", "-f", "qcow2", folder.resolve("more").toString(), "4M");
    printed(virsh("start d --paused"));
    Path backup =
        Files.writeString(
            folder.resolve("backup.xml"),
            """
            <domainbackup mode='pull'>
              <server transport='unix' socket='%1$s/nbd'/>
              <disks>
                <disk name='vda' backup='yes' type='file'><scratch file='%1$s/scratch'/></disk>
              </disks>
            </domainbackup>
            """
                .formatted(folder));
    printed(virsh("backup-begin d " + backup));
    printed(virsh("attach-disk d " + folder.resolve("more") + " vdb --live --subdriver qcow2"));
    JsonNode nodes =
        new ObjectMapper()
            .readTree(
                printed(virsh("qemu-monitor-command d {\"execute\":\"query-named-block-nodes\"}")))
            .path("return");
    List<String> names = new ArrayList<>();
    nodes.forEach(node -> names.add(node.path("node-name").asText()));
    assertThat(names).hasSizeGreaterThan(4).doesNotHaveDuplicates();
    // Whoever gives it the number of another one is refused by the machine.
    String taken =
        "<disk type='file' device='disk'><driver type='qcow2'/><source file='%s' index='1'/>"
                .formatted(folder.resolve("more"))
            + "<target dev='vdc' bus='virtio'/><alias name='virtio-disk2'/></disk>";
    ObjectNode attach = new ObjectMapper().createObjectNode().put("execute", "x-wardian-attach");
    attach.putObject("arguments").put("device", taken);
    assertThat(
            printed(
                "virsh", "-q", "-c", daemon.uri(), "qemu-monitor-command", "d", attach.toString()))
        .contains("Duplicate nodes with node-name='libvirt-1-format'");
    printed(virsh("domjobabort d"));
    assertThat(printed(virsh("domblkinfo d vdb"))).contains("4194304");
  }
}
