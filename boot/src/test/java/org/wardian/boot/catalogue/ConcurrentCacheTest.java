package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several processes and threads on one cache, processes that are killed, and a full disk. */
class ConcurrentCacheTest {
  private static final TestKey KEY = new TestKey();
  private static final byte[] KERNEL = new byte[400_000];

  @TempDir private Path scratch;
  private Path folder;
  private TestMirror mirror;
  private String kernelPath;
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch mayAnswer = new CountDownLatch(1);

  @BeforeEach
  void startMirror() throws IOException {
    folder = scratch.resolve("cache");
    mirror = TestMirror.withGuest(KEY, KERNEL, new byte[1000]);
    kernelPath = mirror.packagePath("debian", "linux-image-6.1");
  }

  @AfterEach
  void stopMirror() {
    mayAnswer.countDown();
    mirror.close();
  }

  /** Lets the mirror wait in the middle of the kernel until the test allows the rest. */
  private void holdTheKernel() throws IOException {
    byte[] deb;
    try (var in = java.net.URI.create(mirror.address() + kernelPath).toURL().openStream()) {
      deb = in.readAllBytes();
    }
    mirror.requests().clear();
    mirror.answer(
        kernelPath,
        exchange -> {
          exchange.sendResponseHeaders(200, deb.length);
          exchange.getResponseBody().write(deb, 0, deb.length / 2);
          exchange.getResponseBody().flush();
          asked.countDown();
          try {
            mayAnswer.await();
          } catch (InterruptedException e) {
            throw new IOException("the test is over", e);
          }
          exchange.getResponseBody().write(deb, deb.length / 2, deb.length - deb.length / 2);
        });
  }

  private void awaitRequest() throws InterruptedException {
    assertThat(asked.await(120, TimeUnit.SECONDS)).as("the kernel was asked for").isTrue();
  }

  private Path partial() {
    return folder.resolve("images/.partial-debian-cloud");
  }

  @Test
  void twoThreadsFetchOnce() throws Exception {
    holdTheKernel();
    ImageCache cache =
        new ImageCache(folder, "bookworm", new TestAccess(mirror.mirrors(), KEY.trusted()));
    RecordingProgress progress = new RecordingProgress();
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      List<Future<CachedImage>> images = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        images.add(threads.submit(() -> cache.ensure("debian-cloud", progress)));
      }
      awaitRequest();
      mayAnswer.countDown();
      for (Future<CachedImage> image : images) {
        assertThat(image.get().kernel()).isEqualTo(KERNEL);
      }
    }
    assertThat(mirror.requests()).containsOnlyOnce(kernelPath);
  }

  @Test
  void twoProcessesFetchOnceAndTheSecondSaysThatItWaits() throws Exception {
    holdTheKernel();
    List<String> command = CacheProcess.command(folder, mirror, KEY, scratch);
    Process first = CacheProcess.start(command, scratch.resolve("first"));
    awaitRequest();
    Process second = CacheProcess.start(command, scratch.resolve("second"));
    String wait =
        "waiting for another ward (process " + first.pid() + ") to finish with debian-cloud";
    while (!Files.readString(scratch.resolve("second")).contains(wait)) {
      assertThat(second.isAlive()).as(Files.readString(scratch.resolve("second"))).isTrue();
      Thread.sleep(10);
    }
    mayAnswer.countDown();
    assertThat(CacheProcess.status(first)).as(Files.readString(scratch.resolve("first"))).isZero();
    assertThat(CacheProcess.status(second)).isZero();
    assertThat(Files.readString(scratch.resolve("second"))).contains(Sha256.of(KERNEL));
    assertThat(mirror.requests()).containsOnlyOnce(kernelPath);
    assertThat(partial()).doesNotExist();
  }

  @Test
  void interruptedProcessLeavesNothing() throws Exception {
    holdTheKernel();
    Process process =
        CacheProcess.start(
            CacheProcess.command(folder, mirror, KEY, scratch), scratch.resolve("output"));
    awaitRequest();
    assertThat(partial()).exists();
    process.destroy();
    assertThat(CacheProcess.status(process)).isNotZero();
    assertThat(partial()).doesNotExist();
  }

  @Test
  void killedProcessBlocksNobody() throws Exception {
    holdTheKernel();
    List<String> command = CacheProcess.command(folder, mirror, KEY, scratch);
    Process killed = CacheProcess.start(command, scratch.resolve("killed"));
    awaitRequest();
    killed.destroyForcibly();
    assertThat(CacheProcess.status(killed)).isNotZero();
    assertThat(partial()).exists();
    mayAnswer.countDown();
    Process next = CacheProcess.start(command, scratch.resolve("next"));
    assertThat(CacheProcess.status(next)).as(Files.readString(scratch.resolve("next"))).isZero();
    assertThat(partial()).doesNotExist();
  }

  /** Runs a script with a file system of its own, which it mounts at the folder returned. */
  private Path runOnOwnDisk(String script, int expectedStatus) throws Exception {
    Path disk = Files.createDirectory(scratch.resolve("disk"));
    assumeTrue(canMount(disk), "this machine lets a user mount nothing");
    List<String> command = new ArrayList<>(List.of("unshare", "-rm", "sh", "-c"));
    command.add(script.replace("DISK", disk.toString()).replace("SCRATCH", scratch.toString()));
    command.add("sh");
    command.addAll(CacheProcess.command(disk.resolve("cache"), mirror, KEY, scratch));
    Process process = CacheProcess.start(command, scratch.resolve("output"));
    assertThat(CacheProcess.status(process)).as(output()).isEqualTo(expectedStatus);
    return disk;
  }

  private String output() throws IOException {
    return Files.readString(scratch.resolve("output"));
  }

  @Test
  void fullDiskIsNamedAndFreedAgain() throws Exception {
    // The package of a kernel of zeros fits, and its kernel does not.
    Path disk =
        runOnOwnDisk(
            "mount -t tmpfs -o size=200k none DISK || exit 9; \"$@\"; status=$?;"
                + " find DISK -type f -size +0 > SCRATCH/left; exit $status",
            1);
    assertThat(output())
        .contains("NO_SPACE: the disk of " + disk)
        .contains("is full")
        .contains("set XDG_CACHE_HOME to a folder on another disk");
    assertThat(Files.readAllLines(scratch.resolve("left")))
        .allMatch(file -> file.endsWith("/locks/debian-cloud.lock"));
  }

  @Test
  void readOnlyDiskIsNamed() throws Exception {
    Path disk = runOnOwnDisk("mount -t tmpfs -o ro none DISK || exit 9; \"$@\"", 1);
    assertThat(output())
        .contains("NOT_WRITABLE: cannot write to " + disk)
        .contains("(read-only file system)")
        .contains("XDG_CACHE_HOME");
  }

  @Test
  void readOnlyCacheServesWhatItHas() throws Exception {
    runOnOwnDisk(
        "mount -t tmpfs none DISK && \"$@\" && mount -o remount,ro none DISK && \"$@\"", 0);
    assertThat(output().split(Sha256.of(KERNEL), -1)).as("given twice").hasSize(3);
    assertThat(mirror.requests()).containsOnlyOnce(kernelPath);
  }

  private static boolean canMount(Path disk) throws InterruptedException {
    try {
      Process probe =
          new ProcessBuilder("unshare", "-rm", "mount", "-t", "tmpfs", "none", disk.toString())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return probe.waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
