package org.wardian.daemon.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What a daemon finds that comes after another, which may have been killed. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class StorageRestartTest {
  @TempDir private Path folder;

  @Test
  void activeAndTransientPoolsAreFoundAgain() throws Exception {
    Virsh virsh;
    try (StorageHost host = new StorageHost(folder)) {
      virsh = new Virsh(host.uri());
      virsh.all(
          List.of(
              "pool-create-as transient dir --build --target " + folder.resolve("t"),
              "pool-define-as kept dir --target " + folder.resolve("k"),
              "pool-build kept",
              "pool-start kept",
              "pool-define-as resting dir --target " + folder.resolve("r"),
              "pool-create-as lost dir --build --target " + folder.resolve("l"),
              "vol-create-as transient v 1M"));
    }
    Files.delete(folder.resolve("l"));
    try (StorageHost host = new StorageHost(folder)) {
      virsh = new Virsh(host.uri());
      List<String> said =
          virsh.all(
              List.of(
                  "pool-list --all",
                  "pool-list --transient --all",
                  "vol-list transient",
                  "pool-destroy transient",
                  "pool-list --all"));
      assertThat(said.get(0))
          .containsPattern("kept +active")
          .containsPattern("transient +active")
          .containsPattern("resting +inactive")
          .doesNotContain("lost");
      assertThat(said.get(1)).contains("transient").doesNotContain("kept");
      assertThat(said.get(2)).contains(folder.resolve("t/v").toString());
      assertThat(said.get(4)).doesNotContain("transient");
    }
  }

  @Test
  void autostartIsForTheFirstDaemonAfterTheHostsStart() throws Exception {
    Virsh virsh;
    try (StorageHost host = new StorageHost(folder)) {
      virsh = new Virsh(host.uri());
      virsh.all(
          List.of(
              "pool-define-as p dir --target " + folder.resolve("p"),
              "pool-build p",
              "pool-autostart p"));
    }
    try (StorageHost host = new StorageHost(folder)) {
      virsh = new Virsh(host.uri());
      assertThat(virsh.printed("pool-list --all")).containsPattern("p +inactive +yes");
    }
    // What the host's next start does to the folder.
    Files.delete(folder.resolve("run/storage/autostarted"));
    try (StorageHost host = new StorageHost(folder)) {
      virsh = new Virsh(host.uri());
      assertThat(virsh.printed("pool-list --all")).containsPattern("p +active +yes");
    }
  }

  @Test
  void damagedFilesAreLeftAloneAndTheOthersUsed() throws Exception {
    Virsh virsh;
    try (StorageHost host = new StorageHost(folder)) {
      virsh = new Virsh(host.uri());
      virsh.printed("pool-define-as good dir --target /somewhere");
    }
    Path broken = Files.writeString(folder.resolve("etc/storage/bad.xml"), "<pool type='dir'><na");
    Path other = Files.writeString(folder.resolve("etc/storage/odd.xml"), "<pool type='nothing'/>");
    try (StorageHost host = new StorageHost(folder)) {
      virsh = new Virsh(host.uri());
      assertThat(virsh.printed("pool-list --all --name")).isEqualTo("good");
    }
    assertThat(broken).exists();
    assertThat(other).exists();
  }

  @Test
  void aKilledDaemonLeavesNoHalfVolume() throws Exception {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            classPath(),
            StorageHost.class.getName(),
            folder.toString());
    Path pool = folder.resolve("p");
    Process daemon = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (BufferedReader out = daemon.inputReader(StandardCharsets.UTF_8)) {
      String uri = out.readLine();
      assertThat(uri).startsWith("qemu+unix:");
      Virsh first = new Virsh(uri);
      first.printed("pool-create-as p dir --build --target " + pool);
      first.printed("vol-create-as p source 256M");
      Thread copy =
          Thread.startVirtualThread(() -> {
            try {
              first.all(List.of("vol-clone source copy p"));
            } catch (Exception | AssertionError killed) {
              // The daemon is killed under it.
            }
          });
      while (unfinished(pool).isEmpty() && copy.isAlive()) {
        Thread.sleep(1);
      }
      daemon.destroyForcibly().waitFor();
      copy.join();
    } finally {
      daemon.destroyForcibly();
    }
    boolean wasHalf = !unfinished(pool).isEmpty();
    try (StorageHost host = new StorageHost(folder)) {
      Virsh virsh = new Virsh(host.uri());
      String volumes = virsh.printed("vol-list p");
      assertThat(volumes).contains("source");
      // Either the copy is whole or there is none.
      assertThat(volumes.contains("copy")).isEqualTo(Files.exists(pool.resolve("copy")));
      assertThat(wasHalf && volumes.contains("copy")).isFalse();
      assertThat(unfinished(pool)).isEmpty();
    }
  }

  private static String classPath() {
    String modules = System.getProperty("jdk.module.path", "");
    return System.getProperty("java.class.path", "") + File.pathSeparator + modules;
  }

  private static List<String> unfinished(Path pool) throws Exception {
    List<String> names = new ArrayList<>();
    try (var files = Files.list(pool)) {
      files
          .map(file -> file.getFileName().toString())
          .filter(Unfinished::isName)
          .forEach(names::add);
    }
    return names;
  }
}
