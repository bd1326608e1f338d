package org.wardian.daemon.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.error.LibvirtException;

/** Pools as virsh and our own client see them. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class PoolVirshTest {
  private static final String UUID = "0a572782-2773-4d69-b6a3-e36196a5b693";

  @TempDir private Path folder;
  private StorageHost host;
  private Virsh virsh;

  @BeforeEach
  void start() throws Exception {
    host = new StorageHost(folder);
    virsh = new Virsh(host.uri());
  }

  @AfterEach
  void stop() {
    host.close();
  }

  private String file(String name, String document) throws Exception {
    return Files.writeString(folder.resolve(name), document).toString();
  }

  private String pool(String name, String more) throws Exception {
    return file(
        name + ".xml",
        "<pool type='dir'><name>"
            + name
            + "</name>"
            + more
            + "<target><path>"
            + folder.resolve(name)
            + "</path></target></pool>");
  }

  @Test
  void aPoolGoesThroughItsLife() throws Exception {
    String xml = pool("p", "<uuid>" + UUID + "</uuid>");
    List<String> said =
        virsh.all(
            List.of(
                "pool-define " + xml,
                "pool-dumpxml p",
                "pool-start p",
                "pool-build p",
                "pool-start p",
                "pool-autostart p",
                "pool-list --all",
                "pool-uuid p",
                "pool-name " + UUID,
                "pool-info p",
                "pool-dumpxml p",
                "pool-refresh p",
                "pool-destroy p",
                "pool-list --all",
                "pool-delete p",
                "pool-undefine p",
                "pool-list --all"));
    assertThat(said.get(1))
        .isEqualTo(
            """
            <pool type='dir'>
              <name>p</name>
              <uuid>%s</uuid>
              <capacity unit='bytes'>0</capacity>
              <allocation unit='bytes'>0</allocation>
              <available unit='bytes'>0</available>
              <source>
              </source>
              <target>
                <path>%s</path>
              </target>
            </pool>\
            """
                .formatted(UUID, folder.resolve("p")));
    assertThat(said.get(2)).contains("cannot open directory", "No such file or directory");
    assertThat(said.get(6)).containsPattern("p +active +yes");
    assertThat(said.get(7)).isEqualTo(UUID);
    assertThat(said.get(8)).isEqualTo("p");
    assertThat(said.get(9)).contains("State:          running", "Persistent:     yes", "Capacity:");
    assertThat(said.get(10)).contains("<mode>0711</mode>").doesNotContain("bytes'>0</capacity>");
    assertThat(said.get(13)).containsPattern("p +inactive +yes");
    assertThat(folder.resolve("p")).doesNotExist();
    assertThat(said.get(16)).isEmpty();
    assertThat(folder.resolve("etc/storage/p.xml")).doesNotExist();
  }

  @Test
  void wrongStatesAreRefusedInLibvirtsWords() throws Exception {
    virsh.all(List.of("pool-define " + pool("p", ""), "pool-build p", "pool-start p"));
    List<String> said =
        virsh.all(
            List.of(
                "pool-start p",
                "pool-build p",
                "pool-delete p",
                "pool-undefine p",
                "pool-define-as q dir --target " + folder.resolve("p"),
                "pool-define-as p dir --target /elsewhere",
                "pool-dumpxml none",
                "vol-list none"));
    assertThat(said.get(0)).contains("storage pool 'p' is already active");
    assertThat(said.get(1)).contains("storage pool 'p' is already active");
    assertThat(said.get(2)).contains("storage pool 'p' is still active");
    assertThat(said.get(3)).contains("storage pool 'p' is still active");
    assertThat(said.get(4)).contains("operation failed: Storage source conflict with pool: 'p'");
    assertThat(said.get(5)).contains("operation failed: pool 'p' already exists with uuid");
    assertThat(said.get(6))
        .contains("Storage pool not found: no storage pool with matching name 'none'");
    assertThat(virsh.readOnly().refused("pool-destroy p"))
        .contains("operation forbidden: read only access prevents virStoragePoolDestroy");
  }

  @Test
  void aTransientPoolIsGoneWhenItStopsUnlessItIsDefined() throws Exception {
    String xml = pool("t", "<uuid>" + UUID + "</uuid>");
    assertThat(virsh.refused("pool-create " + xml)).contains("No such file or directory");
    assertThat(virsh.printed("pool-list --all")).isEmpty();
    List<String> said =
        virsh.all(
            List.of(
                "pool-create --build " + xml,
                "pool-autostart t",
                "pool-list --transient",
                "pool-create --build " + xml,
                "pool-destroy t",
                "pool-list --all",
                "pool-create " + xml,
                "pool-define " + xml,
                "pool-destroy t",
                "pool-list --all"));
    assertThat(said.get(1)).contains("pool has no config file");
    assertThat(said.get(2)).containsPattern("t +active +no");
    assertThat(said.get(3)).contains("pool is already active as 't'");
    assertThat(said.get(5)).isEmpty();
    assertThat(said.get(9)).containsPattern("t +inactive +no");
  }

  @Test
  void aDefinitionOfAnActivePoolCountsFromItsNextStart() throws Exception {
    virsh.all(List.of("pool-create --build " + pool("p", "<uuid>" + UUID + "</uuid>")));
    String other =
        file(
            "other.xml",
            "<pool type='dir'><name>p</name><uuid>"
                + UUID
                + "</uuid><target><path>"
                + folder.resolve("next")
                + "</path></target></pool>");
    List<String> said =
        virsh.all(
            List.of(
                "pool-define " + other,
                "pool-dumpxml p",
                "pool-dumpxml p --inactive",
                "pool-destroy p",
                "pool-dumpxml p"));
    assertThat(said.get(1)).contains("<path>" + folder.resolve("p") + "</path>");
    assertThat(said.get(2)).contains("<path>" + folder.resolve("next") + "</path>");
    assertThat(said.get(4)).contains("<path>" + folder.resolve("next") + "</path>");
  }

  @Test
  void aPoolWhoseFolderIsGoneStops() throws Exception {
    virsh.all(List.of("pool-define " + pool("p", ""), "pool-build p", "pool-start p"));
    Files.delete(folder.resolve("p"));
    assertThat(virsh.refused("pool-refresh p")).contains("cannot open directory");
    assertThat(virsh.printed("pool-list --all")).containsPattern("p +inactive");
  }

  @Test
  void permissionsOfTheFolderAreThoseAskedFor() throws Exception {
    String xml =
        file(
            "m.xml",
            "<pool type='dir'><name>m</name><target><path>"
                + folder.resolve("m/deep")
                + "</path><permissions><mode>0750</mode></permissions></target></pool>");
    virsh.all(List.of("pool-define " + xml, "pool-build m"));
    assertThat(Files.getPosixFilePermissions(folder.resolve("m/deep")))
        .isEqualTo(PosixFilePermissions.fromString("rwxr-x---"));
  }

  @Test
  void eventsTellWhatHappens() throws Exception {
    CompletableFuture<String> seen = new CompletableFuture<>();
    CompletableFuture<String> refreshed = new CompletableFuture<>();
    virsh.all(List.of("pool-define " + pool("p", ""), "pool-build p"));
    listen("pool-event --pool p --event lifecycle", seen);
    listen("pool-event --event refresh", refreshed);
    while (!seen.isDone() || !refreshed.isDone()) {
      // It takes a moment until virsh listens; each round is an event for it.
      virsh.all(List.of("pool-start p", "pool-refresh p", "pool-destroy p"));
    }
    assertThat(seen.get()).containsPattern("event 'lifecycle' for storage pool '?p'?: St");
    assertThat(refreshed.get()).containsPattern("event 'refresh' for storage pool '?p'?");
  }

  private void listen(String command, CompletableFuture<String> seen) {
    Thread.startVirtualThread(() -> {
      try {
        seen.complete(virsh.printed(command));
      } catch (Exception | AssertionError e) {
        seen.completeExceptionally(e);
      }
    });
  }

  @Test
  void kindsThatNeedMoreThanAFolderAreRefusedClearly() throws Exception {
    List<String> said = new ArrayList<>();
    for (String type : List.of("rbd", "gluster", "sheepdog")) {
      said.add(
          virsh.refused(
              "pool-define-as x " + type + " --source-host h --source-name n --source-path /"));
    }
    assertThat(said.get(0)).contains("internal error: missing backend for pool type 9 (rbd)");
    assertThat(said.get(1)).contains("internal error: missing backend for pool type 11 (gluster)");
    assertThat(said.get(2)).contains("internal error: missing backend for pool type 10 (sheepdog)");
    assertThat(virsh.printed("pool-capabilities"))
        .contains("<pool type='dir' supported='yes'>", "<pool type='rbd' supported='no'>");
    assertThat(virsh.refused("find-storage-pool-sources dir"))
        .contains("pool type 'dir' does not support source discovery");
    assertThat(virsh.refused("find-storage-pool-sources-as netfs localhost"))
        .contains("no storage pools were found on host 'localhost'");
  }

  @Test
  void aMountThatFailsIsToldOf() throws Exception {
    String xml =
        file(
            "f.xml",
            "<pool type='fs'><name>f</name><source><device path='/dev/nothing'/>"
                + "<format type='ext4'/></source><target><path>"
                + folder.resolve("f")
                + "</path></target></pool>");
    List<String> said =
        virsh.all(List.of("pool-define " + xml, "pool-build f", "pool-start f", "pool-list --all"));
    assertThat(said.get(2))
        .contains("Child process (/bin/mount -o nodev,nosuid,noexec -t ext4 /dev/nothing")
        .contains("unexpected exit status");
    assertThat(said.get(3)).containsPattern("f +inactive");
  }

  @Test
  void whatWouldBeAnOptionIsNotMounted() throws Exception {
    String xml =
        file(
            "o.xml",
            "<pool type='netfs'><name>o</name><source><host name='-o'/><dir path='/x'/>"
                + "<protocol ver='4,exec'/></source><target><path>"
                + folder.resolve("o")
                + "</path></target></pool>");
    virsh.all(List.of("pool-define " + xml, "pool-build o"));
    assertThat(virsh.refused("pool-start o")).contains("cannot be mounted");
  }

  @Test
  void volumesThatComeAndGoDuringAScanStayAsTheyAre() throws Exception {
    virsh.printed("pool-create " + pool("p", "") + " --build");
    try (Connection one = Connection.open(host.uri());
        Connection other = Connection.open(host.uri())) {
      for (int i = 0; i < 40; i++) {
        Files.createFile(folder.resolve("p/file" + i));
      }
      Thread scans =
          Thread.startVirtualThread(() -> {
            for (int i = 0; i < 30; i++) {
              try {
                other.storagePool("p").refresh();
              } catch (LibvirtException busy) {
                // A volume is being made just now.
              }
            }
          });
      for (int i = 0; i < 30 || scans.isAlive(); i++) {
        one.storagePool("p")
            .createVolume("<volume><name>v</name><capacity>512</capacity></volume>", 0);
        one.storagePool("p").volume("v").delete();
        assertThat(one.storagePool("p").volumes().stream().map(volume -> volume.name()))
            .doesNotContain("v");
      }
      scans.join();
    }
  }

  @Test
  void theOldListCallsAnswerToo() throws Exception {
    virsh.all(List.of("pool-define " + pool("b", ""), "pool-create --build " + pool("a", "")));
    try (Connection connection = Connection.open(host.uri())) {
      assertThat(connection.storagePools().stream().map(pool -> pool.name()))
          .containsExactly("a", "b");
      assertThat(connection.storagePool("a").info().state()).isEqualTo(2);
      assertThat(connection.storagePool("b").info().state()).isZero();
    }
  }

  @Test
  void hostileDocumentsAreRefusedAndTheOthersGoOn() throws Exception {
    try (Connection bad = Connection.open(host.uri());
        Connection good = Connection.open(host.uri())) {
      String deep = "<a>".repeat(10_000) + "</a>".repeat(10_000);
      for (String document :
          List.of(
              "",
              "<!DOCTYPE p [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;'>]><pool>&b;</pool>",
              "<!DOCTYPE p SYSTEM 'file:///etc/passwd'><pool type='dir'/>",
              deep,
              "<pool type='dir'><name>" + "n".repeat(100_000) + "</name></pool>",
              "<pool type='dir'><name>..</name><target><path>/x</path></target></pool>",
              "<pool type='dir'><name>n</name><target><path>/"
                  + "p/".repeat(1_900_000)
                  + "</path></target></pool>",
              "<pool type='netfs'><name>n</name><source>"
                  + "<host name='h'/>".repeat(5_000)
                  + "</source></pool>")) {
        assertThatThrownBy(() -> bad.defineStoragePool(document).start())
            .as(document.substring(0, Math.min(60, document.length())))
            .isInstanceOf(LibvirtException.class);
        assertThat(good.isAlive()).isTrue();
      }
      assertThatThrownBy(() -> bad.defineSecret("<secret>&lol;</secret>"))
          .isInstanceOf(LibvirtException.class);
      assertThat(good.storagePools().stream().map(pool -> pool.name()))
          .allMatch(name -> name.equals("n"));
    }
  }
}
