package org.wardian.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Entries of a folder, held by descriptors. */
@Timeout(600)
class HostEntryTest {
  @TempDir private Path folder;
  private HostEntry root;

  @BeforeEach
  void open() {
    assumeTrue(Libc.LINUX, "entries are of Linux");
    root = HostEntry.folder(folder);
  }

  @AfterEach
  void close() {
    if (root != null) {
      root.close();
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private interface Act {
    void run() throws EntryException;
  }

  private static int errno(Act act) {
    try {
      act.run();
      return 0;
    } catch (EntryException e) {
      return e.errno();
    }
  }

  @Test
  void aNameThatWouldLeaveTheFolderIsRefused() {
    for (String name : List.of("", ".", "..", "a/b", "/", "/etc", "a\0b")) {
      assertThat(errno(() -> root.child(ascii(name)).close())).as(name).isEqualTo(Errno.EINVAL);
      assertThat(errno(() -> root.makeFolder(ascii(name), 0700))).as(name).isEqualTo(Errno.EINVAL);
      assertThat(errno(() -> root.remove(ascii(name), true))).as(name).isEqualTo(Errno.EINVAL);
    }
    assertThat(errno(() -> root.child(new byte[256]))).isEqualTo(Errno.ENAMETOOLONG);
    assertThat(errno(() -> root.child(ascii("...")))).isEqualTo(Errno.ENOENT);
  }

  @Test
  void aLinkIsItselfAndIsNotFollowed() throws Exception {
    Files.createSymbolicLink(folder.resolve("out"), Path.of("/etc"));
    try (HostEntry link = root.child(ascii("out"))) {
      assertThat(link.status().link()).isTrue();
      assertThat(link.readLink()).isEqualTo(ascii("/etc"));
      assertThat(errno(() -> link.child(ascii("passwd")).close())).isEqualTo(Errno.ENOTDIR);
      assertThat(errno(() -> link.list().close())).isNotZero();
      assertThat(errno(() -> link.open(0).close())).isEqualTo(Errno.ENXIO);
      assertThat(errno(() -> link.setSize(0))).isEqualTo(Errno.EINVAL);
    }
    assertThat(errno(() -> root.create(ascii("out"), HostEntry.WRITE, 0600).close()))
        .isEqualTo(Errno.EEXIST);
  }

  @Test
  void aPipeIsNotOpened() throws Exception {
    Process process = new ProcessBuilder("mkfifo", folder.resolve("pipe").toString()).start();
    assumeTrue(process.waitFor() == 0, "mkfifo");
    try (HostEntry pipe = root.child(ascii("pipe"))) {
      assertThat(errno(() -> pipe.open(0).close())).isEqualTo(Errno.ENXIO);
    }
  }

  @Test
  void anEntryStaysItselfWhenItsNameChanges() throws Exception {
    Files.writeString(folder.resolve("a"), "text");
    root.makeFolder(ascii("sub"), 0700);
    try (HostEntry file = root.child(ascii("a"));
        HostEntry sub = root.child(ascii("sub"))) {
      root.rename(ascii("a"), sub, ascii("b"));
      Files.writeString(folder.resolve("a"), "another");
      assertThat(file.status().size()).isEqualTo(4);
      assertThat(new String(file.path(), StandardCharsets.UTF_8)).endsWith("/sub/b");
      root.addName(file, ascii("c"));
      assertThat(file.status().links()).isEqualTo(2);
      sub.remove(ascii("b"), false);
      root.remove(ascii("c"), false);
      file.setSize(2);
      try (HostFile opened = file.open(HostEntry.READ_WRITE)) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(8);
        assertThat(opened.read(0, bytes)).isEqualTo(2);
        assertThat(opened.syncAll()).isZero();
      }
    }
  }

  @Test
  void whatIsMadeHasThePermissionsThatWereAskedFor() throws Exception {
    root.create(ascii("file"), HostEntry.WRITE, 0666).close();
    assertThat(Files.getPosixFilePermissions(folder.resolve("file")))
        .isEqualTo(PosixFilePermissions.fromString("rw-rw-rw-"));
    try (HostEntry file = root.child(ascii("file"))) {
      file.setMode(0600);
      file.setTimes(
          new HostEntry.TimeChange.Keep(),
          new HostEntry.TimeChange.To(new EntryStatus.Time(1_000_000, 5000)));
      EntryStatus status = file.status();
      assertThat(status.mode()).isEqualTo(0100600);
      assertThat(status.modified()).isEqualTo(new EntryStatus.Time(1_000_000, 5000));
      assertThat(file.fileSystem().longestName()).isEqualTo(255);
    }
  }

  @Test
  void aFolderIsListedFromAnyPlace() throws Exception {
    for (int i = 0; i < 300; i++) {
      Files.createFile(folder.resolve("file" + i));
    }
    List<String> names = new ArrayList<>();
    try (FolderStream stream = root.list()) {
      ByteBuffer entries = ByteBuffer.allocateDirect(700).order(ByteOrder.nativeOrder());
      long reached = 0;
      while (stream.read(reached, entries.clear()) > 0) {
        // One of them is used, wherever the others are read again.
        reached = entries.getLong(8);
        int end = 19;
        while (entries.get(end) != 0) {
          end++;
        }
        byte[] name = new byte[end - 19];
        entries.get(19, name);
        names.add(new String(name, StandardCharsets.US_ASCII));
      }
      stream.sync();
    }
    assertThat(names).hasSize(302).contains(".", "..", "file0", "file299").doesNotHaveDuplicates();
  }

  @Test
  void aFolderThatThereIsNot() {
    assertThatThrownBy(() -> HostEntry.folder(folder.resolve("none")))
        .isInstanceOfSatisfying(
            HostException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
  }
}
