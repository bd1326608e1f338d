package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.boot.catalogue.CatalogueException.Kind;
import org.wardian.boot.initramfs.CpioArchive;

/** The making of a system up to its machine, from an archive on this machine. */
class SystemCacheTest {
  private static final TestKey KEY = new TestKey();
  private static final byte[] KERNEL = "a kernel".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] BUSYBOX = "a busybox".getBytes(StandardCharsets.US_ASCII);
  private static final SystemDefinition DEBIAN = SystemCache.find("debian:12").orElseThrow();

  @TempDir private Path folder;
  private final RecordingProgress progress = new RecordingProgress();
  private final List<SystemMedia> built = new ArrayList<>();
  private TestMirror mirror;
  private SystemCache cache;

  @BeforeEach
  void publish() throws IOException {
    mirror = TestMirror.withGuest(KEY, KERNEL, BUSYBOX);
    add("base", "1", "Essential: yes\nPriority: required\nDepends: libc\n");
    add("libc", "2", "Priority: optional\n");
    add("important", "1", "Priority: important\n");
    add("ifupdown", "1", "Priority: important\n");
    add("nobody-wants-it", "1", "Priority: optional\n");
    add("e2fsprogs", "1", "Priority: required\nDepends: libc\n");
    add("kmod", "1", "");
    add("linux-base", "4.9", "");
    for (String name : DEBIAN.packages()) {
      if (!name.equals(DEBIAN.kernelPackage())) {
        add(name, "1", "");
      }
    }
    mirror.publish();
    cache = new SystemCache(folder, new TestAccess(mirror.mirrors(), KEY.trusted()));
  }

  @AfterEach
  void stop() {
    mirror.close();
  }

  @Test
  void makesASystemOnce() throws IOException {
    CachedSystem system = cache.ensure(DEBIAN, this::build, progress);
    assertThat(system.kernel()).isEqualTo(KERNEL);
    CpioArchive initrd = CpioArchive.read(system.initrd());
    assertThat(initrd.find("bin/busybox").orElseThrow().content()).isEqualTo(BUSYBOX);
    assertThat(initrd.find("init")).isPresent();
    assertThat(system.disk()).hasContent("a disk");
    assertThat(system.manifest().kernelRelease()).isEqualTo("6.1.0-1-cloud-amd64");
    assertThat(Files.readString(system.folder().resolve("packages.txt")))
        .contains("libc 2 ", "important 1 ", "linux-image-6.1.0-1-cloud-amd64 6.1.10-1 ")
        .doesNotContain("ifupdown", "nobody-wants-it", "busybox-static");
    assertThat(built).hasSize(1);
    assertThat(built.getFirst().essentials()).isEqualTo(2);
    assertThat(cache.ensure(DEBIAN, this::build, progress).folder()).isEqualTo(system.folder());
    assertThat(built).hasSize(1);
    assertThat(files()).noneMatch(file -> file.contains(".partial") || file.endsWith(".deb"));
  }

  @Test
  void theMachineGetsPackagesAndSettings() throws IOException {
    cache.ensure(
        DEBIAN,
        (media, disk, heard) -> {
          try {
            String volume = Files.readString(media.packages(), StandardCharsets.ISO_8859_1);
            assertThat(volume)
                .contains(
                    "base.deb\nlibc.deb\n",
                    "systemd-networkd.service\n",
                    "e2scrub_reap.service\n",
                    "data.tar  ");
            CpioArchive initrd = CpioArchive.read(media.initrd());
            assertThat(text(initrd, "settings/etc/fstab")).startsWith("LABEL=root / ext4");
            // A mirror on this machine is none for the guest.
            assertThat(text(initrd, "settings/etc/apt/sources.list"))
                .isEqualTo(
                    "deb http://deb.debian.org/debian bookworm main\n"
                        + "deb http://deb.debian.org/debian bookworm-updates main\n"
                        + "deb http://deb.debian.org/debian-security bookworm-security main\n");
            assertThat(text(initrd, "init")).startsWith("#!/bin/busybox sh");
          } catch (IOException e) {
            throw new AssertionError(e);
          }
          build(media, disk, heard);
        },
        progress);
    assertThat(built).hasSize(1);
  }

  @Test
  void aFailureLeavesNothingButWholePackages() {
    SystemBuilder failing =
        (media, disk, heard) -> {
          throw new CatalogueException(Kind.BUILD_FAILED, "the guest's dpkg failed");
        };
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> cache.ensure(DEBIAN, failing, progress))
        .withMessage("the guest's dpkg failed");
    assertThat(files()).allMatch(file -> file.endsWith(".deb") || file.endsWith(".lock"));
    assertThat(cache.list().getFirst().state()).isEqualTo(ImageSummary.State.ABSENT);
  }

  @Test
  void whatAnInterruptedBuildFetchedIsNotFetchedAgain() throws IOException {
    String path = mirror.packagePath("debian", "sudo");
    byte[] whole = deb("sudo1");
    mirror.answer(path, TestMirror.truncated(whole));
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> cache.ensure(DEBIAN, this::build, progress))
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.OFFLINE));
    assertThat(files()).noneMatch(file -> file.endsWith(".part"));
    mirror.serve(path, whole);
    int before = mirror.requests().size();
    cache.ensure(DEBIAN, this::build, progress);
    List<String> again = mirror.requests().subList(before, mirror.requests().size());
    assertThat(again).contains(path).noneMatch(file -> file.contains("/base_"));
  }

  @Test
  void aPackageThatIsNotTheSignedOneIsRefused() {
    mirror.serve(
        mirror.packagePath("debian", "sudo"),
        new TestDeb().file("x", new byte[1]).build("data.tar"));
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> cache.ensure(DEBIAN, this::build, progress))
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.HASH_MISMATCH));
    assertThat(built).isEmpty();
  }

  @Test
  void aPackageThatWasChangedOnTheDiskIsFetchedAgain() throws IOException {
    SystemBuilder spoiling =
        (media, disk, heard) -> {
          throw new CatalogueException(Kind.BUILD_FAILED, "spoilt");
        };
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> cache.ensure(DEBIAN, spoiling, progress));
    for (String file : files()) {
      if (file.endsWith(".deb")) {
        Files.writeString(folder.resolve(file), "spoilt");
      }
    }
    assertThat(cache.ensure(DEBIAN, this::build, progress).kernel()).isEqualTo(KERNEL);
  }

  @Test
  void anIndexOfAnotherKeyIsRefused() {
    SystemCache stranger =
        new SystemCache(folder, new TestAccess(mirror.mirrors(), new TestKey().trusted()));
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> stranger.ensure(DEBIAN, this::build, progress))
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.BAD_SIGNATURE));
    assertThat(built).isEmpty();
  }

  @Test
  void pullMakesANewOneOnlyOfNewPackages() throws IOException {
    CachedSystem first = cache.ensure(DEBIAN, this::build, progress);
    assertThat(cache.pull(DEBIAN, this::build, progress).folder()).isEqualTo(first.folder());
    assertThat(progress.events()).contains("debian is up to date");
    add("libc", "3", "");
    mirror.publish();
    CachedSystem second = cache.pull(DEBIAN, this::build, progress);
    assertThat(second.folder()).isNotEqualTo(first.folder());
    assertThat(first.folder()).doesNotExist();
    assertThat(cache.newest(DEBIAN).orElseThrow().folder()).isEqualTo(second.folder());
  }

  @Test
  void whatAKeptDiskStandsOnStays() throws IOException {
    CachedSystem first = cache.ensure(DEBIAN, this::build, progress);
    Path mine = Files.writeString(folder.resolve("mine.qcow2"), "an overlay");
    cache.keep(first, mine);
    cache.keep(first, mine);
    add("libc", "3", "");
    mirror.publish();
    cache.pull(DEBIAN, this::build, progress);
    assertThat(first.disk()).exists();
    Files.delete(mine);
    add("libc", "4", "");
    mirror.publish();
    cache.pull(DEBIAN, this::build, progress);
    assertThat(first.folder()).doesNotExist();
  }

  @Test
  void removesASystemWholeOrDamaged() throws IOException {
    assertThat(cache.remove(DEBIAN, progress)).isFalse();
    CachedSystem system = cache.ensure(DEBIAN, this::build, progress);
    Files.writeString(system.folder().resolve("manifest.json"), "{}");
    assertThat(cache.list().getFirst().state()).isEqualTo(ImageSummary.State.CORRUPT);
    assertThat(cache.remove(DEBIAN, progress)).isTrue();
    assertThat(files()).allMatch(file -> file.endsWith(".lock"));
  }

  @Test
  void aChangedKernelIsRefused() throws IOException {
    CachedSystem system = cache.ensure(DEBIAN, this::build, progress);
    Files.writeString(system.folder().resolve("vmlinuz"), "a kerneL");
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(system::kernel)
        .withMessageContaining("expected SHA-256 ")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.CORRUPT_CACHE));
  }

  /** Stands for the machine: {@code DebianSystemTest} of conformance has the real one. */
  private void build(SystemMedia media, Path disk, ProgressListener heard)
      throws CatalogueException {
    built.add(media);
    CacheFiles.write(disk, "a disk".getBytes(StandardCharsets.US_ASCII));
  }

  private void add(String name, String version, String fields) {
    mirror.addPackageWith("debian", name, version, fields, deb(name + version));
  }

  private static byte[] deb(String content) {
    byte[] file = content.getBytes(StandardCharsets.US_ASCII);
    return new TestDeb().file("./usr/share/doc/file", file).build("data.tar.xz");
  }

  private static String text(CpioArchive archive, String name) {
    return new String(archive.find(name).orElseThrow().content(), StandardCharsets.UTF_8);
  }

  private List<String> files() {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString())
          .toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
