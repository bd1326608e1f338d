package org.wardian.daemon.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Pools of type logical by virsh, as far as a host without the device mapper, a group or the
 * programs of lvm2 can show; the rest is in {@code conformance/src/nested-host/logical.steps}.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(300)
class LogicalPoolVirshTest {
  @TempDir private Path folder;
  private StorageHost host;
  private Virsh virsh;

  @BeforeEach
  void start() throws Exception {
    host = new StorageHost(folder.resolve("root"));
    virsh = new Virsh(host.uri());
  }

  @AfterEach
  void stop() {
    if (host != null) {
      host.close();
    }
  }

  @Test
  void thePoolIsThereIfItsProgramsAre() throws Exception {
    boolean installed = new LogicalTools(Path.of("/sbin")).installed();
    assertThat(virsh.printed("pool-capabilities"))
        .contains("<pool type='logical' supported='" + (installed ? "yes" : "no") + "'>");
    if (!installed) {
      assertThat(virsh.refused("pool-define-as l logical --source-name vg"))
          .contains("missing backend for pool type 3 (logical)", "install the package lvm2");
      assertThat(virsh.refused("find-storage-pool-sources logical")).contains("package lvm2");
      return;
    }
    String group = "wardian-" + UUID.randomUUID();
    virsh.printed("pool-define-as l logical --source-name " + group);
    assertThat(virsh.printed("pool-dumpxml l"))
        .contains(
            "<name>" + group + "</name>",
            "<format type='lvm2'/>",
            "<path>/dev/" + group + "</path>");
    assertThat(virsh.refused("pool-start l")).contains("Failed to start pool l");
    assertThat(virsh.refused("pool-delete l")).contains("Failed to delete pool l");
    assertThat(virsh.printed("pool-list --all")).containsPattern("l +inactive");
    assertThat(virsh.refused("pool-define-as l2 logical --source-name " + group))
        .contains("Storage source conflict with pool: 'l'");
  }

  @Test
  void namesThatWouldBeOptionsReachNoProgram() throws Exception {
    org.junit.jupiter.api.Assumptions.assumeTrue(
        new LogicalTools(Path.of("/sbin")).installed(),
        "lvm2 is missing: install the package lvm2");
    Path device = Files.writeString(folder.resolve("device"), "what somebody needs");
    virsh.printed("pool-define-as l logical --source-name=--help --source-dev " + device);
    for (String command : new String[] {"build", "build --overwrite", "start", "delete"}) {
      String[] parts = command.split(" ", 2);
      String rest = parts.length == 1 ? "" : " " + parts[1];
      assertThat(virsh.refused("pool-" + parts[0] + " l" + rest))
          .contains("'--help' cannot be the name of a volume group");
    }
    assertThat(Files.readString(device)).isEqualTo("what somebody needs");
  }
}
