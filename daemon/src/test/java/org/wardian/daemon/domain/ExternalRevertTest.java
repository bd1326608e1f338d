package org.wardian.daemon.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.daemon.storage.Virsh;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;

/**
 * Domains go back to snapshots whose content is beneath overlays; QEMU's tools say what is there.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(120)
class ExternalRevertTest {
  @TempDir private Path folder;
  private BlockJobHost host;
  private Virsh virsh;

  @BeforeEach
  void start() throws Exception {
    host = new BlockJobHost(folder);
    virsh = host.virsh();
  }

  @AfterEach
  void stop() throws Exception {
    host.end();
  }

  private static String tool(String program, String... arguments) throws Exception {
    Virsh.Result result =
        Virsh.run(Stream.concat(Stream.of(program), Stream.of(arguments)).toList());
    assertThat(result.status()).as("%s: %s", program, result.text()).isZero();
    return result.text();
  }

  private static void write(Path image, int pattern) throws Exception {
    tool("qemu-io", "-c", "write -P %1$d %1$dM 128k".formatted(pattern), image.toString());
  }

  /** It holds what was written with some patterns, and of others up to 9 nothing; it is whole. */
  private static void requireContent(Path image, int... patterns) throws Exception {
    for (int i = 1; i <= 9; i++) {
      int at = i;
      boolean there = Arrays.stream(patterns).anyMatch(one -> one == at);
      String read = "read -P %d %dM 128k".formatted(there ? i : 0, i);
      assertThat(tool("qemu-io", "-r", "-U", "-c", read, image.toString()))
          .as(read)
          .doesNotContain("verification failed");
    }
    tool("qemu-img", "check", "-U", image.toString());
  }

  /** Three snapshots, with something written after each; the third is the current one. */
  private void take() throws Exception {
    for (int i = 1; i <= 3; i++) {
      virsh.printed("snapshot-create-as d s" + i + " --disk-only");
      write(overlay(i), i);
    }
  }

  private Path overlay(int number) {
    return host.path("top.s" + number);
  }

  private List<String> chain(Path image) throws Exception {
    return tool("qemu-img", "info", "-U", "--backing-chain", image.toString())
        .lines()
        .filter(line -> line.startsWith("image: "))
        .map(line -> line.replaceAll(".*/", ""))
        .toList();
  }

  /** What each image of the domain is, byte for byte. */
  private Map<String, String> images() throws Exception {
    Map<String, String> all = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = file.getFileName().toString();
        if (name.matches("base|mid|top.*|other.*")) {
          byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
          all.put(name, HexFormat.of().formatHex(digest));
        }
      }
    }
    return all;
  }

  private Path written() throws Exception {
    List<String> sources = host.sources();
    assertThat(sources.getFirst()).isEqualTo(sources.getLast());
    return Path.of(sources.getFirst());
  }

  private String state() throws Exception {
    return virsh.printed("domstate d");
  }

  private void requireNothingUnfinished() {
    assertThat(host.path("lib/qemu/snapshot-unfinished/d")).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatWasWrittenSinceIsGoneAndIsBackLater(boolean running) throws Exception {
    take();
    if (running) {
      virsh.printed("start d --paused");
    }
    Map<String, String> before = images();
    virsh.printed("snapshot-revert d s2");
    assertThat(state()).isEqualTo("shut off");
    assertThat(virsh.printed("snapshot-current d --name")).isEqualTo("s2");
    Path first = written();
    assertThat(first.getFileName().toString()).matches("top\\.\\d+");
    assertThat(chain(first).subList(1, 5)).containsExactly("top.s1", "top", "mid", "base");
    requireContent(first, 1);
    assertThat(images()).containsAllEntriesOf(before);
    write(first, 7);
    virsh.printed("snapshot-revert d s3");
    Path second = written();
    requireContent(second, 1, 2);
    // Nobody else knew of it.
    assertThat(first).doesNotExist();
    assertThat(images()).containsAllEntriesOf(before).hasSize(before.size() + 1);
    virsh.printed("snapshot-create-as d s4 --disk-only");
    assertThat(virsh.printed("snapshot-parent d s4")).isEqualTo("s3");
    virsh.printed("snapshot-revert d s1");
    requireContent(written());
    // The snapshot names it.
    assertThat(second).exists();
    assertThat(images()).containsAllEntriesOf(before);
    requireNothingUnfinished();
  }

  @Test
  void aMachineIsStartedWhereItIsAskedFor() throws Exception {
    take();
    virsh.printed("snapshot-revert d s1 --paused");
    assertThat(state()).isEqualTo("paused");
    assertThat(virsh.refused("snapshot-revert d s2 --running"))
        .contains("must respawn guest to start inactive snapshot");
    Path first = written();
    virsh.printed("snapshot-revert d s2 --running --force");
    assertThat(state()).isEqualTo("running");
    assertThat(first).doesNotExist();
    assertThat(chain(written())).hasSize(5);
    virsh.printed("snapshot-revert d s2");
    assertThat(state()).isEqualTo("shut off");
    requireContent(written(), 1);
  }

  @Test
  void anOverlayOfTheUsersStays() throws Exception {
    take();
    virsh.printed("snapshot-delete d s3 --metadata");
    virsh.printed("snapshot-revert d s2");
    assertThat(overlay(3)).exists();
    virsh.printed("undefine d --snapshots-metadata");
    assertThat(host.path("lib/qemu/snapshot-reverted")).isEmptyDirectory();
  }

  @Test
  void whatBranchesStandOnIsNotDeleted() throws Exception {
    take();
    virsh.printed("snapshot-revert d s1");
    Path branch = written();
    write(branch, 8);
    assertThat(virsh.refused("snapshot-delete d s1")).contains("is on another branch");
    assertThat(virsh.refused("snapshot-delete d s3")).contains("is on another branch");
    virsh.printed("snapshot-create-as d x --disk-only");
    Path above = written();
    write(above, 9);
    virsh.printed("snapshot-revert d s3");
    requireContent(written(), 1, 2);
    Map<String, String> before = images();
    // No snapshot made the image that stands on the base of s1, but x is upon it.
    assertThat(virsh.refused("snapshot-delete d s1"))
        .contains("'" + branch + "' of snapshot 'x' is based on an image that deleting 's1'");
    assertThat(virsh.refused("snapshot-delete d s2")).contains("of snapshot 's3' is based on");
    assertThat(virsh.refused("snapshot-delete d x")).contains("is on another branch");
    assertThat(images()).isEqualTo(before);
    requireContent(above, 8, 9);
    // What is taken after a revert goes as ever.
    virsh.printed("snapshot-create-as d y --disk-only");
    write(written(), 4);
    virsh.printed("snapshot-delete d y");
    requireContent(written(), 1, 2, 4);
    virsh.printed("snapshot-revert d x");
    requireContent(written(), 8);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatFailsLeavesAllAsItWas(boolean running) throws Exception {
    take();
    if (running) {
      virsh.printed("start d --paused");
    }
    Map<String, String> before = images();
    String definition = virsh.printed("dumpxml d --inactive");
    String known = virsh.printed("snapshot-current d --name");
    Path gone = overlay(1);
    Path away = host.path("away");
    Files.move(gone, away);
    assertThat(virsh.refused("snapshot-revert d s2")).contains("No such file or directory");
    Files.writeString(gone, "no image");
    assertThat(virsh.refused("snapshot-revert d s2")).contains("cannot make the overlay above");
    Files.move(away, gone, StandardCopyOption.REPLACE_EXISTING);
    Path mid = host.path("mid");
    Files.move(mid, away);
    assertThat(virsh.refused("snapshot-revert d s2 --paused --force"))
        .contains("it is the backing file of");
    Files.move(away, mid);
    assertThat(state()).isEqualTo(running ? "paused" : "shut off");
    // The overlays are made, and no machine starts.
    Path machine = host.path("machine");
    Files.move(machine, away);
    assertThat(virsh.refused("snapshot-revert d s2 --paused --force")).contains("machine");
    Files.move(away, machine);
    assertThat(images()).isEqualTo(before);
    assertThat(state()).isEqualTo("shut off");
    assertThat(virsh.printed("dumpxml d --inactive")).isEqualTo(definition);
    assertThat(virsh.printed("snapshot-current d --name")).isEqualTo(known);
    requireNothingUnfinished();
  }

  /** Writes down a revert to s2, whose overlay is {@code top.new}, as a killed daemon leaves it. */
  private void journal(String counts, Path leaf, String definition) throws Exception {
    Path entries = Files.createDirectories(host.path("lib/qemu/snapshot-unfinished/d"));
    Files.writeString(
        entries.resolve("s2.xml"),
        """
        <unfinished deed='revert' counts='%s'>
          %s<overlay file='%s'/><leaf file='%s'/>%s
        </unfinished>
        """
            .formatted(
                counts,
                virsh.printed("snapshot-dumpxml d s2"),
                host.path("top.new"),
                leaf,
                definition));
  }

  private void kill(Path leaf) throws IOException {
    Images.create(
        host.path("top.new"),
        CreateOptions.qcow2(64L << 20).withBacking(overlay(1).toString(), ImageFormat.QCOW2));
    Path file = host.path("etc/qemu/d.xml");
    Files.writeString(
        file, Files.readString(file).replace(leaf.toString(), host.path("top.new").toString()));
  }

  private void restart(Path leaf) throws Exception {
    host.restart(() -> {
      try {
        kill(leaf);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
    virsh = host.virsh();
  }

  @Test
  void whatHadOnlyBegunIsUndone() throws Exception {
    take();
    virsh.printed("snapshot-revert d s3");
    Path leaf = written();
    write(leaf, 5);
    Map<String, String> before = images();
    String definition = virsh.printed("dumpxml d --inactive");
    journal("no", leaf, definition);
    restart(leaf);
    assertThat(virsh.printed("dumpxml d --inactive")).isEqualTo(definition);
    assertThat(images()).isEqualTo(before);
    assertThat(virsh.printed("snapshot-current d --name")).isEqualTo("s3");
    requireContent(written(), 1, 2, 5);
    requireNothingUnfinished();
  }

  @Test
  void whatCountedIsEnded() throws Exception {
    take();
    virsh.printed("snapshot-revert d s3");
    Path leaf = written();
    journal("yes", leaf, virsh.printed("dumpxml d --inactive"));
    restart(leaf);
    assertThat(virsh.printed("snapshot-current d --name")).isEqualTo("s2");
    assertThat(written()).isEqualTo(host.path("top.new"));
    assertThat(leaf).doesNotExist();
    requireContent(written(), 1);
    requireNothingUnfinished();
  }

  /** A disk that the snapshot left out goes on with what it holds. */
  @Test
  void whatWasLeftOutIsLeftAlone() throws Exception {
    Path other = host.path("other");
    Images.create(other, CreateOptions.qcow2(64L << 20));
    virsh.printed("attach-disk d " + other + " vdb --subdriver qcow2 --config");
    virsh.printed("snapshot-create-as d a --disk-only --diskspec vdb,snapshot=no");
    write(other, 1);
    virsh.printed("snapshot-create-as d b --disk-only");
    write(host.path("other.b"), 2);
    write(host.path("top.b"), 3);
    Map<String, String> before = images();
    virsh.printed("snapshot-revert d a");
    String disks = virsh.printed("domblklist d");
    assertThat(disks).containsPattern("vda +" + host.path("top") + "\\.\\d+\n");
    assertThat(disks).containsPattern("vdb +" + host.path("other.b"));
    assertThat(images()).containsAllEntriesOf(before);
    requireContent(host.path("other.b"), 1, 2);
    // Of both disks this time.
    virsh.printed("snapshot-revert d b");
    disks = virsh.printed("domblklist d");
    assertThat(disks).containsPattern("vdb +" + other + "\\.\\d+");
    assertThat(images()).containsAllEntriesOf(before).hasSize(before.size() + 2);
    virsh.printed("detach-disk d vdb --config");
    assertThat(virsh.refused("snapshot-revert d a"))
        .contains("is based on the image of disk 'vdb', which is not part of 'a'");
  }
}
