package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.host.Errno;
import org.wardian.host.HostFile;
import org.wardian.storage.share.Ownership;
import org.wardian.storage.share.SharedFolder;
import org.wardian.virtio.p9.VirtioP9;

/** The 9P device by its protocol: what a guest does in the folder is what the host has there. */
class P9Test {
  private static final int READ_WRITE = 2;
  private static final int CREATE = 0100;
  private static final int EXCLUSIVE = 0200;
  private static final int TRUNCATE = 01000;
  private static final int APPEND = 02000;

  @TempDir private Path outer;
  private Path folder;
  private SharedFolder shared;
  private VirtioP9 device;
  private TestMachine machine;
  private TestDriver driver;
  private P9Client client;

  @BeforeEach
  void begin() throws IOException {
    assumeTrue(HostFile.available(), "folders are shared by hosts with Linux");
    folder = Files.createDirectory(outer.resolve("shared"));
    Files.writeString(outer.resolve("secret"), "secret");
    start(false, Ownership.ROOT);
  }

  private void start(boolean readOnly, Ownership ownership) {
    shared = SharedFolder.open(folder, readOnly, ownership);
    device = new VirtioP9("p9", shared, "files");
    machine = new TestMachine(device);
    driver = new TestDriver(machine);
    driver.negotiate(Features.VERSION_1 | 1);
    DriverQueue queue = driver.queue(0, 16);
    driver.ready();
    client = new P9Client(driver, queue);
    client.begin();
  }

  @AfterEach
  void end() throws IOException {
    if (machine != null) {
      assertThat(device.failure()).isEmpty();
      machine.close();
      shared.close();
      assertThat(Files.readString(outer.resolve("secret"))).isEqualTo("secret");
    }
  }

  private void restart(boolean readOnly, Ownership ownership) {
    machine.close();
    shared.close();
    start(readOnly, ownership);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private void create(int fid, String name, int flags, int mode) {
    client.walk(P9Client.ROOT, fid);
    client.call(14, fid, name, flags | CREATE, mode, 0);
  }

  @Test
  void theTagIsInTheConfiguration() {
    assertThat(driver.deviceConfig(0, 2)).isEqualTo(5);
    StringBuilder tag = new StringBuilder();
    for (int i = 0; i < 5; i++) {
      tag.append((char) driver.deviceConfig(2 + i, 1));
    }
    assertThat(tag).hasToString("files");
  }

  @Test
  void aFileIsMadeWrittenReadAndRemoved() throws IOException {
    create(1, "file", READ_WRITE | EXCLUSIVE, 0644);
    byte[] bytes = new byte[20_000];
    new Random(1).nextBytes(bytes);
    assertThat(client.write(1, 0, bytes)).isEqualTo(bytes.length);
    assertThat(client.write(1, 1_000_000_000_000L, utf8("end"))).isEqualTo(3);
    assertThat(client.read(1, 100, 10_000)).isEqualTo(Arrays.copyOfRange(bytes, 100, 10_100));
    assertThat(client.read(1, 1_000_000_000_000L, 10_000)).asString().isEqualTo("end");
    client.call(50, 1, 0);
    client.call(50, 1, 1);
    assertThat(Files.size(folder.resolve("file"))).isEqualTo(1_000_000_000_003L);
    client.clunk(1);
    assertThat(client.errno(116, 1, 0L, 10)).isEqualTo(Errno.EBADF);
    client.call(76, P9Client.ROOT, "file", 0);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aFileThatIsThereIsOpenedOrRefused() throws IOException {
    Files.writeString(folder.resolve("file"), "content");
    client.walk(P9Client.ROOT, 1);
    assertThat(client.errno(14, 1, "file", CREATE | EXCLUSIVE | READ_WRITE, 0644, 0))
        .isEqualTo(Errno.EEXIST);
    create(2, "file", READ_WRITE | APPEND, 0644);
    client.write(2, 0, utf8(" more"));
    assertThat(folder.resolve("file")).hasContent("content more");
    client.walk(P9Client.ROOT, 3, "file");
    client.open(3, READ_WRITE | TRUNCATE);
    assertThat(folder.resolve("file")).isEmptyFile();
    assertThat(client.errno(12, 3, 0)).as("opened twice").isEqualTo(Errno.EBUSY);
  }

  @Test
  void namesLeadDownAndNeverOut() throws IOException {
    Files.createDirectories(folder.resolve("a/b"));
    Files.createSymbolicLink(folder.resolve("a/out"), outer);
    assertThat(client.walk(P9Client.ROOT, 1, "a", "b")).isEqualTo(2);
    assertThat(client.walk(P9Client.ROOT, 2, "a", "none", "b")).as("as far as it goes").isOne();
    assertThat(client.errno(24, 2, 0x7ffL)).isEqualTo(Errno.EBADF);
    assertThat(client.errno(110, 0, 2, (short) 1, "none")).isEqualTo(Errno.ENOENT);
    assertThat(client.walk(P9Client.ROOT, 2, "a", "out", "secret"))
        .as("a link is no folder here")
        .isEqualTo(2);
    for (String name : new String[] {"", ".", "/", "../secret", "a/b", "\0"}) {
      assertThat(client.errno(110, 0, 3, (short) 1, name)).as(name).isEqualTo(Errno.EINVAL);
      assertThat(client.errno(72, 0, name, 0755, 0)).as(name).isEqualTo(Errno.EINVAL);
      assertThat(client.errno(74, 0, "a", 0, name)).as(name).isEqualTo(Errno.EINVAL);
    }
    assertThat(client.walk(1, 4, "..", "..", "..", "..", "a")).isEqualTo(5);
    assertThat(inode(4)).isEqualTo(inode("a"));
    client.clunk(4);
    assertThat(client.walk(P9Client.ROOT, 4, "..", "..")).isEqualTo(2);
    assertThat(inode(4)).as("above the folder is the folder").isEqualTo(inode("."));
  }

  private long inode(int fid) {
    ByteBuffer fields = client.call(24, fid, 0x7ffL).fields();
    return fields.getLong(8 + 5);
  }

  private long inode(String name) throws IOException {
    return (Long) Files.getAttribute(folder.resolve(name), "unix:ino", LinkOption.NOFOLLOW_LINKS);
  }

  @Test
  void aLinkThatTheGuestMakesIsNotFollowedByTheHost() throws IOException {
    client.call(16, P9Client.ROOT, "out", outer + "/secret", 0);
    assertThat(Files.readSymbolicLink(folder.resolve("out"))).isEqualTo(outer.resolve("secret"));
    client.walk(P9Client.ROOT, 1, "out");
    assertThat(client.call(22, 1).text()).asString().isEqualTo(outer + "/secret");
    assertThat(client.errno(12, 1, READ_WRITE | TRUNCATE)).isEqualTo(Errno.ENXIO);
    client.walk(P9Client.ROOT, 2);
    assertThat(client.errno(14, 2, "out", CREATE | READ_WRITE | TRUNCATE, 0644, 0))
        .isEqualTo(Errno.ENXIO);
    assertThat(client.errno(26, 1, 8, 0, 0, 0, 0L, 0L, 0L, 0L, 0L)).isEqualTo(Errno.EINVAL);
    // The folder that a walk has reached becomes a link behind its back.
    Files.createDirectory(folder.resolve("sub"));
    client.walk(P9Client.ROOT, 3, "sub");
    Files.delete(folder.resolve("sub"));
    Files.createSymbolicLink(folder.resolve("sub"), outer);
    assertThat(client.errno(110, 3, 4, (short) 1, "secret")).isEqualTo(Errno.ENOENT);
  }

  @Test
  void pipesAndDevicesAreNeitherMadeNorOpened() throws Exception {
    assertThat(client.errno(18, 0, "dev", 020666, 1, 3, 0)).isEqualTo(Errno.EPERM);
    Process made = new ProcessBuilder("mkfifo", folder.resolve("pipe").toString()).start();
    assumeTrue(made.waitFor() == 0, "mkfifo");
    client.walk(P9Client.ROOT, 1, "pipe");
    assertThat(client.errno(12, 1, 0)).isEqualTo(Errno.ENXIO);
    client.walk(P9Client.ROOT, 2);
    assertThat(client.errno(14, 2, "pipe", CREATE | 1, 0644, 0)).isEqualTo(Errno.ENXIO);
  }

  @Test
  void namesAreMovedAndAdded() throws IOException {
    client.call(72, P9Client.ROOT, "d", 0755, 0);
    create(1, "file", READ_WRITE, 0600);
    client.write(1, 0, utf8("x"));
    client.walk(P9Client.ROOT, 2, "d");
    client.call(74, P9Client.ROOT, "file", 2, "moved");
    assertThat(folder.resolve("d/moved")).hasContent("x");
    client.write(1, 1, utf8("y"));
    assertThat(folder.resolve("d/moved")).as("the open file is the same").hasContent("xy");
    client.call(70, P9Client.ROOT, 1, "second");
    assertThat(inode("second")).isEqualTo(inode("d/moved"));
    client.call(20, 1, P9Client.ROOT, "third");
    assertThat(folder.resolve("d")).isEmptyDirectory();
    assertThat(client.errno(76, 0, "d", 0)).isEqualTo(Errno.EISDIR);
    client.call(122, 2);
    assertThat(folder.resolve("d")).doesNotExist();
    assertThat(client.errno(120, 2)).as("remove takes the fid back").isEqualTo(Errno.EBADF);
    assertThat(client.errno(122, 0)).as("the folder itself").isEqualTo(Errno.EBUSY);
  }

  @Test
  void attributesAreTheHosts() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "12345");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    client.walk(P9Client.ROOT, 1, "file");
    ByteBuffer fields = client.call(24, 1, 0x7ffL).fields();
    assertThat(fields.getLong() & 0x7ff).isEqualTo(0x7ff);
    assertThat(fields.get()).isZero();
    fields.position(8 + 13);
    assertThat(fields.getInt()).isEqualTo(0100640);
    assertThat(fields.getInt()).as("my file is root's in the guest").isZero();
    fields.getInt();
    assertThat(fields.getLong()).isEqualTo(1);
    fields.getLong();
    assertThat(fields.getLong()).isEqualTo(5);
    client.call(26, 1, 1 | 2 | 4 | 8 | 0x20 | 0x100, 06755, 77, 88, 3L, 0L, 0L, 1_000_000L, 5000L);
    assertThat(file).hasContent("123");
    assertThat(Files.getLastModifiedTime(file).toMillis()).isEqualTo(1_000_000_000L);
    assertThat((Integer) Files.getAttribute(file, "unix:mode"))
        .as("set-user-ID is not the guest's to give")
        .isEqualTo(0100755);
    assertThat((Integer) Files.getAttribute(file, "unix:uid")).isNotEqualTo(77);
    ByteBuffer system = client.call(8, 1).fields();
    assertThat(system.getInt()).isEqualTo(0x01021997);
    assertThat(client.errno(30, 1, 2, "user.x")).isEqualTo(Errno.EOPNOTSUPP);
    assertThat(client.errno(32, 1, "user.x", 1L, 0)).isEqualTo(Errno.EOPNOTSUPP);
    assertThat(client.call(52, 1, (byte) 1, 0, 0L, 0L, 1, "me").fields().get()).isZero();
    assertThat(client.call(54, 1, (byte) 1, 7L, 0L, 1, "me").fields().get()).isEqualTo((byte) 2);
    client.call(108, (short) 9);
  }

  @Test
  void ownersHaveTheHostsNumbersWhereThatIsAskedFor() throws IOException {
    restart(false, Ownership.HOST);
    Path file = Files.createFile(folder.resolve("file"));
    client.walk(P9Client.ROOT, 1, "file");
    ByteBuffer fields = client.call(24, 1, 0x7ffL).fields();
    assertThat(fields.getInt(8 + 13 + 4)).isEqualTo(Files.getAttribute(file, "unix:uid"));
  }

  @Test
  void aFolderIsListedWhateverRoomThereIs() throws IOException {
    for (int i = 0; i < 500; i++) {
      Files.createFile(folder.resolve("f".repeat(1 + i % 200) + i));
    }
    client.walk(P9Client.ROOT, 1);
    client.open(1, 0);
    for (int room : new int[] {300, 1000, 30_000}) {
      assertThat(client.list(1, room)).as("%d", room).hasSize(502).doesNotHaveDuplicates();
    }
    assertThat(client.errno(40, 1, 0L, 20)).isEqualTo(Errno.EINVAL);
    assertThat(client.errno(116, 1, 0L, 10)).isEqualTo(Errno.EISDIR);
    assertThat(client.errno(118, 1, 0L, 1, new byte[1])).isEqualTo(Errno.EISDIR);
  }

  @Test
  void whatIsReadOnlyIsNotChanged() throws IOException {
    Files.writeString(folder.resolve("file"), "content");
    restart(true, Ownership.ROOT);
    client.walk(P9Client.ROOT, 1, "file");
    assertThat(client.errno(12, 1, READ_WRITE)).isEqualTo(Errno.EROFS);
    assertThat(client.errno(12, 1, TRUNCATE)).isEqualTo(Errno.EROFS);
    client.open(1, 0);
    assertThat(client.read(1, 0, 100)).asString().isEqualTo("content");
    int[] changes = {
      client.errno(118, 1, 0L, 1, new byte[1]),
      client.errno(14, 0, "new", CREATE | 1, 0644, 0),
      client.errno(16, 0, "new", "target", 0),
      client.errno(70, 0, 1, "new"),
      client.errno(72, 0, "new", 0755, 0),
      client.errno(74, 0, "file", 0, "new"),
      client.errno(76, 0, "file", 0),
      client.errno(26, 1, 8, 0, 0, 0, 0L, 0L, 0L, 0L, 0L),
      client.errno(20, 1, 0, "new"),
      client.errno(122, 1)
    };
    assertThat(changes).containsOnly(Errno.EROFS);
    assertThat(folder.resolve("file")).hasContent("content");
  }

  @Test
  void aRequestThatMakesNoSenseIsAnError() {
    assertThat(client.errno(100, 100, "9P2000.L")).isEqualTo(Errno.EMSGSIZE);
    assertThat(client.errno(77)).isEqualTo(Errno.EOPNOTSUPP);
    assertThat(client.errno(102, 5, "root", "", 0)).isEqualTo(Errno.EOPNOTSUPP);
    assertThat(client.errno(110, 0, 1)).as("cut off").isEqualTo(Errno.EINVAL);
    assertThat(client.errno(110, 0, 1, (short) 17)).isEqualTo(Errno.EINVAL);
    assertThat(client.errno(110, 0, 1, (short) 1, (short) 500, new byte[3]))
        .isEqualTo(Errno.EINVAL);
    assertThat(client.errno(118, 0, 0L, 500, new byte[3])).isEqualTo(Errno.EBADF);
    assertThat(client.call(100, 8192, "9P2000.u").fields().getInt()).isEqualTo(8192);
    assertThat(client.errno(120, 0)).as("a new beginning knows no fids").isEqualTo(Errno.EBADF);
    assertThat(client.errno(16, 0, "x", "y".repeat(5000), 0)).isNotZero();
    client.call(104, 0, -1, "", "", 0);
    assertThat(client.errno(16, 0, "x", "y".repeat(5000), 0)).isEqualTo(Errno.ENAMETOOLONG);
    assertThat(client.errno(72, 0, "n".repeat(256), 0755, 0)).isEqualTo(Errno.ENAMETOOLONG);
  }

  @Test
  void aGuestHasSoManyFids() {
    int last = 0;
    int errno = 0;
    while (errno == 0 && last < 1 << 17) {
      last++;
      // Twins of one entry: numbers, and no files of the host.
      errno = client.errno(110, 0, last, (short) 0);
    }
    assertThat(errno).isEqualTo(Errno.EMFILE);
    client.clunk(1);
    client.walk(0, 1);
  }

  @Test
  void whatIsOpenStaysOpenInTheMachineThatLoadsTheState() throws IOException {
    Files.createDirectories(folder.resolve("a/b"));
    Files.writeString(folder.resolve("a/b/file"), "content");
    Files.writeString(folder.resolve("gone"), "content");
    client.walk(P9Client.ROOT, 1, "a", "b", "file");
    client.open(1, READ_WRITE);
    client.walk(P9Client.ROOT, 2, "gone");
    client.open(2, 0);
    client.walk(P9Client.ROOT, 3);
    client.open(3, 0);
    Files.delete(folder.resolve("gone"));
    assertThat(client.read(2, 0, 100)).asString().isEqualTo("content");
    machine.pci.pause();
    StateWriter out = new StateWriter();
    machine.pci.save(out);
    byte[] ram = driver.read(0, (int) TestMachine.RAM);
    VirtioP9 second = new VirtioP9("p9", shared, "files");
    try (TestMachine other = new TestMachine(second, false)) {
      other.memory.write(0, ram, 0, ram.length);
      other.pci.load(new StateReader(out.toByteArray()));
      other.pci.start();
      P9Client moved = client.movedTo(driver.movedTo(other));
      assertThat(moved.read(1, 0, 100)).asString().isEqualTo("content");
      moved.write(1, 0, utf8("C"));
      assertThat(folder.resolve("a/b/file")).hasContent("Content");
      assertThat(moved.errno(116, 2, 0L, 10)).as("it was removed").isEqualTo(Errno.EBADF);
      assertThat(moved.errno(24, 2, 0L)).isEqualTo(Errno.ESTALE);
      moved.clunk(2);
      assertThat(moved.list(3, 1000)).contains("a");
      assertThat(second.failure()).isEmpty();
    }
  }
}
