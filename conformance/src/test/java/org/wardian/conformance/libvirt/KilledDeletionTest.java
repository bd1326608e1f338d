package org.wardian.conformance.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
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
  private OneDiskHost host;

  @BeforeEach
  void start() throws Exception {
    host = new OneDiskHost(folder);
  }

  @AfterEach
  void stop() throws Exception {
    host.close();
  }

  private Path image(int snapshot) {
    return folder.resolve(snapshot == 0 ? "disk" : "disk.s" + snapshot);
  }

  /** A domain with three snapshots; each overlay has something of its own and of all. */
  private void define() throws Exception {
    host.define("256M");
    for (int i = 1; i <= 3; i++) {
      host.virsh("snapshot-create-as d s" + i + " --disk-only");
      OneDiskHost.tool(
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
    List<String> names = host.virsh("snapshot-list d --name").lines().toList();
    List<String> wanted = new ArrayList<>(List.of(image(0).toString()));
    for (String name : names) {
      wanted.addFirst(folder.resolve("disk." + name).toString());
    }
    Path top = host.top();
    assertThat(OneDiskHost.chain(top)).isEqualTo(wanted);
    assertThat(host.images()).containsExactlyInAnyOrderElementsOf(wanted);
    List<String> reads = new ArrayList<>(List.of("qemu-io", "-r", "-U"));
    for (int i = 1; i <= 3; i++) {
      reads.addAll(List.of("-c", "read -P %d %dM 40M".formatted(i, 40 * i)));
      reads.addAll(List.of("-c", "read -P %d %dM 1M".formatted(16 + i, 4 * i)));
    }
    reads.add(top.toString());
    assertThat(OneDiskHost.tool(reads.toArray(String[]::new)))
        .doesNotContain("verification failed");
    if (!running) {
      for (String file : wanted) {
        OneDiskHost.tool("qemu-img", "check", "-q", file);
      }
    }
    for (int i = 1; i <= 3; i++) {
      assertThat(host.journal().resolve("s" + i + ".xml")).doesNotExist();
    }
    assertThat(host.tried("blockjob d vda").text()).doesNotContain("Commit");
  }

  /** A snapshot that was deleted in part is not gone back to; what is not begun is as it was. */
  private void requireUnspoilt(String name) throws Exception {
    if (host.virsh("snapshot-dumpxml d " + name).contains("<snapshotDeleteInProgress/>")) {
      OneDiskHost.Result back = host.tried("snapshot-revert d " + name);
      assertThat(back.status()).isNotZero();
      assertThat(back.text()).contains("was target of not completed snapshot delete");
    } else {
      int under = Integer.parseInt(name.substring(1));
      assertThat(
              OneDiskHost.tool(
                  "qemu-io",
                  "-r",
                  "-U",
                  "-c",
                  "read -P 0 %dM 1M".formatted(4 * under),
                  image(under - 1).toString()))
          .doesNotContain("verification failed");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nothingIsLost(boolean running) throws Exception {
    long seed = Long.getLong("wardian.seed", 1L);
    Random random = new Random(seed);
    for (int i = 0; i < KILLS; i++) {
      define();
      if (running) {
        host.virsh("start d --paused");
      }
      String name = "s" + (1 + random.nextInt(3));
      host.killAmid("snapshot-delete d " + name, random.nextInt(MOST_MILLISECONDS));
      requireAgreement(running);
      if (host.tried("snapshot-info d " + name).status() == 0) {
        requireUnspoilt(name);
        host.virsh("snapshot-delete d " + name);
        requireAgreement(running);
      }
      host.tried("destroy d");
      host.virsh("undefine d --snapshots-metadata");
      for (int j = 0; j <= 3; j++) {
        Files.deleteIfExists(image(j));
      }
    }
  }

  @Test
  void aDiskThatIsPluggedInHasTheNumberOfNoJob() throws Exception {
    define();
    OneDiskHost.tool(
        "qemu-img", "create", "-q", "-f", "qcow2", folder.resolve("more").toString(), "4M");
    host.virsh("start d --paused");
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
    host.virsh("backup-begin d " + backup);
    host.virsh("attach-disk d " + folder.resolve("more") + " vdb --live --subdriver qcow2");
    JsonNode nodes =
        new ObjectMapper()
            .readTree(
                host.virsh("qemu-monitor-command d {\"execute\":\"query-named-block-nodes\"}"))
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
    assertThat(host.virsh(List.of("qemu-monitor-command", "d", attach.toString())))
        .contains("Duplicate nodes with node-name='libvirt-1-format'");
    host.virsh("domjobabort d");
    assertThat(host.virsh("domblkinfo d vdb")).contains("4194304");
  }
}
