package org.wardian.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.Images;

/** {@code ward run --save-to} and {@code --restore-from}, by real processes. */
@Timeout(600)
class SavedRunsTest {
  private static final int OK = 0;
  private static final int USAGE = 2;
  private static final int BAD_IMAGE = 3;
  private static final int GUEST_RESET = 10;
  private static final int TERMINATED = 143;
  private static final int GUESTS_STATUS = 2 * 21 + 1;

  @TempDir Path folder;
  private String guest;
  private Path saved;
  private Path disk;

  @BeforeEach
  void start() throws Exception {
    guest = new TinyGuest().print("ready\n").echoUntil('!').exit(21).in(folder);
    saved = folder.resolve("saved");
    disk = folder.resolve("disk.raw");
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(1 << 20);
    }
  }

  private WardProcess.Start ward() throws IOException {
    return new WardProcess.Start(folder).pipedInput();
  }

  private WardProcess run(String... more) throws Exception {
    String[] usual = {
      "run",
      "--kernel",
      guest,
      "--accelerator",
      "software",
      "--disk",
      disk.toString(),
      "--net",
      "none"
    };
    String[] all = java.util.Arrays.copyOf(usual, usual.length + more.length);
    System.arraycopy(more, 0, all, usual.length, more.length);
    return ward().run(all);
  }

  private void save() throws Exception {
    try (WardProcess process =
        run("-m", "16M", "--device", "testdev", "--save-to", saved.toString())) {
      process.awaitOut("ready");
      process.type("abc");
      process.awaitOut("abc");
      process.terminate();
      assertThat(process.status()).as(process.err()).isEqualTo(TERMINATED);
      assertThat(saved).as(process.err()).exists();
    }
  }

  private void refused(int status, String reason, String... more) throws Exception {
    try (WardProcess process = run(more)) {
      assertThat(process.status()).as(process.err()).isEqualTo(status);
      assertThat(process.err()).contains(reason);
      assertThat(process.out()).isEmpty();
    }
  }

  @Test
  void whoEndsWardSavesItsMachineWhichGoesOn() throws Exception {
    save();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(saved)))
        .isEqualTo("rw-------");

    // Memory and devices are as they were without being named.
    try (WardProcess process = run("--restore-from", saved + ",verify")) {
      process.type("def!");
      assertThat(process.status()).as(process.err()).isEqualTo(GUESTS_STATUS);
      assertThat(process.out()).isEqualTo("def!");
      assertThat(process.err()).contains("going on with " + saved, "of 16M of memory");
    }
  }

  /** Runs with the disk and words of its own alone: no kernel is named. */
  private WardProcess goOn(String... more) throws Exception {
    List<String> words =
        new ArrayList<>(
            List.of(
                "run", "--accelerator", "software", "--disk", disk.toString(), "--net", "none"));
    words.addAll(List.of(more));
    return ward().run(words.toArray(String[]::new));
  }

  @Test
  void theKernelNeedNotBeNamedAgain() throws Exception {
    Path second = folder.resolve("second");
    save();
    try (WardProcess process =
        goOn("--restore-from", saved.toString(), "--save-to", second.toString())) {
      process.type("def");
      process.awaitOut("def");
      process.terminate();
      assertThat(process.status()).as(process.err()).isEqualTo(TERMINATED);
    }
    // Memory has the kernel: its file is for a reset only, and what it was is known.
    Path kernel = Path.of(guest);
    String sha256 = sha256(kernel);
    Files.delete(kernel);
    try (WardProcess process = goOn("--restore-from", second.toString())) {
      process.type("ghi!");
      assertThat(process.status()).as(process.err()).isEqualTo(GUESTS_STATUS);
      assertThat(process.out()).isEqualTo("ghi!");
      assertThat(process.err())
          .contains("a reset will end it", kernel + " is not there any more (SHA-256 " + sha256);
    }
  }

  private static String sha256(Path file) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }

  @Test
  void aResetStartsTheKernelThatTheMachineWasStartedFrom() throws Exception {
    guest = new TinyGuest().print("ready\n").echoUntil('!').reset().in(folder);
    Path kernel = Path.of(guest);
    try (WardProcess process = run("-m", "16M", "--append", "a b", "--save-to", saved.toString())) {
      process.awaitOut("ready");
      process.terminate();
      assertThat(process.status()).as(process.err()).isEqualTo(TERMINATED);
    }
    for (int again = 0; again < 2; again++) {
      try (WardProcess process = goOn("--restore-from", saved.toString())) {
        process.type("!");
        process.awaitOut("ready");
      }
    }
    // Another file of that name is not started.
    byte[] content = Files.readAllBytes(kernel);
    content[content.length - 1] ^= 1;
    Files.write(kernel, content);
    try (WardProcess process = goOn("--restore-from", saved.toString())) {
      process.type("!");
      assertThat(process.status()).as(process.err()).isEqualTo(GUEST_RESET);
      assertThat(process.out()).isEqualTo("!");
      assertThat(process.err()).contains(kernel + " is not what it was");
    }
  }

  @Test
  void aSystemByNameNeedsADiskThatOutlivesTheMachine() throws Exception {
    try (WardProcess process = ward().run("run", "debian", "--save-to", saved.toString())) {
      assertThat(process.status()).as(process.err()).isEqualTo(USAGE);
      assertThat(process.err()).contains("need --keep FILE");
    }
    try (WardProcess process =
        ward()
            .run(
                "run",
                "debian",
                "--keep",
                disk.toString(),
                "--user",
                "ada",
                "--restore-from",
                saved.toString())) {
      assertThat(process.status()).as(process.err()).isEqualTo(USAGE);
      assertThat(process.err()).contains("one that is restored knows them");
    }
  }

  @Test
  void itIsSavedAfterATimeAndSaysSo() throws Exception {
    try (WardProcess process =
        run("-m", "16M", "--save-to", saved.toString(), "--save-after", "1s")) {
      assertThat(process.status()).as(process.err()).isEqualTo(OK);
      assertThat(process.err()).contains("the machine is saved in " + saved);
    }
    assertThat(saved).exists();
  }

  @Test
  void whatDoesNotFitIsRefused() throws Exception {
    save();
    refused(
        BAD_IMAGE,
        "it had 16 MiB of memory, not 32 MiB",
        "--restore-from",
        saved.toString(),
        "-m",
        "32M");
    refused(
        BAD_IMAGE,
        "CPU model x86-64-v2, not x86-64-v1",
        "--restore-from",
        saved.toString(),
        "--cpu-model",
        "x86-64-v1");
    refused(BAD_IMAGE, "no such file", "--restore-from", folder.resolve("none").toString());
    refused(BAD_IMAGE, "is no saved machine", "--restore-from", guest);
    refused(USAGE, "knows no now", "--restore-from", saved + ",now");

    FileTime before = Files.getLastModifiedTime(disk);
    Files.setLastModifiedTime(disk, FileTime.fromMillis(before.toMillis() + 1000));
    refused(
        BAD_IMAGE, "was written since the machine was saved", "--restore-from", saved.toString());
    Files.setLastModifiedTime(disk, before);

    byte[] content = Files.readAllBytes(saved);
    Files.write(saved, java.util.Arrays.copyOf(content, content.length - 100));
    refused(BAD_IMAGE, "is truncated", "--restore-from", saved.toString());
    // A register of a device.
    content[content.length - 4000] ^= 1;
    Files.write(saved, content);
    refused(BAD_IMAGE, "is damaged", "--restore-from", saved.toString());
  }

  @Test
  void wishesThatMakeNoSenseAreRefused() throws Exception {
    refused(USAGE, "--save-after needs --save-to", "--save-after", "1s");
    refused(
        USAGE,
        "forgets what the guest writes",
        "--save-to",
        saved.toString(),
        "--disk",
        disk + ",snapshot");
    refused(BAD_IMAGE, "no writable qcow2 disk", "--restore-from", "snapshot:x");
  }

  @Test
  void whereItCannotBeSavedItGoesOn() throws Exception {
    try (WardProcess process =
        run(
            "-m",
            "16M",
            "--device",
            "testdev",
            "--save-to",
            folder.resolve("no/such/folder").toString(),
            "--save-after",
            "1s")) {
      process.awaitOut("ready");
      while (!process.err().contains("the machine was not saved, and goes on")) {
        Thread.sleep(20);
      }
      process.type("on!");
      assertThat(process.status()).as(process.err()).isEqualTo(GUESTS_STATUS);
      assertThat(process.out()).contains("on!");
    }
  }

  @Test
  void aSnapshotWithinTheDiskKeepsTheMachineToo() throws Exception {
    disk = folder.resolve("disk.qcow2");
    Images.create(disk, CreateOptions.qcow2(1 << 20));
    try (WardProcess process =
        run(
            "-m",
            "16M",
            "--device",
            "testdev",
            "--save-to",
            "snapshot:one",
            "--save-after",
            "1s")) {
      process.awaitOut("ready");
      while (!process.err().contains("the machine is saved in snapshot:one")) {
        Thread.sleep(20);
      }
      process.type("on!");
      assertThat(process.status()).as(process.err()).isEqualTo(GUESTS_STATUS);
    }
    try (WardProcess list = ward().run("disk", "snapshot", "list", disk.toString())) {
      assertThat(list.status()).isEqualTo(OK);
      assertThat(list.out()).containsPattern("1 +one +.* +\\d+(\\.\\d+)? [KM]iB");
    }
    for (int again = 0; again < 2; again++) {
      try (WardProcess process = run("--restore-from", "snapshot:one")) {
        process.type("back!");
        assertThat(process.status()).as(process.err()).isEqualTo(GUESTS_STATUS);
        assertThat(process.out()).isEqualTo("back!");
      }
    }
    refused(BAD_IMAGE, "has no snapshot 'two'", "--restore-from", "snapshot:two");
  }

  @Test
  void disksInAnotherOrderAreNoticed() throws Exception {
    disk = folder.resolve("first.qcow2");
    Path second = folder.resolve("second.qcow2");
    Images.create(disk, CreateOptions.qcow2(1 << 20));
    Images.create(second, CreateOptions.qcow2(1 << 20));
    try (WardProcess process =
        run("-m", "16M", "--disk", second.toString(), "--save-to", "snapshot:one")) {
      process.awaitOut("ready");
      process.terminate();
      assertThat(process.status()).as(process.err()).isEqualTo(TERMINATED);
    }
    refused(BAD_IMAGE, "it had disk1", "--restore-from", "snapshot:one");
    Path first = disk;
    disk = second;
    refused(
        BAD_IMAGE,
        "in another order",
        "--disk",
        first.toString(),
        "--restore-from",
        "snapshot:one");
  }
}
